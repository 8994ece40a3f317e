# Completion of subunit-diff for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-diff -l slower -x -d 'also show tests that take PCT percent longer'
complete -c subunit-diff -l format -x -d 'stream (default), or text (default on a terminal)'
complete -c subunit-diff -l help -s h -d 'show this text'
complete -c subunit-diff -l version -d 'show the version'
