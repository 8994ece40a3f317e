# Completion of subunit2junitxml for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit2junitxml -l suite-from -x -d 'name suites by the match in the id, or by its group'
complete -c subunit2junitxml -l max-output -x -d 'keep COUNT characters of each file (65536)'
complete -c subunit2junitxml -l attachments -x -a '(__fish_complete_directories (commandline -ct))' -d 'write files other than the reason to DIR, and name them instead'
complete -c subunit2junitxml -l retries -d 'join the failed runs of a test, which is flaky if one passed'
complete -c subunit2junitxml -l no-passthrough -d 'hide the text between the packets'
complete -c subunit2junitxml -l output-to -s o -r -F -d 'write the report to FILE'
complete -c subunit2junitxml -l forward -s f -d 'pass the stream on to standard output, unchanged'
complete -c subunit2junitxml -l help -s h -d 'show this text'
complete -c subunit2junitxml -l version -d 'show the version'
