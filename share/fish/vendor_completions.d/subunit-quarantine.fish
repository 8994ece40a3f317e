# Completion of subunit-quarantine for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-quarantine -l strict -d 'a quarantined test that passes is unexpected'
complete -c subunit-quarantine -l max-excused -x -d 'excuse nothing if it would be more tests (10, or 5% if that is more)'
complete -c subunit-quarantine -l max-days -x -d 'how far ahead an entry may end (90)'
complete -c subunit-quarantine -l today -x -d 'the day in UTC, such as 2027-01-31'
complete -c subunit-quarantine -l report -d 'write the state of each entry, in place of the stream'
complete -c subunit-quarantine -l suggest -d 'write entries for flaky tests, in place of the stream'
complete -c subunit-quarantine -l history -r -F -d 'with --report or --suggest: an older run, or a repository; oldest first'
complete -c subunit-quarantine -l exit-status -d 'exit 1 when a test failed or was lost or the stream is damaged'
complete -c subunit-quarantine -l help -s h -d 'show this text'
complete -c subunit-quarantine -l version -d 'show the version'
