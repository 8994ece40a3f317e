# Completion of subunit-1to2 for fish, made by scripts/docs/completions.ts from the table of options.

function __subunit_1to2_command
  set -l words (commandline -opc)
  set -e words[1..(contains -i -- -- $words)]
  complete -C (string join " " -- (string escape -- $words) (commandline -ct))
end
complete -c subunit-1to2 -n 'contains -- -- (commandline -opc)' -f -a '(__subunit_1to2_command)'
complete -c subunit-1to2 -l route -x -d 'give the tests this route code'
complete -c subunit-1to2 -l detect -d 'pass on packets in the input (the default)'
complete -c subunit-1to2 -l no-detect -d 'read everything as version 1 and text'
complete -c subunit-1to2 -l exit-status -d 'exit 1 when a test failed or was lost or the stream is damaged'
complete -c subunit-1to2 -l help -s h -d 'show this text'
complete -c subunit-1to2 -l version -d 'show the version'
