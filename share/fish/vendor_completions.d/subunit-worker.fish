# Completion of subunit-worker for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-worker -f
complete -c subunit-worker -n 'not __fish_seen_subcommand_from deno node python exec' -f -a 'deno node python exec'
function __subunit_worker_command
  set -l words (commandline -opc)
  set -e words[1..(contains -i -- -- $words)]
  complete -C (string join " " -- (string escape -- $words) (commandline -ct))
end
complete -c subunit-worker -n 'contains -- -- (commandline -opc)' -f -a '(__subunit_worker_command)'
complete -c subunit-worker -l timeout -x -d 'end a test after SECONDS (60)'
complete -c subunit-worker -l load-timeout -x -d 'end loading after SECONDS (120)'
complete -c subunit-worker -l on-ask -x -a 'wait eof fail' -d 'a test that reads its input waits for the client to answer, reads the end of input (the default), or fails'
complete -c subunit-worker -l debugger -x -d 'deno, node: the debugger of tests that are run to be debugged, such as node inspect'
complete -c subunit-worker -l eager -d 'get ready before the first command'
complete -c subunit-worker -l list -x -d 'exec: COMMAND prints the ids of tests'
complete -c subunit-worker -l run -x -d 'exec: COMMAND runs the ids in the file $IDFILE'
complete -c subunit-worker -l build -x -d 'exec: COMMAND makes what the others need, at first and on reload'
complete -c subunit-worker -l help -s h -d 'show this text'
complete -c subunit-worker -l version -d 'show the version'
