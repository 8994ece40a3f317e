# Completion of subunit2json for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit2json -l exit-status -d 'exit 1 when a test failed or was lost or the stream is damaged'
complete -c subunit2json -l help -s h -d 'show this text'
complete -c subunit2json -l version -d 'show the version'
