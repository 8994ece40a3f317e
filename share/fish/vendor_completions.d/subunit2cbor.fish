# Completion of subunit2cbor for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit2cbor -l output-to -s o -r -F -d 'write the sequence to FILE'
complete -c subunit2cbor -l forward -s f -d 'with -o, pass the stream on to standard output, unchanged'
complete -c subunit2cbor -l exit-status -d 'exit 1 when a test failed or was lost or the stream is damaged'
complete -c subunit2cbor -l help -s h -d 'show this text'
complete -c subunit2cbor -l version -d 'show the version'
