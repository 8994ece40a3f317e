# Completion of subunit-last for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-last -f
complete -c subunit-last -l repo -x -a '(__fish_complete_directories (commandline -ct))' -d 'the repository (default: SUBUNIT_REPO, or the nearest .subunit)'
complete -c subunit-last -l bare -d 'leave out the records: only what came'
complete -c subunit-last -l record -d 'write what is known of the run, as JSON'
complete -c subunit-last -l path -d 'write the path of its file'
complete -c subunit-last -l running -d 'also find a run that is still being written'
complete -c subunit-last -l exit-status -d 'exit 1 when a test failed or was lost or the stream is damaged'
complete -c subunit-last -l help -d 'show this text'
complete -c subunit-last -l version -d 'show the version'
