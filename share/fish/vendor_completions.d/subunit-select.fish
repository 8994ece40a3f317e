# Completion of subunit-select for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-select -l as -x -d 'the test runner: see below'
complete -c subunit-select -l null -s 0 -d 'end words with NUL, for xargs -0'
complete -c subunit-select -l max-bytes -x -d 'start another command before one is longer than N (100K)'
complete -c subunit-select -l file -r -F -d 'write the tests to FILE, and print the option that names it'
complete -c subunit-select -l help -s h -d 'show this text'
complete -c subunit-select -l version -d 'show the version'
