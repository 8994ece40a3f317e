# Completion of subunit2tap for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit2tap -l no-passthrough -d 'hide the text between the packets'
complete -c subunit2tap -l output-to -s o -r -F -d 'write the report to FILE'
complete -c subunit2tap -l forward -s f -d 'pass the stream on to standard output, unchanged'
complete -c subunit2tap -l help -s h -d 'show this text'
complete -c subunit2tap -l version -d 'show the version'
