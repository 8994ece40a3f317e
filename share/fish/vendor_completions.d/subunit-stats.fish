# Completion of subunit-stats for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-stats -l no-passthrough -d 'hide the text between the packets'
complete -c subunit-stats -l output-to -s o -r -F -d 'write the report to FILE'
complete -c subunit-stats -l forward -s f -d 'pass the stream on to standard output, unchanged'
complete -c subunit-stats -l json -d 'report as one JSON object'
complete -c subunit-stats -l slowest -x -d 'name the N slowest tests'
complete -c subunit-stats -l by -x -d 'also count by tag or by route'
complete -c subunit-stats -l min-tests -x -d 'fail when there are fewer tests'
complete -c subunit-stats -l help -s h -d 'show this text'
complete -c subunit-stats -l version -d 'show the version'
