# Completion of subunit2pyunit for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit2pyunit -l progress -d 'show one character per test, not a line'
complete -c subunit2pyunit -l no-passthrough -d 'hide the text between the packets'
complete -c subunit2pyunit -l output-to -s o -r -F -d 'write the report to FILE'
complete -c subunit2pyunit -l forward -s f -d 'pass the stream on to standard output, unchanged'
complete -c subunit2pyunit -l help -s h -d 'show this text'
complete -c subunit2pyunit -l version -d 'show the version'
