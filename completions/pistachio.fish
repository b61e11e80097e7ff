# fish completion for pistachio(1): commands, flags, their values, files, and the endpoints that the server knows.

# The words of the line before the cursor that are neither flags nor their values: the command, then its arguments.
function __pistachio_words
    set -l skip no
    for word in (commandline -opc)[2..-1]
        if test $skip = yes
            set skip no
            continue
        end
        switch $word
            case --open --lines --ndjson --verbose --once --drain --null --insecure --yes --help --version '--*=*'
            case -n '--*'
                set skip yes
            case '-*'
            case '*'
                echo -- $word
        end
    end
end

# __pistachio_at COMMAND... [-0]: the line is one of COMMAND, with -0 without an argument so far.
function __pistachio_at
    set -l words (__pistachio_words)
    contains -- -0 $argv && test (count $words) -gt 1 && return 1
    contains -- "$words[1]" $argv
end

# The endpoints on the server that the line names (else PISTACHIO_URL or the default), when it answers within half a second.
function __pistachio_endpoints
    set -l flags
    set -l line (commandline -opc)
    for i in (seq (count $line))
        switch $line[$i]
            case --url --token --token-file --ca-file --config
                set -a flags $line[$i] (string replace -r '^~/' "$HOME/" -- $line[(math $i + 1)])
            case '--url=*' '--token=*' '--token-file=*' '--ca-file=*' '--config=*' --insecure
                set -a flags $line[$i]
        end
    end
    timeout 0.5 pistachio stats $flags 2>/dev/null </dev/null | string replace -rf '.*"name":"([A-Za-z0-9_.-]*)".*' '$1'
end

complete -c pistachio -f
set -l add complete -c pistachio -n 'test (count (__pistachio_words)) = 0'
$add -a serve -d 'Serve the endpoints'
$add -a push -d 'Put messages into an endpoint'
$add -a listen -d 'Print messages as they come'
$add -a stats -d 'How many messages are where'
$add -a peek -d 'Print messages without taking them'
$add -a purge -d 'Remove the messages of an endpoint'
$add -a redrive -d 'Move dead letters back'
$add -l version -d 'Print the version'
complete -c pistachio -s h -l help -d 'A screen of help'
complete -c pistachio -rF -l config -d 'Read flags from it'

complete -c pistachio -n '__pistachio_at listen stats' -a '(__pistachio_endpoints)'
complete -c pistachio -n '__pistachio_at push peek purge -0' -a '(__pistachio_endpoints)'
complete -c pistachio -n '__pistachio_at redrive -0' -a '(__pistachio_endpoints | string replace -rf "\.dead\$" "")'

set -l add complete -c pistachio -n '__pistachio_at push listen stats peek purge redrive'
$add -x -l url -d 'The server'
$add -x -l token -d 'Who I am'
$add -rF -l token-file -d 'Read the token from it'
$add -rF -l ca-file -d 'Trust these certificates'
$add -l insecure -d 'Trust any certificate'

set -l add complete -c pistachio -n '__pistachio_at serve'
$add -x -l listen -d 'Where to listen'
$add -l open -d 'Allow addresses that all reach'
$add -x -l path -d 'Where the endpoints live'
$add -x -l namespace -d 'Prefix of the names in the store'
$add -x -l store -a 'file: memory: redis://' -d 'Where messages rest'
$add -x -l max-store-size -d 'Largest size of its file'
$add -x -l memory-budget -d 'Memory for its messages'
$add -x -l timeout -d 'Longest a poll is held'
$add -x -l max-message-size -d 'Largest message'
$add -x -l max-queued -d 'Messages per endpoint'
$add -x -l max-attempts -d 'Then it is a dead letter'
$add -x -l max-lease -d 'Longest lease'
$add -x -l default-ttl -d 'A message lives so long'
$add -x -l max-connections -d 'How many clients'
$add -x -l cors-origin -d 'Web pages that may use it'
$add -x -l drain-timeout -d 'Time to end in'
$add -x -l log-level -a 'trace debug info warn error off' -d 'What is logged'
$add -x -l log-format -a 'text json' -d 'How it is logged'

set -l add complete -c pistachio -n '__pistachio_at push'
$add -x -l redis -d 'Straight into this Redis'
$add -x -l namespace -d 'With it, of the server'
$add -rF -l file -d 'Read it'
$add -l lines -d 'Each line is a message'
$add -l ndjson -d 'Each line is an envelope'
$add -x -l content-type -d 'Of the message'
$add -x -l delay -d 'Hidden first'
$add -x -l ttl -d 'Dropped after'
$add -x -l key -d 'Idempotency key'
$add -x -l retry-for -d 'Keep trying'
$add -s v -l verbose -d 'Print the id'

set -l add complete -c pistachio -n '__pistachio_at listen'
$add -x -s n -l count -d 'End after so many'
$add -l once -d 'End after one'
$add -l drain -d 'End when it is empty'
$add -x -l wait -d 'Longest one poll waits'
$add -x -l exec -a '(__fish_complete_command)' -d 'Run it for each'
$add -x -l jobs -d 'So many at once'
$add -x -l lease -d 'Time to be done in'
$add -x -l batch -d 'Fetch so many at once'
$add -x -l format -a 'raw json' -d 'How to print'
$add -s 0 -l null -d 'NUL instead of newline'
$add -x -l backoff -d 'Pauses in trouble'
$add -x -l retry-for -d 'End after so much trouble'

set -l add complete -c pistachio -n '__pistachio_at stats'
$add -x -l watch -d 'Again every'

set -l add complete -c pistachio -n '__pistachio_at peek'
$add -x -s n -l count -d 'So many'
$add -x -l format -a 'raw json' -d 'How to print'
$add -s 0 -l null -d 'NUL instead of newline'

set -l add complete -c pistachio -n '__pistachio_at purge'
$add -x -l id -d 'Only this one'
$add -l yes -d 'Do not ask'
