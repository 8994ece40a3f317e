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
complete -c subunit-exec -l timeout -x -d 'end COMMAND after TIME, such as 30s or 1h'
complete -c subunit-exec -l no-output-timeout -x -d 'end COMMAND when it writes nothing for TIME'
complete -c subunit-exec -l grace -x -d 'kill it TIME after it was asked to end (10s at a time limit)'
complete -c subunit-exec -l retries -x -d 'run failed tests again, up to N times, with --rerun'
complete -c subunit-exec -l rerun -x -d 'a shell command, with {} for the ids of failed tests'
complete -c subunit-exec -l help -s h -d 'show this text'
complete -c subunit-exec -l version -d 'show the version'
