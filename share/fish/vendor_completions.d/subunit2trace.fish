# Completion of subunit2trace for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit2trace -l otlp -d 'write lines of OpenTelemetry\'s JSON, not Chrome\'s'
complete -c subunit2trace -l no-passthrough -d 'hide the text between the packets'
complete -c subunit2trace -l output-to -s o -r -F -d 'write the report to FILE'
complete -c subunit2trace -l forward -s f -d 'pass the stream on to standard output, unchanged'
complete -c subunit2trace -l help -s h -d 'show this text'
complete -c subunit2trace -l version -d 'show the version'
