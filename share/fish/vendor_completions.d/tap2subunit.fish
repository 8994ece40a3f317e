# Completion of tap2subunit for fish, made by scripts/docs/completions.ts from the table of options.

complete -c tap2subunit -l numbered -d 'call tests "test N - NAME", as the Python tool does'
complete -c tap2subunit -l strict-todo -d 'report a TODO test that passes as uxsuccess'
complete -c tap2subunit -l exit-status -d 'exit 1 when a test failed or was lost or the stream is damaged'
complete -c tap2subunit -l help -s h -d 'show this text'
complete -c tap2subunit -l version -d 'show the version'
