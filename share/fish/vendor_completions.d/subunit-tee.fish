# Completion of subunit-tee for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-tee -l append -s a -d 'append to the FILEs'
complete -c subunit-tee -l ignore-interrupts -s i -d 'ignore interrupts (Ctrl-C)'
complete -c subunit-tee -l outlive-reader -s p -d 'go on when the reader of standard output leaves'
complete -c subunit-tee -l packets-only -d 'leave out the text between the packets'
complete -c subunit-tee -l text -r -F -d 'write the text between the packets to FILE'
complete -c subunit-tee -l sync -d 'wait until each write has reached the disk'
complete -c subunit-tee -l help -s h -d 'show this text'
complete -c subunit-tee -l version -d 'show the version'
