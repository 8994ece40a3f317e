# Completion of subunit-ctl for fish, made by scripts/docs/completions.ts from the table of options.

complete -c subunit-ctl -f
function __subunit_ctl_command
  set -l words (commandline -opc)
  set -e words[1..(contains -i -- -- $words)]
  complete -C (string join " " -- (string escape -- $words) (commandline -ct))
end
complete -c subunit-ctl -n 'contains -- -- (commandline -opc)' -f -a '(__subunit_ctl_command)'
complete -c subunit-ctl -l socket -x -d 'the socket of a server that runs; needed where several do'
complete -c subunit-ctl -l help -s h -d 'show this text'
complete -c subunit-ctl -l version -d 'show the version'
