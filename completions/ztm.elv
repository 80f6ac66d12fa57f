
use builtin;
use str;

set edit:completion:arg-completer[ztm] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'ztm'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'ztm'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand up 'Run the whole control plane in this process, on this machine'
            cand down 'Stop the control plane that `ztm up` runs'
            cand demo 'Watch the whole job happen on real parts, in a temporary directory'
            cand tenant 'Tenants: create, look at, change, wake, stop, delete'
            cand webhook 'The webhooks through which Telegram delivers'
            cand inbox 'The stored messages: what waits, what was given up'
            cand job 'Jobs: submit, look at, wait for, call off, put back'
            cand quota 'What tenants may use: credits, shares, budgets, grants'
            cand spend 'What was used: report, audit, the ledger itself'
            cand why 'Explain why something waits, was refused or stopped, in the numbers that were compared'
            cand node 'The machines that agents run on, and what they cost'
            cand pool 'The warm pool: agents that are ready for whoever wakes next'
            cand admin 'What the stores of a context need before their first use'
            cand context 'Contexts: which control plane, or whose stores, the commands mean'
            cand top 'Watch the whole fleet, its queue and its money on one screen'
            cand status 'Show the control plane in numbers'
            cand version 'Show the version of this command and of the control plane'
            cand agent 'Run the small built-in agent'
            cand generate 'Write the man pages or the completions'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;up'= {
            cand --port 'The port of the orchestrator; 0 for any free one [default: 8080]'
            cand --router-port 'The port of the router; 0 for any free one [default: 9090]'
            cand --listen 'The address the orchestrator listens on [default: 127.0.0.1]'
            cand --router-listen 'The address the router listens on [default: 127.0.0.1]'
            cand --agent 'The agent program and its arguments; no shell is involved [default: the built-in agent]'
            cand --agent-template 'A directory whose files are copied into a new agent''s state directory'
            cand --agent-secrets 'A directory of private files that every agent finds, mode 0600, in `{secrets}`'
            cand --agent-env 'An environment variable for agents, as NAME=VALUE; may be repeated; must be no secret'
            cand --agent-memory 'How much memory an agent may use, where the system allows a limit; 0 for no limit [default: 512Mi]'
            cand --agent-cpu 'How much of a processor an agent may use, in thousandths, where the system allows a limit [default: no limit]'
            cand --agent-ready-timeout 'How long an agent may take to become healthy [default: 30s]'
            cand --agent-turn-timeout 'How long an agent may work on one message [default: 10m]'
            cand --agent-orphan-timeout 'How long an agent without work outlives a silent control plane, before it saves its state and ends [default: 1h]'
            cand --warm 'How many agents without a tenant are kept ready: a number, or `1..20` for as many between these as the wakes of the last ten minutes would have needed. `ztm pool scale` overrides it [default: 1]'
            cand --max-running 'How many agents may run at once; a wake beyond it waits [default: 1000]'
            cand --max-waking 'How many wakes may be under way at once; a wake beyond it queues [default: 8]'
            cand --max-pending 'How many messages of one tenant may wait; Telegram keeps the rest [default: 1000]'
            cand --snapshot-interval 'How often a running agent''s changed state is saved [default: 5m]'
            cand --reconcile-interval 'How often records and agents are compared without a cause [default: 60s]'
            cand --drain 'How long messages in work may take to finish when an agent is stopped [default: 30s]'
            cand --default-rate 'Credits a second that a tenant without a quota of its own is refilled by [default: 1]'
            cand --default-burst 'Up to where it is refilled, and what it begins with [default: 3600]'
            cand --job-capacity 'How many jobs may run at once, of all tenants; 0 for as many as workers take [default: 0]'
            cand --workers 'How many jobs this control plane runs at once itself; 0 if others do [default: 4]'
            cand --turn-hold 'Credits that a chat message holds until it is known what it used [default: 10]'
            cand --price-per-credit 'What one credit costs, for reports: a decimal number, of whatever currency [default: none]'
            cand --prices 'What machines cost: a table as `ztm admin prices` prints it [default: EC2''s bare metal in us-east-1]'
            cand --telegram-url 'The Telegram Bot API [default: <https://api.telegram.org>]'
            cand --public-url 'The router''s URL as Telegram reaches it; without one no webhook is registered'
            cand --only 'Run one part alone, where others share the records: `orchestrator`, or `router` (which asks no cluster) [default: both]'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand --telegram-plain-http 'Accept a Telegram Bot API of your own that speaks plain HTTP on another machine'
            cand -d 'Run in the background; returns once it is ready, and says where the log is'
            cand --detach 'Run in the background; returns once it is ready, and says where the log is'
            cand --detached 'This is the process in the background'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;down'= {
            cand --timeout 'How long to wait for the end'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand --agents 'Stop the agents too (this is the default)'
            cand --leave-agents 'Leave the agents running; the next `ztm up` takes them over'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;demo'= {
            cand --agent 'The agent program and its arguments, as for `ztm up` [default: the built-in agent]'
            cand --agent-template 'A directory whose files are copied into a new agent''s state directory, as for `ztm up`'
            cand --tenants 'How many tenants'
            cand --messages 'How many messages to each'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand --keep 'Keep the directory, and say where it is'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand create 'Create a tenant'
            cand list 'List all tenants'
            cand get 'Show one tenant'
            cand update 'Change a tenant''s bot, idle timeout or labels'
            cand delete 'Delete a tenant; asks first'
            cand wake 'Wake a tenant''s agent, and wait until it answers'
            cand stop 'Save and stop a tenant''s agent; the next message wakes it again'
            cand suspend 'Suspend a tenant: its agent is stopped, and its messages wait until it is resumed'
            cand resume 'End a tenant''s suspension; what waits goes on'
            cand snapshot 'Save the state of a tenant''s running agent now'
            cand state 'What a tenant''s agent remembers: archives, damage, copies'
            cand wait 'Wait until a tenant is running, idle or deleted'
            cand logs 'Print the log of a tenant''s agent'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;tenant;create'= {
            cand --bot-token-file 'A file with the bot''s token; `-` reads it from standard input'
            cand --bot-token 'Ask for the bot''s token on the terminal, without showing it'
            cand --idle-timeout 'How long an agent without work is kept: seconds, or with a unit (30m) [default: 300]'
            cand --label 'Say something of it: `name=value`; may be given 16 times'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;list'= {
            cand --status 'Only those of this status'
            cand -l 'Only those whose labels are like this: parts with commas between them, `name=value`, `name!=value`, `name`, `!name`'
            cand --selector 'Only those whose labels are like this: parts with commas between them, `name=value`, `name!=value`, `name`, `!name`'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;get'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;update'= {
            cand --bot-token-file 'A file with the bot''s token; `-` reads it from standard input'
            cand --bot-token 'Ask for the bot''s token on the terminal, without showing it'
            cand --idle-timeout 'How long an agent without work is kept: seconds, or with a unit (30m)'
            cand --label 'Say something of it: `name=value`, or `name-` to say it no more; may be given several times'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;delete'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand --keep-state 'Keep what the agent remembers (this is the default)'
            cand --purge 'Destroy what the agent remembers too: its state, all snapshots, its log'
            cand -y 'Do not ask'
            cand --yes 'Do not ask'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;wake'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;stop'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;suspend'= {
            cand --reason 'Why, for whoever looks: a line of at most 256 bytes'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;resume'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;snapshot'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;state'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List the archives of what a tenant''s agent remembers, and what is in none of them yet'
            cand verify 'Read archives to the last byte, and say which are as they were written'
            cand restore 'Make an archive the state that a tenant''s next agent begins with; asks first'
            cand export 'Copy an archive into a file, verified on both ends'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;tenant;state;list'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;state;verify'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;state;restore'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -y 'Do not ask'
            cand --yes 'Do not ask'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;state;export'= {
            cand --file 'A new file for the archive; `-` is standard output'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;state;help'= {
            cand list 'List the archives of what a tenant''s agent remembers, and what is in none of them yet'
            cand verify 'Read archives to the last byte, and say which are as they were written'
            cand restore 'Make an archive the state that a tenant''s next agent begins with; asks first'
            cand export 'Copy an archive into a file, verified on both ends'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;tenant;state;help;list'= {
        }
        &'ztm;tenant;state;help;verify'= {
        }
        &'ztm;tenant;state;help;restore'= {
        }
        &'ztm;tenant;state;help;export'= {
        }
        &'ztm;tenant;state;help;help'= {
        }
        &'ztm;tenant;wait'= {
            cand --for 'What to wait for'
            cand --timeout 'How long to wait'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;logs'= {
            cand --tail 'How many of the last lines'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -f 'Go on with what is added, until interrupted'
            cand --follow 'Go on with what is added, until interrupted'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;tenant;help'= {
            cand create 'Create a tenant'
            cand list 'List all tenants'
            cand get 'Show one tenant'
            cand update 'Change a tenant''s bot, idle timeout or labels'
            cand delete 'Delete a tenant; asks first'
            cand wake 'Wake a tenant''s agent, and wait until it answers'
            cand stop 'Save and stop a tenant''s agent; the next message wakes it again'
            cand suspend 'Suspend a tenant: its agent is stopped, and its messages wait until it is resumed'
            cand resume 'End a tenant''s suspension; what waits goes on'
            cand snapshot 'Save the state of a tenant''s running agent now'
            cand state 'What a tenant''s agent remembers: archives, damage, copies'
            cand wait 'Wait until a tenant is running, idle or deleted'
            cand logs 'Print the log of a tenant''s agent'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;tenant;help;create'= {
        }
        &'ztm;tenant;help;list'= {
        }
        &'ztm;tenant;help;get'= {
        }
        &'ztm;tenant;help;update'= {
        }
        &'ztm;tenant;help;delete'= {
        }
        &'ztm;tenant;help;wake'= {
        }
        &'ztm;tenant;help;stop'= {
        }
        &'ztm;tenant;help;suspend'= {
        }
        &'ztm;tenant;help;resume'= {
        }
        &'ztm;tenant;help;snapshot'= {
        }
        &'ztm;tenant;help;state'= {
            cand list 'List the archives of what a tenant''s agent remembers, and what is in none of them yet'
            cand verify 'Read archives to the last byte, and say which are as they were written'
            cand restore 'Make an archive the state that a tenant''s next agent begins with; asks first'
            cand export 'Copy an archive into a file, verified on both ends'
        }
        &'ztm;tenant;help;state;list'= {
        }
        &'ztm;tenant;help;state;verify'= {
        }
        &'ztm;tenant;help;state;restore'= {
        }
        &'ztm;tenant;help;state;export'= {
        }
        &'ztm;tenant;help;wait'= {
        }
        &'ztm;tenant;help;logs'= {
        }
        &'ztm;tenant;help;help'= {
        }
        &'ztm;webhook'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand register 'Tell Telegram where to deliver a tenant''s messages'
            cand delete 'Tell Telegram to stop delivering a tenant''s messages; it keeps them for a day'
            cand info 'Show what Telegram knows of a tenant''s webhook'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;webhook;register'= {
            cand --base-url 'The router''s URL as Telegram reaches it [default: the control plane''s public URL]'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;webhook;delete'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;webhook;info'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;webhook;help'= {
            cand register 'Tell Telegram where to deliver a tenant''s messages'
            cand delete 'Tell Telegram to stop delivering a tenant''s messages; it keeps them for a day'
            cand info 'Show what Telegram knows of a tenant''s webhook'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;webhook;help;register'= {
        }
        &'ztm;webhook;help;delete'= {
        }
        &'ztm;webhook;help;info'= {
        }
        &'ztm;webhook;help;help'= {
        }
        &'ztm;inbox'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List stored updates'
            cand replay 'Deliver updates that were given up, or dropped, once more'
            cand drop 'Throw updates away that have not been handled; asks first'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;inbox;list'= {
            cand --stage 'Only those in this stage'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;inbox;replay'= {
            cand --tenant 'With `--all-dead`: only this tenant''s'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand --all-dead 'All updates that were given up'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;inbox;drop'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -y 'Do not ask'
            cand --yes 'Do not ask'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;inbox;help'= {
            cand list 'List stored updates'
            cand replay 'Deliver updates that were given up, or dropped, once more'
            cand drop 'Throw updates away that have not been handled; asks first'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;inbox;help;list'= {
        }
        &'ztm;inbox;help;replay'= {
        }
        &'ztm;inbox;help;drop'= {
        }
        &'ztm;inbox;help;help'= {
        }
        &'ztm;job'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand submit 'Give a tenant''s agent a job; it is queued, paid for and run in its turn'
            cand get 'Show a job and what came out'
            cand list 'List jobs and where they stand'
            cand wait 'Wait until jobs are over; fails if one did not succeed'
            cand cancel 'Call jobs off: at once if they wait, at their next renewal if they run'
            cand retry 'Put dead or cancelled jobs back into the queue, with all their attempts'
            cand dead 'List the jobs that were given up; `ztm job get` says why'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;job;submit'= {
            cand --prompt-file 'A file with what the agent is told; `-` reads it from standard input'
            cand --cost 'Credits (GPU-seconds) that are held while it runs'
            cand --agent 'One of the tenant''s agents'
            cand --priority '0 to 9, higher first among the tenant''s own jobs [default: 5]'
            cand --attempts 'How often it is tried [default: 3]'
            cand --at 'Not before this time, as RFC 3339 has it'
            cand --in 'Not before so much time has passed'
            cand --idempotency-key 'A repeat under the same key within a day is the same submission [default: a random one]'
            cand --timeout 'With `--wait`: how long'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand --wait 'Wait until it is over, and print what came out'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;job;get'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;job;list'= {
            cand --status 'Only those that are this'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;job;wait'= {
            cand --timeout 'How long'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;job;cancel'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;job;retry'= {
            cand --tenant 'With `--all-dead`: only this tenant''s'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand --all-dead 'All jobs that were given up'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;job;dead'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;job;help'= {
            cand submit 'Give a tenant''s agent a job; it is queued, paid for and run in its turn'
            cand get 'Show a job and what came out'
            cand list 'List jobs and where they stand'
            cand wait 'Wait until jobs are over; fails if one did not succeed'
            cand cancel 'Call jobs off: at once if they wait, at their next renewal if they run'
            cand retry 'Put dead or cancelled jobs back into the queue, with all their attempts'
            cand dead 'List the jobs that were given up; `ztm job get` says why'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;job;help;submit'= {
        }
        &'ztm;job;help;get'= {
        }
        &'ztm;job;help;list'= {
        }
        &'ztm;job;help;wait'= {
        }
        &'ztm;job;help;cancel'= {
        }
        &'ztm;job;help;retry'= {
        }
        &'ztm;job;help;dead'= {
        }
        &'ztm;job;help;help'= {
        }
        &'ztm;quota'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand get 'Show what a tenant may use, and what it has'
            cand set 'Change what a tenant may use'
            cand grant 'Grant credits beside the bucket; a suspended tenant resumes'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;quota;get'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;quota;set'= {
            cand --rate 'Credits a second that the bucket refills by, at most 8000'
            cand --burst 'Up to where the bucket refills'
            cand --weight 'The share of capacity relative to others; 100 is the usual one'
            cand --max-running 'Jobs at once'
            cand --budget 'Credits that may be spent in every period: CREDITS/day, /week or /month'
            cand --budget-money 'Money that may be spent in every period; needs `--price`'
            cand --price 'With `--budget-money`: what one credit costs'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand --soft 'The budget only warns'
            cand --no-budget 'Remove the budget'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;quota;grant'= {
            cand --expires 'When what is left of them is gone [default: never]'
            cand --name 'A repeat under the same name grants nothing more [default: a random one]'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;quota;help'= {
            cand get 'Show what a tenant may use, and what it has'
            cand set 'Change what a tenant may use'
            cand grant 'Grant credits beside the bucket; a suspended tenant resumes'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;quota;help;get'= {
        }
        &'ztm;quota;help;set'= {
        }
        &'ztm;quota;help;grant'= {
        }
        &'ztm;quota;help;help'= {
        }
        &'ztm;spend'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand report 'Add up what was granted, used and kept waiting'
            cand audit 'Prove from the ledger alone that no credit was made or lost; fails if one was'
            cand export 'Write the ledger''s rows in order: CSV, or a line of JSON each'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;spend;report'= {
            cand --by 'What makes a line'
            cand --tenant 'Only this tenant''s'
            cand --from 'Not before: a date, a time as RFC 3339 has it, or so long ago (`30d`)'
            cand --to 'Before'
            cand -o 'How to print the report [default: table]'
            cand --output 'How to print the report [default: table]'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;spend;audit'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;spend;export'= {
            cand --tenant 'Only this tenant''s'
            cand --from 'Not before: a date, a time as RFC 3339 has it, or so long ago (`30d`)'
            cand --to 'Before'
            cand -o 'How to write rows: `json` is a line each, `name` is PARTITION:SEQ [default: csv]'
            cand --output 'How to write rows: `json` is a line each, `name` is PARTITION:SEQ [default: csv]'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;spend;help'= {
            cand report 'Add up what was granted, used and kept waiting'
            cand audit 'Prove from the ledger alone that no credit was made or lost; fails if one was'
            cand export 'Write the ledger''s rows in order: CSV, or a line of JSON each'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;spend;help;report'= {
        }
        &'ztm;spend;help;audit'= {
        }
        &'ztm;spend;help;export'= {
        }
        &'ztm;spend;help;help'= {
        }
        &'ztm;why'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand tenant 'Why a tenant is as it is, and what would hold back its next message'
            cand job 'Why a job waits, runs or ended: who is ahead, what is missing, when it goes on'
            cand wake 'Why a tenant is not woken, or was not'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;why;tenant'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;why;job'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;why;wake'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;why;help'= {
            cand tenant 'Why a tenant is as it is, and what would hold back its next message'
            cand job 'Why a job waits, runs or ended: who is ahead, what is missing, when it goes on'
            cand wake 'Why a tenant is not woken, or was not'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;why;help;tenant'= {
        }
        &'ztm;why;help;job'= {
        }
        &'ztm;why;help;wake'= {
        }
        &'ztm;why;help;help'= {
        }
        &'ztm;node'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List the machines that agents run on, what they cost, and those that are waited for'
            cand get 'Show one machine, or one that is waited for'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;node;list'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;node;get'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;node;help'= {
            cand list 'List the machines that agents run on, what they cost, and those that are waited for'
            cand get 'Show one machine, or one that is waited for'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;node;help;list'= {
        }
        &'ztm;node;help;get'= {
        }
        &'ztm;node;help;help'= {
        }
        &'ztm;pool'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand status 'Show how many agents are ready for whoever wakes next, and what stands in the way of more'
            cand scale 'Set how many agents are kept ready'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;pool;status'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;pool;scale'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand --reset 'As many as the configuration says'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;pool;help'= {
            cand status 'Show how many agents are ready for whoever wakes next, and what stands in the way of more'
            cand scale 'Set how many agents are kept ready'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;pool;help;status'= {
        }
        &'ztm;pool;help;scale'= {
        }
        &'ztm;pool;help;help'= {
        }
        &'ztm;admin'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand init 'Make what the stores of the context lack: the key file, tables, indexes, expiry, the bucket and its rules'
            cand prices 'Print what AWS asks for bare metal in a region, as the table that `up --prices` takes'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;admin;init'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand --dry-run 'Show what is missing, and make nothing'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;admin;prices'= {
            cand --region 'A region, as AWS names it; may be repeated'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;admin;help'= {
            cand init 'Make what the stores of the context lack: the key file, tables, indexes, expiry, the bucket and its rules'
            cand prices 'Print what AWS asks for bare metal in a region, as the table that `up --prices` takes'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;admin;help;init'= {
        }
        &'ztm;admin;help;prices'= {
        }
        &'ztm;admin;help;help'= {
        }
        &'ztm;context'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'List the contexts of the configuration file'
            cand use 'Make a context the one in use'
            cand show 'Show a context: what it is, and where each of its values comes from'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;context;list'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;context;use'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;context;show'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;context;help'= {
            cand list 'List the contexts of the configuration file'
            cand use 'Make a context the one in use'
            cand show 'Show a context: what it is, and where each of its values comes from'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;context;help;list'= {
        }
        &'ztm;context;help;use'= {
        }
        &'ztm;context;help;show'= {
        }
        &'ztm;context;help;help'= {
        }
        &'ztm;top'= {
            cand --record 'Write what the screen is told to a new file, too'
            cand --replay 'Show what was recorded, and ask no control plane'
            cand --speed 'So many times as fast as it was'
            cand --theme 'Colours [default: what the terminal says it has; mono if colour is off]'
            cand --symbols 'The signs of graphs [default: block, or ascii where the terminal has no UTF-8]'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand --once 'Print everything in numbers, once, and end'
            cand --readonly 'Do nothing, only look; `readonly = true` in a context does the same'
            cand --mouse 'Heed the mouse; the terminal then selects no text'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;status'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;version'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand --client 'Do not ask the control plane'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;agent'= {
            cand --port 'The port to listen on'
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;generate'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand man 'Write the man pages'
            cand completions 'Write the completions of bash, elvish, fish, powershell and zsh'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;generate;man'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;generate;completions'= {
            cand --state-dir 'Where the embedded control plane keeps everything'
            cand --orchestrator-url 'The URL of an orchestrator, instead of the control plane of this machine'
            cand --router-url 'The URL of the router, whose health `ztm status` shows'
            cand --token-file 'The file with the token that the orchestrator asks for; must be private (mode 0600)'
            cand -n 'The Kubernetes namespace of the control plane'
            cand --namespace 'The Kubernetes namespace of the control plane'
            cand --context 'Which control plane, or whose stores: a context of the configuration file'
            cand -o 'How to print data'
            cand --output 'How to print data'
            cand --color 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set'
            cand --request-timeout 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)'
            cand -v 'Say more on standard error; twice for even more'
            cand --verbose 'Say more on standard error; twice for even more'
            cand -q 'Say nothing on standard error but errors'
            cand --quiet 'Say nothing on standard error but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'ztm;generate;help'= {
            cand man 'Write the man pages'
            cand completions 'Write the completions of bash, elvish, fish, powershell and zsh'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;generate;help;man'= {
        }
        &'ztm;generate;help;completions'= {
        }
        &'ztm;generate;help;help'= {
        }
        &'ztm;help'= {
            cand up 'Run the whole control plane in this process, on this machine'
            cand down 'Stop the control plane that `ztm up` runs'
            cand demo 'Watch the whole job happen on real parts, in a temporary directory'
            cand tenant 'Tenants: create, look at, change, wake, stop, delete'
            cand webhook 'The webhooks through which Telegram delivers'
            cand inbox 'The stored messages: what waits, what was given up'
            cand job 'Jobs: submit, look at, wait for, call off, put back'
            cand quota 'What tenants may use: credits, shares, budgets, grants'
            cand spend 'What was used: report, audit, the ledger itself'
            cand why 'Explain why something waits, was refused or stopped, in the numbers that were compared'
            cand node 'The machines that agents run on, and what they cost'
            cand pool 'The warm pool: agents that are ready for whoever wakes next'
            cand admin 'What the stores of a context need before their first use'
            cand context 'Contexts: which control plane, or whose stores, the commands mean'
            cand top 'Watch the whole fleet, its queue and its money on one screen'
            cand status 'Show the control plane in numbers'
            cand version 'Show the version of this command and of the control plane'
            cand agent 'Run the small built-in agent'
            cand generate 'Write the man pages or the completions'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'ztm;help;up'= {
        }
        &'ztm;help;down'= {
        }
        &'ztm;help;demo'= {
        }
        &'ztm;help;tenant'= {
            cand create 'Create a tenant'
            cand list 'List all tenants'
            cand get 'Show one tenant'
            cand update 'Change a tenant''s bot, idle timeout or labels'
            cand delete 'Delete a tenant; asks first'
            cand wake 'Wake a tenant''s agent, and wait until it answers'
            cand stop 'Save and stop a tenant''s agent; the next message wakes it again'
            cand suspend 'Suspend a tenant: its agent is stopped, and its messages wait until it is resumed'
            cand resume 'End a tenant''s suspension; what waits goes on'
            cand snapshot 'Save the state of a tenant''s running agent now'
            cand state 'What a tenant''s agent remembers: archives, damage, copies'
            cand wait 'Wait until a tenant is running, idle or deleted'
            cand logs 'Print the log of a tenant''s agent'
        }
        &'ztm;help;tenant;create'= {
        }
        &'ztm;help;tenant;list'= {
        }
        &'ztm;help;tenant;get'= {
        }
        &'ztm;help;tenant;update'= {
        }
        &'ztm;help;tenant;delete'= {
        }
        &'ztm;help;tenant;wake'= {
        }
        &'ztm;help;tenant;stop'= {
        }
        &'ztm;help;tenant;suspend'= {
        }
        &'ztm;help;tenant;resume'= {
        }
        &'ztm;help;tenant;snapshot'= {
        }
        &'ztm;help;tenant;state'= {
            cand list 'List the archives of what a tenant''s agent remembers, and what is in none of them yet'
            cand verify 'Read archives to the last byte, and say which are as they were written'
            cand restore 'Make an archive the state that a tenant''s next agent begins with; asks first'
            cand export 'Copy an archive into a file, verified on both ends'
        }
        &'ztm;help;tenant;state;list'= {
        }
        &'ztm;help;tenant;state;verify'= {
        }
        &'ztm;help;tenant;state;restore'= {
        }
        &'ztm;help;tenant;state;export'= {
        }
        &'ztm;help;tenant;wait'= {
        }
        &'ztm;help;tenant;logs'= {
        }
        &'ztm;help;webhook'= {
            cand register 'Tell Telegram where to deliver a tenant''s messages'
            cand delete 'Tell Telegram to stop delivering a tenant''s messages; it keeps them for a day'
            cand info 'Show what Telegram knows of a tenant''s webhook'
        }
        &'ztm;help;webhook;register'= {
        }
        &'ztm;help;webhook;delete'= {
        }
        &'ztm;help;webhook;info'= {
        }
        &'ztm;help;inbox'= {
            cand list 'List stored updates'
            cand replay 'Deliver updates that were given up, or dropped, once more'
            cand drop 'Throw updates away that have not been handled; asks first'
        }
        &'ztm;help;inbox;list'= {
        }
        &'ztm;help;inbox;replay'= {
        }
        &'ztm;help;inbox;drop'= {
        }
        &'ztm;help;job'= {
            cand submit 'Give a tenant''s agent a job; it is queued, paid for and run in its turn'
            cand get 'Show a job and what came out'
            cand list 'List jobs and where they stand'
            cand wait 'Wait until jobs are over; fails if one did not succeed'
            cand cancel 'Call jobs off: at once if they wait, at their next renewal if they run'
            cand retry 'Put dead or cancelled jobs back into the queue, with all their attempts'
            cand dead 'List the jobs that were given up; `ztm job get` says why'
        }
        &'ztm;help;job;submit'= {
        }
        &'ztm;help;job;get'= {
        }
        &'ztm;help;job;list'= {
        }
        &'ztm;help;job;wait'= {
        }
        &'ztm;help;job;cancel'= {
        }
        &'ztm;help;job;retry'= {
        }
        &'ztm;help;job;dead'= {
        }
        &'ztm;help;quota'= {
            cand get 'Show what a tenant may use, and what it has'
            cand set 'Change what a tenant may use'
            cand grant 'Grant credits beside the bucket; a suspended tenant resumes'
        }
        &'ztm;help;quota;get'= {
        }
        &'ztm;help;quota;set'= {
        }
        &'ztm;help;quota;grant'= {
        }
        &'ztm;help;spend'= {
            cand report 'Add up what was granted, used and kept waiting'
            cand audit 'Prove from the ledger alone that no credit was made or lost; fails if one was'
            cand export 'Write the ledger''s rows in order: CSV, or a line of JSON each'
        }
        &'ztm;help;spend;report'= {
        }
        &'ztm;help;spend;audit'= {
        }
        &'ztm;help;spend;export'= {
        }
        &'ztm;help;why'= {
            cand tenant 'Why a tenant is as it is, and what would hold back its next message'
            cand job 'Why a job waits, runs or ended: who is ahead, what is missing, when it goes on'
            cand wake 'Why a tenant is not woken, or was not'
        }
        &'ztm;help;why;tenant'= {
        }
        &'ztm;help;why;job'= {
        }
        &'ztm;help;why;wake'= {
        }
        &'ztm;help;node'= {
            cand list 'List the machines that agents run on, what they cost, and those that are waited for'
            cand get 'Show one machine, or one that is waited for'
        }
        &'ztm;help;node;list'= {
        }
        &'ztm;help;node;get'= {
        }
        &'ztm;help;pool'= {
            cand status 'Show how many agents are ready for whoever wakes next, and what stands in the way of more'
            cand scale 'Set how many agents are kept ready'
        }
        &'ztm;help;pool;status'= {
        }
        &'ztm;help;pool;scale'= {
        }
        &'ztm;help;admin'= {
            cand init 'Make what the stores of the context lack: the key file, tables, indexes, expiry, the bucket and its rules'
            cand prices 'Print what AWS asks for bare metal in a region, as the table that `up --prices` takes'
        }
        &'ztm;help;admin;init'= {
        }
        &'ztm;help;admin;prices'= {
        }
        &'ztm;help;context'= {
            cand list 'List the contexts of the configuration file'
            cand use 'Make a context the one in use'
            cand show 'Show a context: what it is, and where each of its values comes from'
        }
        &'ztm;help;context;list'= {
        }
        &'ztm;help;context;use'= {
        }
        &'ztm;help;context;show'= {
        }
        &'ztm;help;top'= {
        }
        &'ztm;help;status'= {
        }
        &'ztm;help;version'= {
        }
        &'ztm;help;agent'= {
        }
        &'ztm;help;generate'= {
            cand man 'Write the man pages'
            cand completions 'Write the completions of bash, elvish, fish, powershell and zsh'
        }
        &'ztm;help;generate;man'= {
        }
        &'ztm;help;generate;completions'= {
        }
        &'ztm;help;help'= {
        }
    ]
    $completions[$command]
}
