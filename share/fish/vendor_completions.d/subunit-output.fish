# Completion of subunit-output for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-output -f
complete -c subunit-output -l exists -x -d 'report the test as exists'
complete -c subunit-output -l inprogress -x -d 'report the test as inprogress'
complete -c subunit-output -l success -x -d 'report the test as success'
complete -c subunit-output -l uxsuccess -x -d 'report the test as uxsuccess'
complete -c subunit-output -l skip -x -d 'report the test as skip'
complete -c subunit-output -l fail -x -d 'report the test as fail'
complete -c subunit-output -l xfail -x -d 'report the test as xfail'
complete -c subunit-output -l attach-file -r -F -d 'attach a file; - is standard input'
complete -c subunit-output -l file-name -x -d 'the name of the attachment'
complete -c subunit-output -l mimetype -x -d 'the MIME type of the attachment'
complete -c subunit-output -l tag -x -d 'add a tag; may be repeated'
complete -c subunit-output -l parent -x -d 'the parent of a subtest'
complete -c subunit-output -l route -x -d 'the route code of the event'
complete -c subunit-output -l timestamp -x -d 'the time (RFC 3339), by default now'
complete -c subunit-output -l help -s h -d 'show this text'
complete -c subunit-output -l version -d 'show the version'
