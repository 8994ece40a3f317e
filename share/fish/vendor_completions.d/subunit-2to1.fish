# Completion of subunit-2to1 for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-2to1 -l no-passthrough -d 'leave out the text between packets'
complete -c subunit-2to1 -l plain -d 'write details only as lines of text, which Perl\'s reader needs'
complete -c subunit-2to1 -l exit-status -d 'exit 1 when a test failed or was lost or the stream is damaged'
complete -c subunit-2to1 -l help -s h -d 'show this text'
complete -c subunit-2to1 -l version -d 'show the version'
