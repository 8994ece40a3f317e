# Completion of subunit2github for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit2github -l format -x -d 'the format of the report: github, gitlab, plain'
complete -c subunit2github -l root -x -a '(__fish_complete_directories (commandline -ct))' -d 'make paths in the report relative to DIR'
complete -c subunit2github -l summary -r -F -d 'append a page about all tests, in Markdown, to FILE'
complete -c subunit2github -l no-passthrough -d 'hide the text between the packets'
complete -c subunit2github -l output-to -s o -r -F -d 'write the report to FILE'
complete -c subunit2github -l forward -s f -d 'pass the stream on to standard output, unchanged'
complete -c subunit2github -l help -s h -d 'show this text'
complete -c subunit2github -l version -d 'show the version'
