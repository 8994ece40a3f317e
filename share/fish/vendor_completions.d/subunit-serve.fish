# Completion of subunit-serve for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-serve -f
complete -c subunit-serve -l worker -x -d 'start COMMAND, a test server, with a shell; may be repeated'
complete -c subunit-serve -l jobs -s j -x -d 'start each COMMAND N times (1)'
complete -c subunit-serve -l name -x -d 'the routes of the workers, in their order (0, 1, 2)'
complete -c subunit-serve -l max-restarts -x -d 'start each worker again at most N times (10)'
complete -c subunit-serve -l socket -x -d 'subunit-attach finds the server at PATH; only you may enter its folder'
complete -c subunit-serve -l no-socket -d 'nobody can attach'
complete -c subunit-serve -l backlog -x -d 'keep BYTES of each route\'s output for who attaches (64K)'
complete -c subunit-serve -l help -s h -d 'show this text'
complete -c subunit-serve -l version -d 'show the version'
