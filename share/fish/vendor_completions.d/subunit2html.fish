# Completion of subunit2html for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit2html -l title -x -d 'the heading (default "Test results")'
complete -c subunit2html -l commit -x -d 'the version that was tested'
complete -c subunit2html -l no-passthrough -d 'hide the text between the packets'
complete -c subunit2html -l output-to -s o -r -F -d 'write the report to FILE'
complete -c subunit2html -l forward -s f -d 'pass the stream on to standard output, unchanged'
complete -c subunit2html -l help -s h -d 'show this text'
complete -c subunit2html -l version -d 'show the version'
