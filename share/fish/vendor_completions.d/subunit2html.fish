# Completion of subunit2html for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit2html -l title -x -d 'the heading (default "Test results")'
complete -c subunit2html -l commit -x -d 'the commit that was tested, to be shown'
complete -c subunit2html -l root -x -a '(__fish_complete_directories (commandline -ct))' -d 'mark the frames of tracebacks that are below DIR'
complete -c subunit2html -l max-attachment -x -d 'cut longer files (default 1M; units: K, M, G, T)'
complete -c subunit2html -l attachments -x -a '(__fish_complete_directories (commandline -ct))' -d 'write longer files to DIR, and link to them'
complete -c subunit2html -l history -x -a '(__fish_complete_directories (commandline -ct))' -d 'tag failures with the run of a repository since which they fail'
complete -c subunit2html -l no-passthrough -d 'hide the text between the packets'
complete -c subunit2html -l output-to -s o -r -F -d 'write the report to FILE'
complete -c subunit2html -l forward -s f -d 'pass the stream on to standard output, unchanged'
complete -c subunit2html -l help -s h -d 'show this text'
complete -c subunit2html -l version -d 'show the version'
