# Completion of subunit-shard for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-shard -f
complete -c subunit-shard -l list -r -F -d 'read the tests from FILE, not stdin'
complete -c subunit-shard -l history -r -F -d 'take durations from an older run or a repository; may be repeated'
complete -c subunit-shard -l default -x -d 'the duration of an unknown test: a percentile of the known ones (p75), or seconds'
complete -c subunit-shard -l group-regex -x -d 'keep tests together that have the same match, or the same group'
complete -c subunit-shard -l null -s 0 -d 'end ids with NUL, for xargs -0'
complete -c subunit-shard -l help -s h -d 'show this text'
complete -c subunit-shard -l version -d 'show the version'
