# Completion of subunit-exec for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-exec -f
function __subunit_exec_command
  set -l words (commandline -opc)
  set -e words[1..(contains -i -- -- $words)]
  complete -C (string join " " -- (string escape -- $words) (commandline -ct))
end
complete -c subunit-exec -n 'contains -- -- (commandline -opc)' -f -a '(__subunit_exec_command)'
complete -c subunit-exec -l detect -d 'find out the form of its results (the default)'
complete -c subunit-exec -l v1 -d 'its results are version 1, the line protocol'
complete -c subunit-exec -l v2 -d 'its results are packets'
complete -c subunit-exec -l tap -d 'its results are TAP'
complete -c subunit-exec -l gojson -d 'its results are those of go test -json'
complete -c subunit-exec -l fd -x -d 'its results come from descriptor N, 3 to 9, not standard output'
complete -c subunit-exec -l help -s h -d 'show this text'
complete -c subunit-exec -l version -d 'show the version'
