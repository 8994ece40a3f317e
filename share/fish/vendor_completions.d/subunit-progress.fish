# Completion of subunit-progress for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-progress -l format -x -d 'bar (default), names or dots of all tests, or github: groups'
complete -c subunit-progress -l total -x -d 'how many tests there will be'
complete -c subunit-progress -l history -r -F -d 'learn from an earlier stream or repository how many and how long'
complete -c subunit-progress -l every -x -d 'how often there is a line without a terminal: 30s (default)'
complete -c subunit-progress -l stall -x -d 'name tests that have been silent for so long: 60s, 5m'
complete -c subunit-progress -l stall-fail -d 'end with 1 when a test is stalled (60s)'
complete -c subunit-progress -l forward -s f -d 'pass the stream on to standard output, unchanged'
complete -c subunit-progress -l no-passthrough -d 'hide the text between the packets'
complete -c subunit-progress -l help -s h -d 'show this text'
complete -c subunit-progress -l version -d 'show the version'
