# Completion of fault-log for fish, made by scripts/docs/completions.ts from the table of options.

complete -c fault-log -f
function __fault_log_command
  set -l words (commandline -opc)
  set -e words[1..(contains -i -- -- $words)]
  complete -C (string join " " -- (string escape -- $words) (commandline -ct))
end
complete -c fault-log -n 'contains -- -- (commandline -opc)' -f -a '(__fault_log_command)'
complete -c fault-log -l title -x -d 'append, set: the title'
complete -c fault-log -l text -x -d 'append, set: the description'
complete -c fault-log -l comment -x -d 'append, set: a comment'
complete -c fault-log -l state -x -d 'append, set: fail (open), inprogress, xfail (known), skip, success'
complete -c fault-log -l edit -d 'set: edit the title and the description in $EDITOR'
complete -c fault-log -l reason -x -d 'why it has that state, or is redacted'
complete -c fault-log -l tag -x -d 'append, set: add a tag, or remove it'
complete -c fault-log -l fact -x -d 'append, set: a fact, as bug=URL'
complete -c fault-log -l same -x -d 'append, set: it is the same as FAULT, or is not'
complete -c fault-log -l author -x -d 'who says so'
complete -c fault-log -l at -x -d 'the time of the event, and to which ages are relative (now)'
complete -c fault-log -l sync -d 'wait until what is appended is on the disk'
complete -c fault-log -l where -x -d 'cat, query, sync: the faults that match all words'
complete -c fault-log -l top -x -d 'query: the N that most runs have seen'
complete -c fault-log -l by -x -d 'query: rank by runs, origins, tests, rate (runs,origins); last: as without --top'
complete -c fault-log -l since -x -d 'query: what was seen since, as 30d'
complete -c fault-log -l runs -r -F -d 'query: rates are of the runs in FILE'
complete -c fault-log -l conflict -d 'query: those that have two values in one place'
complete -c fault-log -l unexplained -d 'query: those that nobody has said anything about'
complete -c fault-log -l format -x -d 'query: plain, tsv or json'
complete -c fault-log -l index -r -F -d 'query, index: the index of the LOG (LOG.index)'
complete -c fault-log -l no-index -d 'query: read the log'
complete -c fault-log -l null -s 0 -d 'query: ids only, each with a NUL behind it'
complete -c fault-log -l older -x -d 'compact: what is older (90d)'
complete -c fault-log -l push -d 'sync: only send events'
complete -c fault-log -l pull -d 'sync: only get events'
complete -c fault-log -l secret-key -r -F -d 'sign: with this key'
complete -c fault-log -l context -x -d 'sign, verify: what the log belongs to'
complete -c fault-log -l keyring -r -F -d 'verify, show: verify with the keys in FILE'
complete -c fault-log -l extract -x -d 'verify: write signed lists and signatures there'
complete -c fault-log -l trusted -r -F -d 'cat, purge, query, show: states, sightings, sames, redactions count only if a key in FILE signed them'
complete -c fault-log -l json -d 'show: as JSON'
complete -c fault-log -l exit-status -d 'merge: exit 1 when a fault needs a decision'
complete -c fault-log -l help -s h -d 'show this text'
complete -c fault-log -l version -d 'show the version'
