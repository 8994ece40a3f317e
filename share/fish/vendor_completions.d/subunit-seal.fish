# Completion of subunit-seal for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-seal -l expect -r -F -d 'fail the tests in the file that never started'
complete -c subunit-seal -l expect-listed -d 'fail the tests reported to exist that never started'
complete -c subunit-seal -l exit-status -d 'exit 1 when a test failed or was lost or the stream is damaged'
complete -c subunit-seal -l help -s h -d 'show this text'
complete -c subunit-seal -l version -d 'show the version'
