# Completion of subunit2disk for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit2disk -l directory -s d -x -a '(__fish_complete_directories (commandline -ct))' -d 'write the directories to DIR, not to the working directory'
complete -c subunit2disk -l no-passthrough -d 'hide the text between the packets'
complete -c subunit2disk -l forward -s f -d 'pass the stream on to standard output, unchanged'
complete -c subunit2disk -l help -s h -d 'show this text'
complete -c subunit2disk -l version -d 'show the version'
