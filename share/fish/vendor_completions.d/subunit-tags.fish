# Completion of subunit-tags for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-tags -f
complete -c subunit-tags -l exit-status -d 'exit 1 when a test failed or was lost or the stream is damaged'
complete -c subunit-tags -l help -d 'show this text'
complete -c subunit-tags -l version -d 'show the version'
