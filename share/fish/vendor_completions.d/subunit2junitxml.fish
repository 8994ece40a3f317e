# Completion of subunit2junitxml for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit2junitxml -l suite-from -x -d 'name suites by what this, or its group, finds in the id'
complete -c subunit2junitxml -l max-output -x -d 'take so many characters of each file (65536)'
complete -c subunit2junitxml -l attachments -x -a '(__fish_complete_directories (commandline -ct))' -d 'write other files than the reason there, and name them instead'
complete -c subunit2junitxml -l retries -d 'make one case of a test\'s failed runs, flaky if one passed'
complete -c subunit2junitxml -l no-passthrough -d 'hide the text between the packets'
complete -c subunit2junitxml -l output-to -s o -r -F -d 'write the report there'
complete -c subunit2junitxml -l forward -s f -d 'pass the stream on to standard output, unchanged'
complete -c subunit2junitxml -l help -s h -d 'show this text'
complete -c subunit2junitxml -l version -d 'show the version'
