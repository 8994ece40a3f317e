# Completion of junitxml2subunit for fish, made by scripts/docs/completions.ts from the table of options.

complete -c junitxml2subunit -l exit-status -d 'exit 1 when a test failed or was lost or the stream is damaged'
complete -c junitxml2subunit -l help -s h -d 'show this text'
complete -c junitxml2subunit -l version -d 'show the version'
