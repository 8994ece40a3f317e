# Completion of subunit-prune for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-prune -f
complete -c subunit-prune -l repo -x -a '(__fish_complete_directories (commandline -ct))' -d 'the repository (default: SUBUNIT_REPO, or the nearest .subunit)'
complete -c subunit-prune -l keep -x -d 'remove all but the newest N runs'
complete -c subunit-prune -l older -x -d 'remove runs older than AGE, 90d or a date'
complete -c subunit-prune -l one-a -x -d 'of older runs, keep one a day or week'
complete -c subunit-prune -l max-size -x -d 'remove the oldest until BYTES are left'
complete -c subunit-prune -l torn -d 'remove torn runs, whose writers were killed'
complete -c subunit-prune -l thin -x -d 'in runs older than AGE, remove the files of tests that passed'
complete -c subunit-prune -l dry-run -d 'remove nothing, and print what would be'
complete -c subunit-prune -l help -s h -d 'show this text'
complete -c subunit-prune -l version -d 'show the version'
