# Completion of subunit-output for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-output -f
complete -c subunit-output -l exists -x -d 'say that the test is exists'
complete -c subunit-output -l inprogress -x -d 'say that the test is inprogress'
complete -c subunit-output -l success -x -d 'say that the test is success'
complete -c subunit-output -l uxsuccess -x -d 'say that the test is uxsuccess'
complete -c subunit-output -l skip -x -d 'say that the test is skip'
complete -c subunit-output -l fail -x -d 'say that the test is fail'
complete -c subunit-output -l xfail -x -d 'say that the test is xfail'
complete -c subunit-output -l attach-file -r -F -d 'attach the file, - is stdin'
complete -c subunit-output -l file-name -x -d 'what the attachment is called'
complete -c subunit-output -l mimetype -x -d 'what the attachment is'
complete -c subunit-output -l tag -x -d 'add a tag; more than once'
complete -c subunit-output -l parent -x -d 'the test this one is a subtest of'
complete -c subunit-output -l route -x -d 'the route code of the event'
complete -c subunit-output -l timestamp -x -d 'the time (RFC 3339) instead of now'
complete -c subunit-output -l help -s h -d 'show this text'
complete -c subunit-output -l version -d 'show the version'
