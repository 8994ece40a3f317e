# Completion of subunit-attach for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-attach -f
complete -c subunit-attach -l list -d 'print what each route does; those that ask come first'
complete -c subunit-attach -l next -d 'talk to the test that asks next'
complete -c subunit-attach -l read-only -d 'only watch; any number of people can'
complete -c subunit-attach -l steal -d 'take over from whoever gives the input now'
complete -c subunit-attach -l lines -x -d 'begin with the last N lines of the output before (40)'
complete -c subunit-attach -l socket -x -d 'the socket of the server; needed where several run'
complete -c subunit-attach -l help -s h -d 'show this text'
complete -c subunit-attach -l version -d 'show the version'
