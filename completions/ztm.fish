# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ztm_global_optspecs
    string join \n state-dir= orchestrator-url= router-url= token-file= n/namespace= context= o/output= color= request-timeout= v/verbose q/quiet h/help V/version
end

function __fish_ztm_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ztm_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ztm_using_subcommand
    set -l cmd (__fish_ztm_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ztm -n "__fish_ztm_needs_command" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_needs_command" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_needs_command" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_needs_command" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_needs_command" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_needs_command" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_needs_command" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_needs_command" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_needs_command" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_needs_command" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_needs_command" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_needs_command" -s V -l version -d 'Print version'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "up" -d 'Run the whole control plane in this process, on this machine'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "down" -d 'Stop the control plane that `ztm up` runs'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "demo" -d 'Watch the whole job happen on real parts, in a temporary directory'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "tenant" -d 'Tenants: create, look at, change, wake, stop, delete'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "webhook" -d 'The webhooks through which Telegram delivers'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "inbox" -d 'The stored messages: what waits, what was given up'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "job" -d 'Jobs: submit, look at, wait for, call off, put back'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "quota" -d 'What tenants may use: credits, shares, budgets, grants'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "spend" -d 'What was used: report, audit, the ledger itself'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "why" -d 'Explain why something waits, was refused or stopped, in the numbers that were compared'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "node" -d 'The machines that agents run on, and what they cost'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "pool" -d 'The warm pool: agents that are ready for whoever wakes next'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "admin" -d 'What the stores of a context need before their first use'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "context" -d 'Contexts: which control plane, or whose stores, the commands mean'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "top" -d 'Watch the whole fleet, its queue and its money on one screen'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "status" -d 'Show the control plane in numbers'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "version" -d 'Show the version of this command and of the control plane'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "agent" -d 'Run the small built-in agent'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "generate" -d 'Write the man pages or the completions'
complete -c ztm -n "__fish_ztm_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand up" -l port -d 'The port of the orchestrator; 0 for any free one [default: 8080]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l router-port -d 'The port of the router; 0 for any free one [default: 9090]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l listen -d 'The address the orchestrator listens on [default: 127.0.0.1]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l router-listen -d 'The address the router listens on [default: 127.0.0.1]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l agent -d 'The agent program and its arguments; no shell is involved [default: the built-in agent]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l agent-template -d 'A directory whose files are copied into a new agent\'s state directory' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand up" -l agent-secrets -d 'A directory of private files that every agent finds, mode 0600, in `{secrets}`' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand up" -l agent-env -d 'An environment variable for agents, as NAME=VALUE; may be repeated; must be no secret' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l agent-memory -d 'How much memory an agent may use, where the system allows a limit; 0 for no limit [default: 512Mi]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l agent-cpu -d 'How much of a processor an agent may use, in thousandths, where the system allows a limit [default: no limit]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l agent-ready-timeout -d 'How long an agent may take to become healthy [default: 30s]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l agent-turn-timeout -d 'How long an agent may work on one message [default: 10m]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l agent-orphan-timeout -d 'How long an agent without work outlives a silent control plane, before it saves its state and ends [default: 1h]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l warm -d 'How many agents without a tenant are kept ready: a number, or `1..20` for as many between these as the wakes of the last ten minutes would have needed. `ztm pool scale` overrides it [default: 1]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l max-running -d 'How many agents may run at once; a wake beyond it waits [default: 1000]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l max-waking -d 'How many wakes may be under way at once; a wake beyond it queues [default: 8]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l max-pending -d 'How many messages of one tenant may wait; Telegram keeps the rest [default: 1000]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l snapshot-interval -d 'How often a running agent\'s changed state is saved [default: 5m]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l reconcile-interval -d 'How often records and agents are compared without a cause [default: 60s]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l drain -d 'How long messages in work may take to finish when an agent is stopped [default: 30s]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l default-rate -d 'Credits a second that a tenant without a quota of its own is refilled by [default: 1]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l default-burst -d 'Up to where it is refilled, and what it begins with [default: 3600]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l job-capacity -d 'How many jobs may run at once, of all tenants; 0 for as many as workers take [default: 0]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l workers -d 'How many jobs this control plane runs at once itself; 0 if others do [default: 4]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l turn-hold -d 'Credits that a chat message holds until it is known what it used [default: 10]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l price-per-credit -d 'What one credit costs, for reports: a decimal number, of whatever currency [default: none]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l prices -d 'What machines cost: a table as `ztm admin prices` prints it [default: EC2\'s bare metal in us-east-1]' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand up" -l telegram-url -d 'The Telegram Bot API [default: <https://api.telegram.org>]' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l public-url -d 'The router\'s URL as Telegram reaches it; without one no webhook is registered' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l only -d 'Run one part alone, where others share the records: `orchestrator`, or `router` (which asks no cluster) [default: both]' -r -f -a "orchestrator\t'Everything but Telegram\'s way in'
router\t'Telegram\'s way in: it stores what arrives, and tells the orchestrators'"
complete -c ztm -n "__fish_ztm_using_subcommand up" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand up" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand up" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand up" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand up" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand up" -l telegram-plain-http -d 'Accept a Telegram Bot API of your own that speaks plain HTTP on another machine'
complete -c ztm -n "__fish_ztm_using_subcommand up" -s d -l detach -d 'Run in the background; returns once it is ready, and says where the log is'
complete -c ztm -n "__fish_ztm_using_subcommand up" -l detached -d 'This is the process in the background'
complete -c ztm -n "__fish_ztm_using_subcommand up" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand up" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand up" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand down" -l timeout -d 'How long to wait for the end' -r
complete -c ztm -n "__fish_ztm_using_subcommand down" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand down" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand down" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand down" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand down" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand down" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand down" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand down" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand down" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand down" -l agents -d 'Stop the agents too (this is the default)'
complete -c ztm -n "__fish_ztm_using_subcommand down" -l leave-agents -d 'Leave the agents running; the next `ztm up` takes them over'
complete -c ztm -n "__fish_ztm_using_subcommand down" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand down" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand down" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand demo" -l agent -d 'The agent program and its arguments, as for `ztm up` [default: the built-in agent]' -r
complete -c ztm -n "__fish_ztm_using_subcommand demo" -l agent-template -d 'A directory whose files are copied into a new agent\'s state directory, as for `ztm up`' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand demo" -l tenants -d 'How many tenants' -r
complete -c ztm -n "__fish_ztm_using_subcommand demo" -l messages -d 'How many messages to each' -r
complete -c ztm -n "__fish_ztm_using_subcommand demo" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand demo" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand demo" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand demo" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand demo" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand demo" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand demo" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand demo" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand demo" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand demo" -l keep -d 'Keep the directory, and say where it is'
complete -c ztm -n "__fish_ztm_using_subcommand demo" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand demo" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -f -a "create" -d 'Create a tenant'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -f -a "list" -d 'List all tenants'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -f -a "get" -d 'Show one tenant'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -f -a "update" -d 'Change a tenant\'s bot, idle timeout or labels'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -f -a "delete" -d 'Delete a tenant; asks first'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -f -a "wake" -d 'Wake a tenant\'s agent, and wait until it answers'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -f -a "stop" -d 'Save and stop a tenant\'s agent; the next message wakes it again'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -f -a "suspend" -d 'Suspend a tenant: its agent is stopped, and its messages wait until it is resumed'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -f -a "resume" -d 'End a tenant\'s suspension; what waits goes on'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -f -a "snapshot" -d 'Save the state of a tenant\'s running agent now'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -f -a "state" -d 'What a tenant\'s agent remembers: archives, damage, copies'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -f -a "wait" -d 'Wait until a tenant is running, idle or deleted'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -f -a "logs" -d 'Print the log of a tenant\'s agent'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and not __fish_seen_subcommand_from create list get update delete wake stop suspend resume snapshot state wait logs help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -l bot-token-file -d 'A file with the bot\'s token; `-` reads it from standard input' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -l bot-token -d 'Ask for the bot\'s token on the terminal, without showing it' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -l idle-timeout -d 'How long an agent without work is kept: seconds, or with a unit (30m) [default: 300]' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -l label -d 'Say something of it: `name=value`; may be given 16 times' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from list" -l status -d 'Only those of this status' -r -f -a "idle\t''
provisioning\t''
running\t''
stopping\t''
terminated\t''"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from list" -s l -l selector -d 'Only those whose labels are like this: parts with commas between them, `name=value`, `name!=value`, `name`, `!name`' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from list" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from list" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from list" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from list" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from list" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from list" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from list" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from list" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from get" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from get" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from get" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from get" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from get" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from get" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from get" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from get" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from get" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -l bot-token-file -d 'A file with the bot\'s token; `-` reads it from standard input' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -l bot-token -d 'Ask for the bot\'s token on the terminal, without showing it' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -l idle-timeout -d 'How long an agent without work is kept: seconds, or with a unit (30m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -l label -d 'Say something of it: `name=value`, or `name-` to say it no more; may be given several times' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from delete" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from delete" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from delete" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from delete" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from delete" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from delete" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from delete" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from delete" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from delete" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from delete" -l keep-state -d 'Keep what the agent remembers (this is the default)'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from delete" -l purge -d 'Destroy what the agent remembers too: its state, all snapshots, its log'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Do not ask'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wake" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wake" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wake" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wake" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wake" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wake" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wake" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wake" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wake" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wake" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wake" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wake" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from stop" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from stop" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from stop" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from stop" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from stop" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from stop" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from stop" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from stop" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from stop" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from stop" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from stop" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from suspend" -l reason -d 'Why, for whoever looks: a line of at most 256 bytes' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from suspend" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from suspend" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from suspend" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from suspend" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from suspend" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from suspend" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from suspend" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from suspend" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from suspend" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from suspend" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from suspend" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from suspend" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from resume" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from resume" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from resume" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from resume" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from resume" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from resume" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from resume" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from resume" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from resume" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from resume" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from snapshot" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from snapshot" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from snapshot" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from snapshot" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from snapshot" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from snapshot" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from snapshot" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from snapshot" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from snapshot" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from snapshot" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from snapshot" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from snapshot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -f -a "list" -d 'List the archives of what a tenant\'s agent remembers, and what is in none of them yet'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -f -a "verify" -d 'Read archives to the last byte, and say which are as they were written'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -f -a "restore" -d 'Make an archive the state that a tenant\'s next agent begins with; asks first'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -f -a "export" -d 'Copy an archive into a file, verified on both ends'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from state" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wait" -l for -d 'What to wait for' -r -f -a "running\t'The agent answers'
idle\t'There is no agent'
deleted\t'There is no such tenant'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wait" -l timeout -d 'How long to wait' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wait" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wait" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wait" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wait" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wait" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wait" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wait" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wait" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wait" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wait" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wait" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from logs" -l tail -d 'How many of the last lines' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from logs" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from logs" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from logs" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from logs" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from logs" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from logs" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from logs" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from logs" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from logs" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from logs" -s f -l follow -d 'Go on with what is added, until interrupted'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from logs" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from logs" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from help" -f -a "create" -d 'Create a tenant'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from help" -f -a "list" -d 'List all tenants'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from help" -f -a "get" -d 'Show one tenant'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from help" -f -a "update" -d 'Change a tenant\'s bot, idle timeout or labels'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from help" -f -a "delete" -d 'Delete a tenant; asks first'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from help" -f -a "wake" -d 'Wake a tenant\'s agent, and wait until it answers'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from help" -f -a "stop" -d 'Save and stop a tenant\'s agent; the next message wakes it again'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from help" -f -a "suspend" -d 'Suspend a tenant: its agent is stopped, and its messages wait until it is resumed'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from help" -f -a "resume" -d 'End a tenant\'s suspension; what waits goes on'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from help" -f -a "snapshot" -d 'Save the state of a tenant\'s running agent now'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from help" -f -a "state" -d 'What a tenant\'s agent remembers: archives, damage, copies'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from help" -f -a "wait" -d 'Wait until a tenant is running, idle or deleted'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from help" -f -a "logs" -d 'Print the log of a tenant\'s agent'
complete -c ztm -n "__fish_ztm_using_subcommand tenant; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -f -a "register" -d 'Tell Telegram where to deliver a tenant\'s messages'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -f -a "delete" -d 'Tell Telegram to stop delivering a tenant\'s messages; it keeps them for a day'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -f -a "info" -d 'Show what Telegram knows of a tenant\'s webhook'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and not __fish_seen_subcommand_from register delete info help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from register" -l base-url -d 'The router\'s URL as Telegram reaches it [default: the control plane\'s public URL]' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from register" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from register" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from register" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from register" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from register" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from register" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from register" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from register" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from register" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from register" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from register" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from register" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from delete" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from delete" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from delete" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from delete" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from delete" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from delete" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from delete" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from delete" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from delete" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from info" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from info" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from info" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from info" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from info" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from info" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from info" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from info" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from info" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from info" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from info" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from help" -f -a "register" -d 'Tell Telegram where to deliver a tenant\'s messages'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from help" -f -a "delete" -d 'Tell Telegram to stop delivering a tenant\'s messages; it keeps them for a day'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from help" -f -a "info" -d 'Show what Telegram knows of a tenant\'s webhook'
complete -c ztm -n "__fish_ztm_using_subcommand webhook; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -f -a "list" -d 'List stored updates'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -f -a "replay" -d 'Deliver updates that were given up, or dropped, once more'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -f -a "drop" -d 'Throw updates away that have not been handled; asks first'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and not __fish_seen_subcommand_from list replay drop help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from list" -l stage -d 'Only those in this stage' -r -f -a "pending\t''
replied\t''
handled\t''
dead\t''
dropped\t''"
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from list" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from list" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from list" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from list" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from list" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from list" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from list" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from list" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from replay" -l tenant -d 'With `--all-dead`: only this tenant\'s' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from replay" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from replay" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from replay" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from replay" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from replay" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from replay" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from replay" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from replay" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from replay" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from replay" -l all-dead -d 'All updates that were given up'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from replay" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from replay" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from drop" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from drop" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from drop" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from drop" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from drop" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from drop" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from drop" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from drop" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from drop" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from drop" -s y -l yes -d 'Do not ask'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from drop" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from drop" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from drop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from help" -f -a "list" -d 'List stored updates'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from help" -f -a "replay" -d 'Deliver updates that were given up, or dropped, once more'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from help" -f -a "drop" -d 'Throw updates away that have not been handled; asks first'
complete -c ztm -n "__fish_ztm_using_subcommand inbox; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -f -a "submit" -d 'Give a tenant\'s agent a job; it is queued, paid for and run in its turn'
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -f -a "get" -d 'Show a job and what came out'
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -f -a "list" -d 'List jobs and where they stand'
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -f -a "wait" -d 'Wait until jobs are over; fails if one did not succeed'
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -f -a "cancel" -d 'Call jobs off: at once if they wait, at their next renewal if they run'
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -f -a "retry" -d 'Put dead or cancelled jobs back into the queue, with all their attempts'
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -f -a "dead" -d 'List the jobs that were given up; `ztm job get` says why'
complete -c ztm -n "__fish_ztm_using_subcommand job; and not __fish_seen_subcommand_from submit get list wait cancel retry dead help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l prompt-file -d 'A file with what the agent is told; `-` reads it from standard input' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l cost -d 'Credits (GPU-seconds) that are held while it runs' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l agent -d 'One of the tenant\'s agents' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l priority -d '0 to 9, higher first among the tenant\'s own jobs [default: 5]' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l attempts -d 'How often it is tried [default: 3]' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l at -d 'Not before this time, as RFC 3339 has it' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l in -d 'Not before so much time has passed' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l idempotency-key -d 'A repeat under the same key within a day is the same submission [default: a random one]' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l timeout -d 'With `--wait`: how long' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -l wait -d 'Wait until it is over, and print what came out'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from submit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from get" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from get" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from get" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from get" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from get" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from get" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from get" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from get" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from get" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from list" -l status -d 'Only those that are this' -r -f -a "delayed\t''
queued\t''
running\t''
succeeded\t''
dead\t''
cancelled\t''"
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from list" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from list" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from list" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from list" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from list" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from list" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from list" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from list" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from wait" -l timeout -d 'How long' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from wait" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from wait" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from wait" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from wait" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from wait" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from wait" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from wait" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from wait" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from wait" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from wait" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from wait" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from cancel" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from cancel" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from cancel" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from cancel" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from cancel" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from cancel" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from cancel" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from cancel" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from cancel" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from cancel" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from retry" -l tenant -d 'With `--all-dead`: only this tenant\'s' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from retry" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from retry" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from retry" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from retry" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from retry" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from retry" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from retry" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from retry" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from retry" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from retry" -l all-dead -d 'All jobs that were given up'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from retry" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from retry" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from dead" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from dead" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from dead" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from dead" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from dead" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from dead" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from dead" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from dead" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from dead" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from dead" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from dead" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from dead" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from help" -f -a "submit" -d 'Give a tenant\'s agent a job; it is queued, paid for and run in its turn'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from help" -f -a "get" -d 'Show a job and what came out'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from help" -f -a "list" -d 'List jobs and where they stand'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from help" -f -a "wait" -d 'Wait until jobs are over; fails if one did not succeed'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from help" -f -a "cancel" -d 'Call jobs off: at once if they wait, at their next renewal if they run'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from help" -f -a "retry" -d 'Put dead or cancelled jobs back into the queue, with all their attempts'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from help" -f -a "dead" -d 'List the jobs that were given up; `ztm job get` says why'
complete -c ztm -n "__fish_ztm_using_subcommand job; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -f -a "get" -d 'Show what a tenant may use, and what it has'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -f -a "set" -d 'Change what a tenant may use'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -f -a "grant" -d 'Grant credits beside the bucket; a suspended tenant resumes'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and not __fish_seen_subcommand_from get set grant help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from get" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from get" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from get" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from get" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from get" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from get" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from get" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from get" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from get" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l rate -d 'Credits a second that the bucket refills by, at most 8000' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l burst -d 'Up to where the bucket refills' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l weight -d 'The share of capacity relative to others; 100 is the usual one' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l max-running -d 'Jobs at once' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l budget -d 'Credits that may be spent in every period: CREDITS/day, /week or /month' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l budget-money -d 'Money that may be spent in every period; needs `--price`' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l price -d 'With `--budget-money`: what one credit costs' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l soft -d 'The budget only warns'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -l no-budget -d 'Remove the budget'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from grant" -l expires -d 'When what is left of them is gone [default: never]' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from grant" -l name -d 'A repeat under the same name grants nothing more [default: a random one]' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from grant" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from grant" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from grant" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from grant" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from grant" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from grant" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from grant" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from grant" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from grant" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from grant" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from grant" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from grant" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from help" -f -a "get" -d 'Show what a tenant may use, and what it has'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from help" -f -a "set" -d 'Change what a tenant may use'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from help" -f -a "grant" -d 'Grant credits beside the bucket; a suspended tenant resumes'
complete -c ztm -n "__fish_ztm_using_subcommand quota; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -f -a "report" -d 'Add up what was granted, used and kept waiting'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -f -a "audit" -d 'Prove from the ledger alone that no credit was made or lost; fails if one was'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -f -a "export" -d 'Write the ledger\'s rows in order: CSV, or a line of JSON each'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and not __fish_seen_subcommand_from report audit export help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -l by -d 'What makes a line' -r -f -a "tenant\t''
agent\t''
day\t''"
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -l tenant -d 'Only this tenant\'s' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -l from -d 'Not before: a date, a time as RFC 3339 has it, or so long ago (`30d`)' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -l to -d 'Before' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -s o -l output -d 'How to print the report [default: table]' -r -f -a "table\t''
wide\t''
json\t''
name\t''
csv\t''"
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from audit" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from audit" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from audit" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from audit" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from audit" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from audit" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from audit" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from audit" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from audit" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from audit" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from audit" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from audit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from export" -l tenant -d 'Only this tenant\'s' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from export" -l from -d 'Not before: a date, a time as RFC 3339 has it, or so long ago (`30d`)' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from export" -l to -d 'Before' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from export" -s o -l output -d 'How to write rows: `json` is a line each, `name` is PARTITION:SEQ [default: csv]' -r -f -a "csv\t''
json\t''
name\t''"
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from export" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from export" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from export" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from export" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from export" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from export" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from export" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from export" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from help" -f -a "report" -d 'Add up what was granted, used and kept waiting'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from help" -f -a "audit" -d 'Prove from the ledger alone that no credit was made or lost; fails if one was'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from help" -f -a "export" -d 'Write the ledger\'s rows in order: CSV, or a line of JSON each'
complete -c ztm -n "__fish_ztm_using_subcommand spend; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -f -a "tenant" -d 'Why a tenant is as it is, and what would hold back its next message'
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -f -a "job" -d 'Why a job waits, runs or ended: who is ahead, what is missing, when it goes on'
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -f -a "wake" -d 'Why a tenant is not woken, or was not'
complete -c ztm -n "__fish_ztm_using_subcommand why; and not __fish_seen_subcommand_from tenant job wake help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from tenant" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from tenant" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from tenant" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from tenant" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from tenant" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from tenant" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from tenant" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from tenant" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from tenant" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from tenant" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from tenant" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from tenant" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from job" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from job" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from job" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from job" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from job" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from job" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from job" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from job" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from job" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from job" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from job" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from job" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from wake" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from wake" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from wake" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from wake" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from wake" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from wake" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from wake" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from wake" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from wake" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from wake" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from wake" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from wake" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from help" -f -a "tenant" -d 'Why a tenant is as it is, and what would hold back its next message'
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from help" -f -a "job" -d 'Why a job waits, runs or ended: who is ahead, what is missing, when it goes on'
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from help" -f -a "wake" -d 'Why a tenant is not woken, or was not'
complete -c ztm -n "__fish_ztm_using_subcommand why; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand node; and not __fish_seen_subcommand_from list get help" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand node; and not __fish_seen_subcommand_from list get help" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand node; and not __fish_seen_subcommand_from list get help" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand node; and not __fish_seen_subcommand_from list get help" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand node; and not __fish_seen_subcommand_from list get help" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand node; and not __fish_seen_subcommand_from list get help" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand node; and not __fish_seen_subcommand_from list get help" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand node; and not __fish_seen_subcommand_from list get help" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand node; and not __fish_seen_subcommand_from list get help" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand node; and not __fish_seen_subcommand_from list get help" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand node; and not __fish_seen_subcommand_from list get help" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand node; and not __fish_seen_subcommand_from list get help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand node; and not __fish_seen_subcommand_from list get help" -f -a "list" -d 'List the machines that agents run on, what they cost, and those that are waited for'
complete -c ztm -n "__fish_ztm_using_subcommand node; and not __fish_seen_subcommand_from list get help" -f -a "get" -d 'Show one machine, or one that is waited for'
complete -c ztm -n "__fish_ztm_using_subcommand node; and not __fish_seen_subcommand_from list get help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from list" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from list" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from list" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from list" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from list" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from list" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from list" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from list" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from get" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from get" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from get" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from get" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from get" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from get" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from get" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from get" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from get" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the machines that agents run on, what they cost, and those that are waited for'
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from help" -f -a "get" -d 'Show one machine, or one that is waited for'
complete -c ztm -n "__fish_ztm_using_subcommand node; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and not __fish_seen_subcommand_from status scale help" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand pool; and not __fish_seen_subcommand_from status scale help" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand pool; and not __fish_seen_subcommand_from status scale help" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand pool; and not __fish_seen_subcommand_from status scale help" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand pool; and not __fish_seen_subcommand_from status scale help" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand pool; and not __fish_seen_subcommand_from status scale help" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand pool; and not __fish_seen_subcommand_from status scale help" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand pool; and not __fish_seen_subcommand_from status scale help" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand pool; and not __fish_seen_subcommand_from status scale help" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand pool; and not __fish_seen_subcommand_from status scale help" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and not __fish_seen_subcommand_from status scale help" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and not __fish_seen_subcommand_from status scale help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and not __fish_seen_subcommand_from status scale help" -f -a "status" -d 'Show how many agents are ready for whoever wakes next, and what stands in the way of more'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and not __fish_seen_subcommand_from status scale help" -f -a "scale" -d 'Set how many agents are kept ready'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and not __fish_seen_subcommand_from status scale help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from status" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from status" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from status" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from status" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from status" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from status" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from status" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from status" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from status" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from scale" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from scale" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from scale" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from scale" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from scale" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from scale" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from scale" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from scale" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from scale" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from scale" -l reset -d 'As many as the configuration says'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from scale" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from scale" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from scale" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from help" -f -a "status" -d 'Show how many agents are ready for whoever wakes next, and what stands in the way of more'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from help" -f -a "scale" -d 'Set how many agents are kept ready'
complete -c ztm -n "__fish_ztm_using_subcommand pool; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and not __fish_seen_subcommand_from init prices help" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand admin; and not __fish_seen_subcommand_from init prices help" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and not __fish_seen_subcommand_from init prices help" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and not __fish_seen_subcommand_from init prices help" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand admin; and not __fish_seen_subcommand_from init prices help" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and not __fish_seen_subcommand_from init prices help" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and not __fish_seen_subcommand_from init prices help" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand admin; and not __fish_seen_subcommand_from init prices help" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand admin; and not __fish_seen_subcommand_from init prices help" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and not __fish_seen_subcommand_from init prices help" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and not __fish_seen_subcommand_from init prices help" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and not __fish_seen_subcommand_from init prices help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and not __fish_seen_subcommand_from init prices help" -f -a "init" -d 'Make what the stores of the context lack: the key file, tables, indexes, expiry, the bucket and its rules'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and not __fish_seen_subcommand_from init prices help" -f -a "prices" -d 'Print what AWS asks for bare metal in a region, as the table that `up --prices` takes'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and not __fish_seen_subcommand_from init prices help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from init" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from init" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from init" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from init" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from init" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from init" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from init" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from init" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from init" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from init" -l dry-run -d 'Show what is missing, and make nothing'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from prices" -l region -d 'A region, as AWS names it; may be repeated' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from prices" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from prices" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from prices" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from prices" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from prices" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from prices" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from prices" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from prices" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from prices" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from prices" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from prices" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from prices" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "init" -d 'Make what the stores of the context lack: the key file, tables, indexes, expiry, the bucket and its rules'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "prices" -d 'Print what AWS asks for bare metal in a region, as the table that `up --prices` takes'
complete -c ztm -n "__fish_ztm_using_subcommand admin; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -f -a "list" -d 'List the contexts of the configuration file'
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -f -a "use" -d 'Make a context the one in use'
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -f -a "show" -d 'Show a context: what it is, and where each of its values comes from'
complete -c ztm -n "__fish_ztm_using_subcommand context; and not __fish_seen_subcommand_from list use show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from list" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from list" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from list" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from list" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from list" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from list" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from list" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from list" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from use" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from use" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from use" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from use" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from use" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from use" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from use" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from use" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from use" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from use" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from use" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from use" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from show" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from show" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from show" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from show" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from show" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from show" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from show" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from show" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the contexts of the configuration file'
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from help" -f -a "use" -d 'Make a context the one in use'
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a context: what it is, and where each of its values comes from'
complete -c ztm -n "__fish_ztm_using_subcommand context; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand top" -l record -d 'Write what the screen is told to a new file, too' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand top" -l replay -d 'Show what was recorded, and ask no control plane' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand top" -l speed -d 'So many times as fast as it was' -r
complete -c ztm -n "__fish_ztm_using_subcommand top" -l theme -d 'Colours [default: what the terminal says it has; mono if colour is off]' -r -f -a "dark\t'For a dark background'
light\t'For a light background'
16\t'Of the sixteen colours that every terminal has'
mono\t'Without colours'"
complete -c ztm -n "__fish_ztm_using_subcommand top" -l symbols -d 'The signs of graphs [default: block, or ascii where the terminal has no UTF-8]' -r -f -a "braille\t'Dots of braille'
block\t'Blocks'
ascii\t'What every terminal has'"
complete -c ztm -n "__fish_ztm_using_subcommand top" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand top" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand top" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand top" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand top" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand top" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand top" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand top" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand top" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand top" -l once -d 'Print everything in numbers, once, and end'
complete -c ztm -n "__fish_ztm_using_subcommand top" -l readonly -d 'Do nothing, only look; `readonly = true` in a context does the same'
complete -c ztm -n "__fish_ztm_using_subcommand top" -l mouse -d 'Heed the mouse; the terminal then selects no text'
complete -c ztm -n "__fish_ztm_using_subcommand top" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand top" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand status" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand status" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand status" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand status" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand status" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand status" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand status" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand status" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand status" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand status" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand status" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand version" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand version" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand version" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand version" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand version" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand version" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand version" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand version" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand version" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand version" -l client -d 'Do not ask the control plane'
complete -c ztm -n "__fish_ztm_using_subcommand version" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand version" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand agent" -l port -d 'The port to listen on' -r
complete -c ztm -n "__fish_ztm_using_subcommand agent" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand agent" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand agent" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand agent" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand agent" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand agent" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand agent" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand agent" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand agent" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand agent" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand agent" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand agent" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -f -a "man" -d 'Write the man pages'
complete -c ztm -n "__fish_ztm_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -f -a "completions" -d 'Write the completions of bash, elvish, fish, powershell and zsh'
complete -c ztm -n "__fish_ztm_using_subcommand generate; and not __fish_seen_subcommand_from man completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from man" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from man" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from man" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from man" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from man" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from man" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from man" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from man" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from man" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from man" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from man" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from completions" -l state-dir -d 'Where the embedded control plane keeps everything' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from completions" -l orchestrator-url -d 'The URL of an orchestrator, instead of the control plane of this machine' -r
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from completions" -l router-url -d 'The URL of the router, whose health `ztm status` shows' -r
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from completions" -l token-file -d 'The file with the token that the orchestrator asks for; must be private (mode 0600)' -r -F
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from completions" -s n -l namespace -d 'The Kubernetes namespace of the control plane' -r
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from completions" -l context -d 'Which control plane, or whose stores: a context of the configuration file' -r
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from completions" -s o -l output -d 'How to print data' -r -f -a "table\t'Columns for people'
wide\t'More columns for people'
json\t'One JSON document'
name\t'Names only, one a line'"
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from completions" -l color -d 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from completions" -l request-timeout -d 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)' -r
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from completions" -s v -l verbose -d 'Say more on standard error; twice for even more'
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from completions" -s q -l quiet -d 'Say nothing on standard error but errors'
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from help" -f -a "man" -d 'Write the man pages'
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from help" -f -a "completions" -d 'Write the completions of bash, elvish, fish, powershell and zsh'
complete -c ztm -n "__fish_ztm_using_subcommand generate; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "up" -d 'Run the whole control plane in this process, on this machine'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "down" -d 'Stop the control plane that `ztm up` runs'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "demo" -d 'Watch the whole job happen on real parts, in a temporary directory'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "tenant" -d 'Tenants: create, look at, change, wake, stop, delete'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "webhook" -d 'The webhooks through which Telegram delivers'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "inbox" -d 'The stored messages: what waits, what was given up'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "job" -d 'Jobs: submit, look at, wait for, call off, put back'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "quota" -d 'What tenants may use: credits, shares, budgets, grants'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "spend" -d 'What was used: report, audit, the ledger itself'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "why" -d 'Explain why something waits, was refused or stopped, in the numbers that were compared'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "node" -d 'The machines that agents run on, and what they cost'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "pool" -d 'The warm pool: agents that are ready for whoever wakes next'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "admin" -d 'What the stores of a context need before their first use'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "context" -d 'Contexts: which control plane, or whose stores, the commands mean'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "top" -d 'Watch the whole fleet, its queue and its money on one screen'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "status" -d 'Show the control plane in numbers'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "version" -d 'Show the version of this command and of the control plane'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "agent" -d 'Run the small built-in agent'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "generate" -d 'Write the man pages or the completions'
complete -c ztm -n "__fish_ztm_using_subcommand help; and not __fish_seen_subcommand_from up down demo tenant webhook inbox job quota spend why node pool admin context top status version agent generate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from tenant" -f -a "create" -d 'Create a tenant'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from tenant" -f -a "list" -d 'List all tenants'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from tenant" -f -a "get" -d 'Show one tenant'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from tenant" -f -a "update" -d 'Change a tenant\'s bot, idle timeout or labels'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from tenant" -f -a "delete" -d 'Delete a tenant; asks first'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from tenant" -f -a "wake" -d 'Wake a tenant\'s agent, and wait until it answers'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from tenant" -f -a "stop" -d 'Save and stop a tenant\'s agent; the next message wakes it again'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from tenant" -f -a "suspend" -d 'Suspend a tenant: its agent is stopped, and its messages wait until it is resumed'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from tenant" -f -a "resume" -d 'End a tenant\'s suspension; what waits goes on'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from tenant" -f -a "snapshot" -d 'Save the state of a tenant\'s running agent now'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from tenant" -f -a "state" -d 'What a tenant\'s agent remembers: archives, damage, copies'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from tenant" -f -a "wait" -d 'Wait until a tenant is running, idle or deleted'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from tenant" -f -a "logs" -d 'Print the log of a tenant\'s agent'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from webhook" -f -a "register" -d 'Tell Telegram where to deliver a tenant\'s messages'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from webhook" -f -a "delete" -d 'Tell Telegram to stop delivering a tenant\'s messages; it keeps them for a day'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from webhook" -f -a "info" -d 'Show what Telegram knows of a tenant\'s webhook'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from inbox" -f -a "list" -d 'List stored updates'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from inbox" -f -a "replay" -d 'Deliver updates that were given up, or dropped, once more'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from inbox" -f -a "drop" -d 'Throw updates away that have not been handled; asks first'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from job" -f -a "submit" -d 'Give a tenant\'s agent a job; it is queued, paid for and run in its turn'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from job" -f -a "get" -d 'Show a job and what came out'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from job" -f -a "list" -d 'List jobs and where they stand'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from job" -f -a "wait" -d 'Wait until jobs are over; fails if one did not succeed'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from job" -f -a "cancel" -d 'Call jobs off: at once if they wait, at their next renewal if they run'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from job" -f -a "retry" -d 'Put dead or cancelled jobs back into the queue, with all their attempts'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from job" -f -a "dead" -d 'List the jobs that were given up; `ztm job get` says why'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from quota" -f -a "get" -d 'Show what a tenant may use, and what it has'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from quota" -f -a "set" -d 'Change what a tenant may use'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from quota" -f -a "grant" -d 'Grant credits beside the bucket; a suspended tenant resumes'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from spend" -f -a "report" -d 'Add up what was granted, used and kept waiting'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from spend" -f -a "audit" -d 'Prove from the ledger alone that no credit was made or lost; fails if one was'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from spend" -f -a "export" -d 'Write the ledger\'s rows in order: CSV, or a line of JSON each'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from why" -f -a "tenant" -d 'Why a tenant is as it is, and what would hold back its next message'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from why" -f -a "job" -d 'Why a job waits, runs or ended: who is ahead, what is missing, when it goes on'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from why" -f -a "wake" -d 'Why a tenant is not woken, or was not'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from node" -f -a "list" -d 'List the machines that agents run on, what they cost, and those that are waited for'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from node" -f -a "get" -d 'Show one machine, or one that is waited for'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from pool" -f -a "status" -d 'Show how many agents are ready for whoever wakes next, and what stands in the way of more'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from pool" -f -a "scale" -d 'Set how many agents are kept ready'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "init" -d 'Make what the stores of the context lack: the key file, tables, indexes, expiry, the bucket and its rules'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from admin" -f -a "prices" -d 'Print what AWS asks for bare metal in a region, as the table that `up --prices` takes'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from context" -f -a "list" -d 'List the contexts of the configuration file'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from context" -f -a "use" -d 'Make a context the one in use'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from context" -f -a "show" -d 'Show a context: what it is, and where each of its values comes from'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from generate" -f -a "man" -d 'Write the man pages'
complete -c ztm -n "__fish_ztm_using_subcommand help; and __fish_seen_subcommand_from generate" -f -a "completions" -d 'Write the completions of bash, elvish, fish, powershell and zsh'
