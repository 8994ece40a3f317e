# Completion of subunit2csv for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit2csv -l columns -x -d 'any of test, status, start_time, stop_time, seconds, tags, route, parent'
complete -c subunit2csv -l no-passthrough -d 'hide the text between the packets'
complete -c subunit2csv -l output-to -s o -r -F -d 'write the report to FILE'
complete -c subunit2csv -l forward -s f -d 'pass the stream on to standard output, unchanged'
complete -c subunit2csv -l help -s h -d 'show this text'
complete -c subunit2csv -l version -d 'show the version'
