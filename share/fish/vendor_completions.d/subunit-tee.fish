# Completion of subunit-tee for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-tee -l append -s a -d 'go on at the end of the FILEs'
complete -c subunit-tee -l ignore-interrupts -s i -d 'let interrupts (Ctrl-C) pass'
complete -c subunit-tee -l outlive-reader -s p -d 'go on when the reader of standard output leaves'
complete -c subunit-tee -l packets-only -d 'leave the text between the packets out'
complete -c subunit-tee -l text -r -F -d 'write the text between the packets there'
complete -c subunit-tee -l sync -d 'see each write to the disk before the next'
complete -c subunit-tee -l help -s h -d 'show this text'
complete -c subunit-tee -l version -d 'show the version'
