# Completion of subunit-run for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-run -f
function __subunit_run_command
  set -l words (commandline -opc)
  set -e words[1..(contains -i -- -- $words)]
  complete -C (string join " " -- (string escape -- $words) (commandline -ct))
end
complete -c subunit-run -n 'contains -- -- (commandline -opc)' -f -a '(__subunit_run_command)'
complete -c subunit-run -l jobs -s j -x -d 'start N workers (1)'
complete -c subunit-run -l list -d 'list the tests, all or those whose ids begin with an ID'
complete -c subunit-run -l load-list -r -F -d 'run the ids in FILE'
complete -c subunit-run -l history -r -F -d 'learn from an earlier stream or repository how long tests take'
complete -c subunit-run -l failing-first -d 'run first what fails in the repository'
complete -c subunit-run -l failing -d 'run only what fails in it'
complete -c subunit-run -l group -x -d 'keep tests together for which it finds the same'
complete -c subunit-run -l fail-fast -d 'stop the workers after N failures (1)'
complete -c subunit-run -l until-failure -d 'run the tests again until one fails'
complete -c subunit-run -l repeat -x -d 'run the tests N times'
complete -c subunit-run -l shuffle -x -d 'run in an order by chance, the same for SEED'
complete -c subunit-run -l bisect -x -d 'find the tests after which ID fails'
complete -c subunit-run -l timeout -x -d 'end a test after SECONDS'
complete -c subunit-run -l connect -x -d 'run tests on the subunit-serve with this socket; it goes on'
complete -c subunit-run -l watch -d 'after each edit, run what failed, then what the edit affects'
complete -c subunit-run -l debug -d 'give standard input to the test that asks for it'
complete -c subunit-run -l help -s h -d 'show this text'
complete -c subunit-run -l version -d 'show the version'
