
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'ztm' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'ztm'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'ztm' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('up', 'up', [CompletionResultType]::ParameterValue, 'Run the whole control plane in this process, on this machine')
            [CompletionResult]::new('down', 'down', [CompletionResultType]::ParameterValue, 'Stop the control plane that `ztm up` runs')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Watch the whole job happen on real parts, in a temporary directory')
            [CompletionResult]::new('tenant', 'tenant', [CompletionResultType]::ParameterValue, 'Tenants: create, look at, change, wake, stop, delete')
            [CompletionResult]::new('webhook', 'webhook', [CompletionResultType]::ParameterValue, 'The webhooks through which Telegram delivers')
            [CompletionResult]::new('inbox', 'inbox', [CompletionResultType]::ParameterValue, 'The stored messages: what waits, what was given up')
            [CompletionResult]::new('job', 'job', [CompletionResultType]::ParameterValue, 'Jobs: submit, look at, wait for, call off, put back')
            [CompletionResult]::new('quota', 'quota', [CompletionResultType]::ParameterValue, 'What tenants may use: credits, shares, budgets, grants')
            [CompletionResult]::new('spend', 'spend', [CompletionResultType]::ParameterValue, 'What was used: report, audit, the ledger itself')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Explain why something waits, was refused or stopped, in the numbers that were compared')
            [CompletionResult]::new('node', 'node', [CompletionResultType]::ParameterValue, 'The machines that agents run on, and what they cost')
            [CompletionResult]::new('pool', 'pool', [CompletionResultType]::ParameterValue, 'The warm pool: agents that are ready for whoever wakes next')
            [CompletionResult]::new('admin', 'admin', [CompletionResultType]::ParameterValue, 'What the stores of a context need before their first use')
            [CompletionResult]::new('context', 'context', [CompletionResultType]::ParameterValue, 'Contexts: which control plane, or whose stores, the commands mean')
            [CompletionResult]::new('top', 'top', [CompletionResultType]::ParameterValue, 'Watch the whole fleet, its queue and its money on one screen')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show the control plane in numbers')
            [CompletionResult]::new('version', 'version', [CompletionResultType]::ParameterValue, 'Show the version of this command and of the control plane')
            [CompletionResult]::new('agent', 'agent', [CompletionResultType]::ParameterValue, 'Run the small built-in agent')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Write the man pages or the completions')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;up' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port of the orchestrator; 0 for any free one [default: 8080]')
            [CompletionResult]::new('--router-port', '--router-port', [CompletionResultType]::ParameterName, 'The port of the router; 0 for any free one [default: 9090]')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'The address the orchestrator listens on [default: 127.0.0.1]')
            [CompletionResult]::new('--router-listen', '--router-listen', [CompletionResultType]::ParameterName, 'The address the router listens on [default: 127.0.0.1]')
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'The agent program and its arguments; no shell is involved [default: the built-in agent]')
            [CompletionResult]::new('--agent-template', '--agent-template', [CompletionResultType]::ParameterName, 'A directory whose files are copied into a new agent''s state directory')
            [CompletionResult]::new('--agent-secrets', '--agent-secrets', [CompletionResultType]::ParameterName, 'A directory of private files that every agent finds, mode 0600, in `{secrets}`')
            [CompletionResult]::new('--agent-env', '--agent-env', [CompletionResultType]::ParameterName, 'An environment variable for agents, as NAME=VALUE; may be repeated; must be no secret')
            [CompletionResult]::new('--agent-memory', '--agent-memory', [CompletionResultType]::ParameterName, 'How much memory an agent may use, where the system allows a limit; 0 for no limit [default: 512Mi]')
            [CompletionResult]::new('--agent-cpu', '--agent-cpu', [CompletionResultType]::ParameterName, 'How much of a processor an agent may use, in thousandths, where the system allows a limit [default: no limit]')
            [CompletionResult]::new('--agent-ready-timeout', '--agent-ready-timeout', [CompletionResultType]::ParameterName, 'How long an agent may take to become healthy [default: 30s]')
            [CompletionResult]::new('--agent-turn-timeout', '--agent-turn-timeout', [CompletionResultType]::ParameterName, 'How long an agent may work on one message [default: 10m]')
            [CompletionResult]::new('--agent-orphan-timeout', '--agent-orphan-timeout', [CompletionResultType]::ParameterName, 'How long an agent without work outlives a silent control plane, before it saves its state and ends [default: 1h]')
            [CompletionResult]::new('--warm', '--warm', [CompletionResultType]::ParameterName, 'How many agents without a tenant are kept ready: a number, or `1..20` for as many between these as the wakes of the last ten minutes would have needed. `ztm pool scale` overrides it [default: 1]')
            [CompletionResult]::new('--max-running', '--max-running', [CompletionResultType]::ParameterName, 'How many agents may run at once; a wake beyond it waits [default: 1000]')
            [CompletionResult]::new('--max-waking', '--max-waking', [CompletionResultType]::ParameterName, 'How many wakes may be under way at once; a wake beyond it queues [default: 8]')
            [CompletionResult]::new('--max-pending', '--max-pending', [CompletionResultType]::ParameterName, 'How many messages of one tenant may wait; Telegram keeps the rest [default: 1000]')
            [CompletionResult]::new('--snapshot-interval', '--snapshot-interval', [CompletionResultType]::ParameterName, 'How often a running agent''s changed state is saved [default: 5m]')
            [CompletionResult]::new('--reconcile-interval', '--reconcile-interval', [CompletionResultType]::ParameterName, 'How often records and agents are compared without a cause [default: 60s]')
            [CompletionResult]::new('--drain', '--drain', [CompletionResultType]::ParameterName, 'How long messages in work may take to finish when an agent is stopped [default: 30s]')
            [CompletionResult]::new('--default-rate', '--default-rate', [CompletionResultType]::ParameterName, 'Credits a second that a tenant without a quota of its own is refilled by [default: 1]')
            [CompletionResult]::new('--default-burst', '--default-burst', [CompletionResultType]::ParameterName, 'Up to where it is refilled, and what it begins with [default: 3600]')
            [CompletionResult]::new('--job-capacity', '--job-capacity', [CompletionResultType]::ParameterName, 'How many jobs may run at once, of all tenants; 0 for as many as workers take [default: 0]')
            [CompletionResult]::new('--workers', '--workers', [CompletionResultType]::ParameterName, 'How many jobs this control plane runs at once itself; 0 if others do [default: 4]')
            [CompletionResult]::new('--turn-hold', '--turn-hold', [CompletionResultType]::ParameterName, 'Credits that a chat message holds until it is known what it used [default: 10]')
            [CompletionResult]::new('--price-per-credit', '--price-per-credit', [CompletionResultType]::ParameterName, 'What one credit costs, for reports: a decimal number, of whatever currency [default: none]')
            [CompletionResult]::new('--prices', '--prices', [CompletionResultType]::ParameterName, 'What machines cost: a table as `ztm admin prices` prints it [default: EC2''s bare metal in us-east-1]')
            [CompletionResult]::new('--telegram-url', '--telegram-url', [CompletionResultType]::ParameterName, 'The Telegram Bot API [default: <https://api.telegram.org>]')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'The router''s URL as Telegram reaches it; without one no webhook is registered')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Run one part alone, where others share the records: `orchestrator`, or `router` (which asks no cluster) [default: both]')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('--telegram-plain-http', '--telegram-plain-http', [CompletionResultType]::ParameterName, 'Accept a Telegram Bot API of your own that speaks plain HTTP on another machine')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Run in the background; returns once it is ready, and says where the log is')
            [CompletionResult]::new('--detach', '--detach', [CompletionResultType]::ParameterName, 'Run in the background; returns once it is ready, and says where the log is')
            [CompletionResult]::new('--detached', '--detached', [CompletionResultType]::ParameterName, 'This is the process in the background')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;down' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the end')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('--agents', '--agents', [CompletionResultType]::ParameterName, 'Stop the agents too (this is the default)')
            [CompletionResult]::new('--leave-agents', '--leave-agents', [CompletionResultType]::ParameterName, 'Leave the agents running; the next `ztm up` takes them over')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;demo' {
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'The agent program and its arguments, as for `ztm up` [default: the built-in agent]')
            [CompletionResult]::new('--agent-template', '--agent-template', [CompletionResultType]::ParameterName, 'A directory whose files are copied into a new agent''s state directory, as for `ztm up`')
            [CompletionResult]::new('--tenants', '--tenants', [CompletionResultType]::ParameterName, 'How many tenants')
            [CompletionResult]::new('--messages', '--messages', [CompletionResultType]::ParameterName, 'How many messages to each')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Keep the directory, and say where it is')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Create a tenant')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List all tenants')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Show one tenant')
            [CompletionResult]::new('update', 'update', [CompletionResultType]::ParameterValue, 'Change a tenant''s bot, idle timeout or labels')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete a tenant; asks first')
            [CompletionResult]::new('wake', 'wake', [CompletionResultType]::ParameterValue, 'Wake a tenant''s agent, and wait until it answers')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'Save and stop a tenant''s agent; the next message wakes it again')
            [CompletionResult]::new('suspend', 'suspend', [CompletionResultType]::ParameterValue, 'Suspend a tenant: its agent is stopped, and its messages wait until it is resumed')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'End a tenant''s suspension; what waits goes on')
            [CompletionResult]::new('snapshot', 'snapshot', [CompletionResultType]::ParameterValue, 'Save the state of a tenant''s running agent now')
            [CompletionResult]::new('state', 'state', [CompletionResultType]::ParameterValue, 'What a tenant''s agent remembers: archives, damage, copies')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until a tenant is running, idle or deleted')
            [CompletionResult]::new('logs', 'logs', [CompletionResultType]::ParameterValue, 'Print the log of a tenant''s agent')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;tenant;create' {
            [CompletionResult]::new('--bot-token-file', '--bot-token-file', [CompletionResultType]::ParameterName, 'A file with the bot''s token; `-` reads it from standard input')
            [CompletionResult]::new('--bot-token', '--bot-token', [CompletionResultType]::ParameterName, 'Ask for the bot''s token on the terminal, without showing it')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'How long an agent without work is kept: seconds, or with a unit (30m) [default: 300]')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Say something of it: `name=value`; may be given 16 times')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;list' {
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'Only those of this status')
            [CompletionResult]::new('-l', '-l', [CompletionResultType]::ParameterName, 'Only those whose labels are like this: parts with commas between them, `name=value`, `name!=value`, `name`, `!name`')
            [CompletionResult]::new('--selector', '--selector', [CompletionResultType]::ParameterName, 'Only those whose labels are like this: parts with commas between them, `name=value`, `name!=value`, `name`, `!name`')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;get' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;update' {
            [CompletionResult]::new('--bot-token-file', '--bot-token-file', [CompletionResultType]::ParameterName, 'A file with the bot''s token; `-` reads it from standard input')
            [CompletionResult]::new('--bot-token', '--bot-token', [CompletionResultType]::ParameterName, 'Ask for the bot''s token on the terminal, without showing it')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'How long an agent without work is kept: seconds, or with a unit (30m)')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Say something of it: `name=value`, or `name-` to say it no more; may be given several times')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;delete' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('--keep-state', '--keep-state', [CompletionResultType]::ParameterName, 'Keep what the agent remembers (this is the default)')
            [CompletionResult]::new('--purge', '--purge', [CompletionResultType]::ParameterName, 'Destroy what the agent remembers too: its state, all snapshots, its log')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;wake' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;stop' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;suspend' {
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why, for whoever looks: a line of at most 256 bytes')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;resume' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;snapshot' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;state' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the archives of what a tenant''s agent remembers, and what is in none of them yet')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Read archives to the last byte, and say which are as they were written')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Make an archive the state that a tenant''s next agent begins with; asks first')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Copy an archive into a file, verified on both ends')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;tenant;state;list' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;state;verify' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;state;restore' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;state;export' {
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'A new file for the archive; `-` is standard output')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;state;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the archives of what a tenant''s agent remembers, and what is in none of them yet')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Read archives to the last byte, and say which are as they were written')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Make an archive the state that a tenant''s next agent begins with; asks first')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Copy an archive into a file, verified on both ends')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;tenant;state;help;list' {
            break
        }
        'ztm;tenant;state;help;verify' {
            break
        }
        'ztm;tenant;state;help;restore' {
            break
        }
        'ztm;tenant;state;help;export' {
            break
        }
        'ztm;tenant;state;help;help' {
            break
        }
        'ztm;tenant;wait' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'What to wait for')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;logs' {
            [CompletionResult]::new('--tail', '--tail', [CompletionResultType]::ParameterName, 'How many of the last lines')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Go on with what is added, until interrupted')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Go on with what is added, until interrupted')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;tenant;help' {
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Create a tenant')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List all tenants')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Show one tenant')
            [CompletionResult]::new('update', 'update', [CompletionResultType]::ParameterValue, 'Change a tenant''s bot, idle timeout or labels')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete a tenant; asks first')
            [CompletionResult]::new('wake', 'wake', [CompletionResultType]::ParameterValue, 'Wake a tenant''s agent, and wait until it answers')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'Save and stop a tenant''s agent; the next message wakes it again')
            [CompletionResult]::new('suspend', 'suspend', [CompletionResultType]::ParameterValue, 'Suspend a tenant: its agent is stopped, and its messages wait until it is resumed')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'End a tenant''s suspension; what waits goes on')
            [CompletionResult]::new('snapshot', 'snapshot', [CompletionResultType]::ParameterValue, 'Save the state of a tenant''s running agent now')
            [CompletionResult]::new('state', 'state', [CompletionResultType]::ParameterValue, 'What a tenant''s agent remembers: archives, damage, copies')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until a tenant is running, idle or deleted')
            [CompletionResult]::new('logs', 'logs', [CompletionResultType]::ParameterValue, 'Print the log of a tenant''s agent')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;tenant;help;create' {
            break
        }
        'ztm;tenant;help;list' {
            break
        }
        'ztm;tenant;help;get' {
            break
        }
        'ztm;tenant;help;update' {
            break
        }
        'ztm;tenant;help;delete' {
            break
        }
        'ztm;tenant;help;wake' {
            break
        }
        'ztm;tenant;help;stop' {
            break
        }
        'ztm;tenant;help;suspend' {
            break
        }
        'ztm;tenant;help;resume' {
            break
        }
        'ztm;tenant;help;snapshot' {
            break
        }
        'ztm;tenant;help;state' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the archives of what a tenant''s agent remembers, and what is in none of them yet')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Read archives to the last byte, and say which are as they were written')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Make an archive the state that a tenant''s next agent begins with; asks first')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Copy an archive into a file, verified on both ends')
            break
        }
        'ztm;tenant;help;state;list' {
            break
        }
        'ztm;tenant;help;state;verify' {
            break
        }
        'ztm;tenant;help;state;restore' {
            break
        }
        'ztm;tenant;help;state;export' {
            break
        }
        'ztm;tenant;help;wait' {
            break
        }
        'ztm;tenant;help;logs' {
            break
        }
        'ztm;tenant;help;help' {
            break
        }
        'ztm;webhook' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('register', 'register', [CompletionResultType]::ParameterValue, 'Tell Telegram where to deliver a tenant''s messages')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Tell Telegram to stop delivering a tenant''s messages; it keeps them for a day')
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Show what Telegram knows of a tenant''s webhook')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;webhook;register' {
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'The router''s URL as Telegram reaches it [default: the control plane''s public URL]')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;webhook;delete' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;webhook;info' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;webhook;help' {
            [CompletionResult]::new('register', 'register', [CompletionResultType]::ParameterValue, 'Tell Telegram where to deliver a tenant''s messages')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Tell Telegram to stop delivering a tenant''s messages; it keeps them for a day')
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Show what Telegram knows of a tenant''s webhook')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;webhook;help;register' {
            break
        }
        'ztm;webhook;help;delete' {
            break
        }
        'ztm;webhook;help;info' {
            break
        }
        'ztm;webhook;help;help' {
            break
        }
        'ztm;inbox' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List stored updates')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Deliver updates that were given up, or dropped, once more')
            [CompletionResult]::new('drop', 'drop', [CompletionResultType]::ParameterValue, 'Throw updates away that have not been handled; asks first')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;inbox;list' {
            [CompletionResult]::new('--stage', '--stage', [CompletionResultType]::ParameterName, 'Only those in this stage')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;inbox;replay' {
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'With `--all-dead`: only this tenant''s')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('--all-dead', '--all-dead', [CompletionResultType]::ParameterName, 'All updates that were given up')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;inbox;drop' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;inbox;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List stored updates')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Deliver updates that were given up, or dropped, once more')
            [CompletionResult]::new('drop', 'drop', [CompletionResultType]::ParameterValue, 'Throw updates away that have not been handled; asks first')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;inbox;help;list' {
            break
        }
        'ztm;inbox;help;replay' {
            break
        }
        'ztm;inbox;help;drop' {
            break
        }
        'ztm;inbox;help;help' {
            break
        }
        'ztm;job' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('submit', 'submit', [CompletionResultType]::ParameterValue, 'Give a tenant''s agent a job; it is queued, paid for and run in its turn')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Show a job and what came out')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List jobs and where they stand')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until jobs are over; fails if one did not succeed')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Call jobs off: at once if they wait, at their next renewal if they run')
            [CompletionResult]::new('retry', 'retry', [CompletionResultType]::ParameterValue, 'Put dead or cancelled jobs back into the queue, with all their attempts')
            [CompletionResult]::new('dead', 'dead', [CompletionResultType]::ParameterValue, 'List the jobs that were given up; `ztm job get` says why')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;job;submit' {
            [CompletionResult]::new('--prompt-file', '--prompt-file', [CompletionResultType]::ParameterName, 'A file with what the agent is told; `-` reads it from standard input')
            [CompletionResult]::new('--cost', '--cost', [CompletionResultType]::ParameterName, 'Credits (GPU-seconds) that are held while it runs')
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'One of the tenant''s agents')
            [CompletionResult]::new('--priority', '--priority', [CompletionResultType]::ParameterName, '0 to 9, higher first among the tenant''s own jobs [default: 5]')
            [CompletionResult]::new('--attempts', '--attempts', [CompletionResultType]::ParameterName, 'How often it is tried [default: 3]')
            [CompletionResult]::new('--at', '--at', [CompletionResultType]::ParameterName, 'Not before this time, as RFC 3339 has it')
            [CompletionResult]::new('--in', '--in', [CompletionResultType]::ParameterName, 'Not before so much time has passed')
            [CompletionResult]::new('--idempotency-key', '--idempotency-key', [CompletionResultType]::ParameterName, 'A repeat under the same key within a day is the same submission [default: a random one]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'With `--wait`: how long')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until it is over, and print what came out')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;job;get' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;job;list' {
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'Only those that are this')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;job;wait' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;job;cancel' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;job;retry' {
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'With `--all-dead`: only this tenant''s')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('--all-dead', '--all-dead', [CompletionResultType]::ParameterName, 'All jobs that were given up')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;job;dead' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;job;help' {
            [CompletionResult]::new('submit', 'submit', [CompletionResultType]::ParameterValue, 'Give a tenant''s agent a job; it is queued, paid for and run in its turn')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Show a job and what came out')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List jobs and where they stand')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until jobs are over; fails if one did not succeed')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Call jobs off: at once if they wait, at their next renewal if they run')
            [CompletionResult]::new('retry', 'retry', [CompletionResultType]::ParameterValue, 'Put dead or cancelled jobs back into the queue, with all their attempts')
            [CompletionResult]::new('dead', 'dead', [CompletionResultType]::ParameterValue, 'List the jobs that were given up; `ztm job get` says why')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;job;help;submit' {
            break
        }
        'ztm;job;help;get' {
            break
        }
        'ztm;job;help;list' {
            break
        }
        'ztm;job;help;wait' {
            break
        }
        'ztm;job;help;cancel' {
            break
        }
        'ztm;job;help;retry' {
            break
        }
        'ztm;job;help;dead' {
            break
        }
        'ztm;job;help;help' {
            break
        }
        'ztm;quota' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Show what a tenant may use, and what it has')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Change what a tenant may use')
            [CompletionResult]::new('grant', 'grant', [CompletionResultType]::ParameterValue, 'Grant credits beside the bucket; a suspended tenant resumes')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;quota;get' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;quota;set' {
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Credits a second that the bucket refills by, at most 8000')
            [CompletionResult]::new('--burst', '--burst', [CompletionResultType]::ParameterName, 'Up to where the bucket refills')
            [CompletionResult]::new('--weight', '--weight', [CompletionResultType]::ParameterName, 'The share of capacity relative to others; 100 is the usual one')
            [CompletionResult]::new('--max-running', '--max-running', [CompletionResultType]::ParameterName, 'Jobs at once')
            [CompletionResult]::new('--budget', '--budget', [CompletionResultType]::ParameterName, 'Credits that may be spent in every period: CREDITS/day, /week or /month')
            [CompletionResult]::new('--budget-money', '--budget-money', [CompletionResultType]::ParameterName, 'Money that may be spent in every period; needs `--price`')
            [CompletionResult]::new('--price', '--price', [CompletionResultType]::ParameterName, 'With `--budget-money`: what one credit costs')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('--soft', '--soft', [CompletionResultType]::ParameterName, 'The budget only warns')
            [CompletionResult]::new('--no-budget', '--no-budget', [CompletionResultType]::ParameterName, 'Remove the budget')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;quota;grant' {
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'When what is left of them is gone [default: never]')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'A repeat under the same name grants nothing more [default: a random one]')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;quota;help' {
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Show what a tenant may use, and what it has')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Change what a tenant may use')
            [CompletionResult]::new('grant', 'grant', [CompletionResultType]::ParameterValue, 'Grant credits beside the bucket; a suspended tenant resumes')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;quota;help;get' {
            break
        }
        'ztm;quota;help;set' {
            break
        }
        'ztm;quota;help;grant' {
            break
        }
        'ztm;quota;help;help' {
            break
        }
        'ztm;spend' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Add up what was granted, used and kept waiting')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Prove from the ledger alone that no credit was made or lost; fails if one was')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the ledger''s rows in order: CSV, or a line of JSON each')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;spend;report' {
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'What makes a line')
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'Only this tenant''s')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Not before: a date, a time as RFC 3339 has it, or so long ago (`30d`)')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Before')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the report [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the report [default: table]')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;spend;audit' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;spend;export' {
            [CompletionResult]::new('--tenant', '--tenant', [CompletionResultType]::ParameterName, 'Only this tenant''s')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Not before: a date, a time as RFC 3339 has it, or so long ago (`30d`)')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Before')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to write rows: `json` is a line each, `name` is PARTITION:SEQ [default: csv]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to write rows: `json` is a line each, `name` is PARTITION:SEQ [default: csv]')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;spend;help' {
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Add up what was granted, used and kept waiting')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Prove from the ledger alone that no credit was made or lost; fails if one was')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the ledger''s rows in order: CSV, or a line of JSON each')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;spend;help;report' {
            break
        }
        'ztm;spend;help;audit' {
            break
        }
        'ztm;spend;help;export' {
            break
        }
        'ztm;spend;help;help' {
            break
        }
        'ztm;why' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('tenant', 'tenant', [CompletionResultType]::ParameterValue, 'Why a tenant is as it is, and what would hold back its next message')
            [CompletionResult]::new('job', 'job', [CompletionResultType]::ParameterValue, 'Why a job waits, runs or ended: who is ahead, what is missing, when it goes on')
            [CompletionResult]::new('wake', 'wake', [CompletionResultType]::ParameterValue, 'Why a tenant is not woken, or was not')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;why;tenant' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;why;job' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;why;wake' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;why;help' {
            [CompletionResult]::new('tenant', 'tenant', [CompletionResultType]::ParameterValue, 'Why a tenant is as it is, and what would hold back its next message')
            [CompletionResult]::new('job', 'job', [CompletionResultType]::ParameterValue, 'Why a job waits, runs or ended: who is ahead, what is missing, when it goes on')
            [CompletionResult]::new('wake', 'wake', [CompletionResultType]::ParameterValue, 'Why a tenant is not woken, or was not')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;why;help;tenant' {
            break
        }
        'ztm;why;help;job' {
            break
        }
        'ztm;why;help;wake' {
            break
        }
        'ztm;why;help;help' {
            break
        }
        'ztm;node' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the machines that agents run on, what they cost, and those that are waited for')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Show one machine, or one that is waited for')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;node;list' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;node;get' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;node;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the machines that agents run on, what they cost, and those that are waited for')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Show one machine, or one that is waited for')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;node;help;list' {
            break
        }
        'ztm;node;help;get' {
            break
        }
        'ztm;node;help;help' {
            break
        }
        'ztm;pool' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show how many agents are ready for whoever wakes next, and what stands in the way of more')
            [CompletionResult]::new('scale', 'scale', [CompletionResultType]::ParameterValue, 'Set how many agents are kept ready')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;pool;status' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;pool;scale' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('--reset', '--reset', [CompletionResultType]::ParameterName, 'As many as the configuration says')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;pool;help' {
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show how many agents are ready for whoever wakes next, and what stands in the way of more')
            [CompletionResult]::new('scale', 'scale', [CompletionResultType]::ParameterValue, 'Set how many agents are kept ready')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;pool;help;status' {
            break
        }
        'ztm;pool;help;scale' {
            break
        }
        'ztm;pool;help;help' {
            break
        }
        'ztm;admin' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Make what the stores of the context lack: the key file, tables, indexes, expiry, the bucket and its rules')
            [CompletionResult]::new('prices', 'prices', [CompletionResultType]::ParameterValue, 'Print what AWS asks for bare metal in a region, as the table that `up --prices` takes')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;admin;init' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what is missing, and make nothing')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;admin;prices' {
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'A region, as AWS names it; may be repeated')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;admin;help' {
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Make what the stores of the context lack: the key file, tables, indexes, expiry, the bucket and its rules')
            [CompletionResult]::new('prices', 'prices', [CompletionResultType]::ParameterValue, 'Print what AWS asks for bare metal in a region, as the table that `up --prices` takes')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;admin;help;init' {
            break
        }
        'ztm;admin;help;prices' {
            break
        }
        'ztm;admin;help;help' {
            break
        }
        'ztm;context' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the contexts of the configuration file')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Make a context the one in use')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a context: what it is, and where each of its values comes from')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;context;list' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;context;use' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;context;show' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;context;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the contexts of the configuration file')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Make a context the one in use')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a context: what it is, and where each of its values comes from')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;context;help;list' {
            break
        }
        'ztm;context;help;use' {
            break
        }
        'ztm;context;help;show' {
            break
        }
        'ztm;context;help;help' {
            break
        }
        'ztm;top' {
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write what the screen is told to a new file, too')
            [CompletionResult]::new('--replay', '--replay', [CompletionResultType]::ParameterName, 'Show what was recorded, and ask no control plane')
            [CompletionResult]::new('--speed', '--speed', [CompletionResultType]::ParameterName, 'So many times as fast as it was')
            [CompletionResult]::new('--theme', '--theme', [CompletionResultType]::ParameterName, 'Colours [default: what the terminal says it has; mono if colour is off]')
            [CompletionResult]::new('--symbols', '--symbols', [CompletionResultType]::ParameterName, 'The signs of graphs [default: block, or ascii where the terminal has no UTF-8]')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Print everything in numbers, once, and end')
            [CompletionResult]::new('--readonly', '--readonly', [CompletionResultType]::ParameterName, 'Do nothing, only look; `readonly = true` in a context does the same')
            [CompletionResult]::new('--mouse', '--mouse', [CompletionResultType]::ParameterName, 'Heed the mouse; the terminal then selects no text')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;status' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;version' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'Do not ask the control plane')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;agent' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port to listen on')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;generate' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Write the man pages')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Write the completions of bash, elvish, fish, powershell and zsh')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;generate;man' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;generate;completions' {
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where the embedded control plane keeps everything')
            [CompletionResult]::new('--orchestrator-url', '--orchestrator-url', [CompletionResultType]::ParameterName, 'The URL of an orchestrator, instead of the control plane of this machine')
            [CompletionResult]::new('--router-url', '--router-url', [CompletionResultType]::ParameterName, 'The URL of the router, whose health `ztm status` shows')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'The file with the token that the orchestrator asks for; must be private (mode 0600)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The Kubernetes namespace of the control plane')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Which control plane, or whose stores: a context of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print data')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; `auto` means on a terminal, unless NO_COLOR is set')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error; twice for even more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'ztm;generate;help' {
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Write the man pages')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Write the completions of bash, elvish, fish, powershell and zsh')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;generate;help;man' {
            break
        }
        'ztm;generate;help;completions' {
            break
        }
        'ztm;generate;help;help' {
            break
        }
        'ztm;help' {
            [CompletionResult]::new('up', 'up', [CompletionResultType]::ParameterValue, 'Run the whole control plane in this process, on this machine')
            [CompletionResult]::new('down', 'down', [CompletionResultType]::ParameterValue, 'Stop the control plane that `ztm up` runs')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Watch the whole job happen on real parts, in a temporary directory')
            [CompletionResult]::new('tenant', 'tenant', [CompletionResultType]::ParameterValue, 'Tenants: create, look at, change, wake, stop, delete')
            [CompletionResult]::new('webhook', 'webhook', [CompletionResultType]::ParameterValue, 'The webhooks through which Telegram delivers')
            [CompletionResult]::new('inbox', 'inbox', [CompletionResultType]::ParameterValue, 'The stored messages: what waits, what was given up')
            [CompletionResult]::new('job', 'job', [CompletionResultType]::ParameterValue, 'Jobs: submit, look at, wait for, call off, put back')
            [CompletionResult]::new('quota', 'quota', [CompletionResultType]::ParameterValue, 'What tenants may use: credits, shares, budgets, grants')
            [CompletionResult]::new('spend', 'spend', [CompletionResultType]::ParameterValue, 'What was used: report, audit, the ledger itself')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Explain why something waits, was refused or stopped, in the numbers that were compared')
            [CompletionResult]::new('node', 'node', [CompletionResultType]::ParameterValue, 'The machines that agents run on, and what they cost')
            [CompletionResult]::new('pool', 'pool', [CompletionResultType]::ParameterValue, 'The warm pool: agents that are ready for whoever wakes next')
            [CompletionResult]::new('admin', 'admin', [CompletionResultType]::ParameterValue, 'What the stores of a context need before their first use')
            [CompletionResult]::new('context', 'context', [CompletionResultType]::ParameterValue, 'Contexts: which control plane, or whose stores, the commands mean')
            [CompletionResult]::new('top', 'top', [CompletionResultType]::ParameterValue, 'Watch the whole fleet, its queue and its money on one screen')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show the control plane in numbers')
            [CompletionResult]::new('version', 'version', [CompletionResultType]::ParameterValue, 'Show the version of this command and of the control plane')
            [CompletionResult]::new('agent', 'agent', [CompletionResultType]::ParameterValue, 'Run the small built-in agent')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Write the man pages or the completions')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'ztm;help;up' {
            break
        }
        'ztm;help;down' {
            break
        }
        'ztm;help;demo' {
            break
        }
        'ztm;help;tenant' {
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Create a tenant')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List all tenants')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Show one tenant')
            [CompletionResult]::new('update', 'update', [CompletionResultType]::ParameterValue, 'Change a tenant''s bot, idle timeout or labels')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete a tenant; asks first')
            [CompletionResult]::new('wake', 'wake', [CompletionResultType]::ParameterValue, 'Wake a tenant''s agent, and wait until it answers')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'Save and stop a tenant''s agent; the next message wakes it again')
            [CompletionResult]::new('suspend', 'suspend', [CompletionResultType]::ParameterValue, 'Suspend a tenant: its agent is stopped, and its messages wait until it is resumed')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'End a tenant''s suspension; what waits goes on')
            [CompletionResult]::new('snapshot', 'snapshot', [CompletionResultType]::ParameterValue, 'Save the state of a tenant''s running agent now')
            [CompletionResult]::new('state', 'state', [CompletionResultType]::ParameterValue, 'What a tenant''s agent remembers: archives, damage, copies')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until a tenant is running, idle or deleted')
            [CompletionResult]::new('logs', 'logs', [CompletionResultType]::ParameterValue, 'Print the log of a tenant''s agent')
            break
        }
        'ztm;help;tenant;create' {
            break
        }
        'ztm;help;tenant;list' {
            break
        }
        'ztm;help;tenant;get' {
            break
        }
        'ztm;help;tenant;update' {
            break
        }
        'ztm;help;tenant;delete' {
            break
        }
        'ztm;help;tenant;wake' {
            break
        }
        'ztm;help;tenant;stop' {
            break
        }
        'ztm;help;tenant;suspend' {
            break
        }
        'ztm;help;tenant;resume' {
            break
        }
        'ztm;help;tenant;snapshot' {
            break
        }
        'ztm;help;tenant;state' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the archives of what a tenant''s agent remembers, and what is in none of them yet')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Read archives to the last byte, and say which are as they were written')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Make an archive the state that a tenant''s next agent begins with; asks first')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Copy an archive into a file, verified on both ends')
            break
        }
        'ztm;help;tenant;state;list' {
            break
        }
        'ztm;help;tenant;state;verify' {
            break
        }
        'ztm;help;tenant;state;restore' {
            break
        }
        'ztm;help;tenant;state;export' {
            break
        }
        'ztm;help;tenant;wait' {
            break
        }
        'ztm;help;tenant;logs' {
            break
        }
        'ztm;help;webhook' {
            [CompletionResult]::new('register', 'register', [CompletionResultType]::ParameterValue, 'Tell Telegram where to deliver a tenant''s messages')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Tell Telegram to stop delivering a tenant''s messages; it keeps them for a day')
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Show what Telegram knows of a tenant''s webhook')
            break
        }
        'ztm;help;webhook;register' {
            break
        }
        'ztm;help;webhook;delete' {
            break
        }
        'ztm;help;webhook;info' {
            break
        }
        'ztm;help;inbox' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List stored updates')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Deliver updates that were given up, or dropped, once more')
            [CompletionResult]::new('drop', 'drop', [CompletionResultType]::ParameterValue, 'Throw updates away that have not been handled; asks first')
            break
        }
        'ztm;help;inbox;list' {
            break
        }
        'ztm;help;inbox;replay' {
            break
        }
        'ztm;help;inbox;drop' {
            break
        }
        'ztm;help;job' {
            [CompletionResult]::new('submit', 'submit', [CompletionResultType]::ParameterValue, 'Give a tenant''s agent a job; it is queued, paid for and run in its turn')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Show a job and what came out')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List jobs and where they stand')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until jobs are over; fails if one did not succeed')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Call jobs off: at once if they wait, at their next renewal if they run')
            [CompletionResult]::new('retry', 'retry', [CompletionResultType]::ParameterValue, 'Put dead or cancelled jobs back into the queue, with all their attempts')
            [CompletionResult]::new('dead', 'dead', [CompletionResultType]::ParameterValue, 'List the jobs that were given up; `ztm job get` says why')
            break
        }
        'ztm;help;job;submit' {
            break
        }
        'ztm;help;job;get' {
            break
        }
        'ztm;help;job;list' {
            break
        }
        'ztm;help;job;wait' {
            break
        }
        'ztm;help;job;cancel' {
            break
        }
        'ztm;help;job;retry' {
            break
        }
        'ztm;help;job;dead' {
            break
        }
        'ztm;help;quota' {
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Show what a tenant may use, and what it has')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Change what a tenant may use')
            [CompletionResult]::new('grant', 'grant', [CompletionResultType]::ParameterValue, 'Grant credits beside the bucket; a suspended tenant resumes')
            break
        }
        'ztm;help;quota;get' {
            break
        }
        'ztm;help;quota;set' {
            break
        }
        'ztm;help;quota;grant' {
            break
        }
        'ztm;help;spend' {
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Add up what was granted, used and kept waiting')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Prove from the ledger alone that no credit was made or lost; fails if one was')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the ledger''s rows in order: CSV, or a line of JSON each')
            break
        }
        'ztm;help;spend;report' {
            break
        }
        'ztm;help;spend;audit' {
            break
        }
        'ztm;help;spend;export' {
            break
        }
        'ztm;help;why' {
            [CompletionResult]::new('tenant', 'tenant', [CompletionResultType]::ParameterValue, 'Why a tenant is as it is, and what would hold back its next message')
            [CompletionResult]::new('job', 'job', [CompletionResultType]::ParameterValue, 'Why a job waits, runs or ended: who is ahead, what is missing, when it goes on')
            [CompletionResult]::new('wake', 'wake', [CompletionResultType]::ParameterValue, 'Why a tenant is not woken, or was not')
            break
        }
        'ztm;help;why;tenant' {
            break
        }
        'ztm;help;why;job' {
            break
        }
        'ztm;help;why;wake' {
            break
        }
        'ztm;help;node' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the machines that agents run on, what they cost, and those that are waited for')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Show one machine, or one that is waited for')
            break
        }
        'ztm;help;node;list' {
            break
        }
        'ztm;help;node;get' {
            break
        }
        'ztm;help;pool' {
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show how many agents are ready for whoever wakes next, and what stands in the way of more')
            [CompletionResult]::new('scale', 'scale', [CompletionResultType]::ParameterValue, 'Set how many agents are kept ready')
            break
        }
        'ztm;help;pool;status' {
            break
        }
        'ztm;help;pool;scale' {
            break
        }
        'ztm;help;admin' {
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Make what the stores of the context lack: the key file, tables, indexes, expiry, the bucket and its rules')
            [CompletionResult]::new('prices', 'prices', [CompletionResultType]::ParameterValue, 'Print what AWS asks for bare metal in a region, as the table that `up --prices` takes')
            break
        }
        'ztm;help;admin;init' {
            break
        }
        'ztm;help;admin;prices' {
            break
        }
        'ztm;help;context' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the contexts of the configuration file')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Make a context the one in use')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a context: what it is, and where each of its values comes from')
            break
        }
        'ztm;help;context;list' {
            break
        }
        'ztm;help;context;use' {
            break
        }
        'ztm;help;context;show' {
            break
        }
        'ztm;help;top' {
            break
        }
        'ztm;help;status' {
            break
        }
        'ztm;help;version' {
            break
        }
        'ztm;help;agent' {
            break
        }
        'ztm;help;generate' {
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Write the man pages')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Write the completions of bash, elvish, fish, powershell and zsh')
            break
        }
        'ztm;help;generate;man' {
            break
        }
        'ztm;help;generate;completions' {
            break
        }
        'ztm;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
