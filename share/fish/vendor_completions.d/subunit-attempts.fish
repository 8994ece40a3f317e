# Completion of subunit-attempts for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-attempts -l policy -x -d 'the attempt that decides: last (default), any that passed, all must pass, first'
complete -c subunit-attempts -l fail-on-flaky -d 'exit 1 when attempts at a test passed and failed'
complete -c subunit-attempts -l collapse -d 'write one outcome per test, with the other attempts as its files'
complete -c subunit-attempts -l by-route -d 'do not take results on two routes for attempts'
complete -c subunit-attempts -l report -d 'write the flaky tests as lines, in place of the stream'
complete -c subunit-attempts -l history -r -F -d 'with --report: an older run, or a repository; oldest first'
complete -c subunit-attempts -l exit-status -d 'exit 1 when a test failed or was lost or the stream is damaged'
complete -c subunit-attempts -l help -s h -d 'show this text'
complete -c subunit-attempts -l version -d 'show the version'
