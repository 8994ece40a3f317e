# Completion of subunit-merge for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-merge -l run -x -d 'merge the output of a shell command; may be repeated'
complete -c subunit-merge -l prefix-ids -d 'also put "LABEL: " before test ids'
complete -c subunit-merge -l expect -x -d 'fail when fewer than N sources delivered a packet'
complete -c subunit-merge -l manifest -r -F -d 'fail for each label in the file that delivered no packet'
complete -c subunit-merge -l exit-status -d 'exit 1 when a test failed or was lost or the stream is damaged'
complete -c subunit-merge -l help -s h -d 'show this text'
complete -c subunit-merge -l version -d 'show the version'
