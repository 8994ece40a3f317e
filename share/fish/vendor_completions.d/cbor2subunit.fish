# Completion of cbor2subunit for fish, made by scripts/docs/completions.ts from the table of options.

complete -c cbor2subunit -l help -s h -d 'show this text'
complete -c cbor2subunit -l version -d 'show the version'
