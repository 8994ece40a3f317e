# Completion of subunit-exec for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-exec -f
function __subunit_exec_command
  set -l words (commandline -opc)
  set -e words[1..(contains -i -- -- $words)]
  complete -C (string join " " -- (string escape -- $words) (commandline -ct))
end
complete -c subunit-exec -n 'contains -- -- (commandline -opc)' -f -a '(__subunit_exec_command)'
complete -c subunit-exec -l detect -d 'detect the format of the results (the default)'
complete -c subunit-exec -l v1 -d 'the results are version 1, the text protocol'
complete -c subunit-exec -l v2 -d 'the results are packets'
complete -c subunit-exec -l tap -d 'the results are TAP'
complete -c subunit-exec -l gojson -d 'the results are the output of go test -json'
complete -c subunit-exec -l fd -x -d 'read the results from descriptor N, 3 to 9, not standard output'
complete -c subunit-exec -l help -s h -d 'show this text'
complete -c subunit-exec -l version -d 'show the version'
