# Completion of json2subunit for fish, made by scripts/docs/completions.ts from the table of options.

complete -c json2subunit -l help -s h -d 'show this text'
complete -c json2subunit -l version -d 'show the version'
