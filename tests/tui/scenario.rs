//! What a control plane would say: nothing, a busy fleet, and one in trouble.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use libtenancy::{
    api::{
        LedgerView, WakePhasesView, WakeView,
        feed::{
            AccountLine, Begin, Change, EventLine, HeldLine, Numbers, Piece, QueueLine, ReadyLine, SpendNow, TenantLine,
        },
        jobs::{JobOutcome, JobView},
        nodes::{NodeList, NodeView},
    },
    clock::Timestamp,
    credits::MicroCredits,
    fleet::{Node, NodeClaim, Resources},
    labels::Labels,
    ports::jobs::Waits,
};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer};
use ztm_tui::{
    event::{Action, Event},
    state::{Options, State},
    update::update,
    view,
};

/// 2026-11-29, a quarter past nine, UTC.
pub(crate) const NOW: i64 = 1_795_943_700_000_000;

pub(crate) fn at(seconds_ago: i64) -> Timestamp {
    Timestamp::from_micros(NOW - seconds_ago * 1_000_000)
}

pub(crate) fn piece(change: Change) -> Piece {
    Piece { at: at(0), change }
}

/// What operators say of a tenant: one in two is of a team.
fn labels(id: &str) -> Labels {
    let team = if id.len().is_multiple_of(2) { Some(if id < "i" { "red" } else { "blue" }) } else { None };
    let said = team.map(|team| ("team".to_owned(), Some(team.to_owned())));
    Labels::default().changed(&said.into_iter().collect()).unwrap()
}

pub(crate) fn tenant(id: &str, status: &str, since: i64) -> TenantLine {
    TenantLine {
        id: id.to_owned(),
        status: status.to_owned(),
        suspended: None,
        generation: 1_795_000_000_000_000,
        since: at(since),
        stop_reason: None,
        last_active_at: at(since.min(40)),
        idle_timeout_s: 300,
        labels: labels(id),
        workload: (status == "running").then(|| format!("zeroclaw-{id}")),
        pending: 0,
        account: Some(account(3_000)),
        snapshot: Some((at(since + 100), 1_600_000)),
        last_wake: None,
    }
}

pub(crate) fn account(credits: i64) -> AccountLine {
    AccountLine {
        available: MicroCredits::credits(credits),
        burst: MicroCredits::credits(3_600),
        rate: MicroCredits::credits(1),
        held: MicroCredits::credits(10),
        spent: MicroCredits::credits(3_600 - credits),
        budget: None,
        weight: 1,
        running: 0,
        standing: "idle".to_owned(),
    }
}

pub(crate) fn wake(kind: &str, total_ms: f64) -> WakeView {
    WakeView {
        kind: kind.to_owned(),
        phases: WakePhasesView {
            queue_ms: 0.4,
            lock_ms: 1.2,
            node_ms: total_ms * 0.3,
            workload_ms: total_ms * 0.1,
            restore_ms: total_ms * 0.2,
            ready_ms: total_ms * 0.35,
            record_ms: 2.0,
            total_ms,
        },
    }
}

pub(crate) fn job(tenant: &str, serial: &str, status: &str) -> JobView {
    JobView {
        job_id: format!("{tenant}.{serial}"),
        tenant_id: tenant.to_owned(),
        agent_id: "main".to_owned(),
        status: status.to_owned(),
        delay_reason: (status == "delayed").then(|| "backoff".to_owned()),
        until: matches!(status, "running" | "delayed").then(|| at(-25)),
        worker: (status == "running").then(|| "worker-7".to_owned()),
        cost_gpu_seconds: MicroCredits::credits(20),
        held_gpu_seconds: MicroCredits::credits(20),
        used_gpu_seconds: MicroCredits::credits(0),
        priority: 5,
        attempts: 1,
        max_attempts: 3,
        cancelling: false,
        submitted_at: at(95),
        ended_at: None,
        prompt: None,
        outcome: Some(JobOutcome {
            result: None,
            error: (status == "dead").then(|| "the agent answered 500".to_owned()),
        }),
    }
}

fn node(name: &str, trouble: Option<&str>) -> NodeView {
    NodeView {
        node: Node {
            name: name.to_owned(),
            pool: Some("kata-metal".to_owned()),
            instance_type: Some("c6i.metal".to_owned()),
            region: Some("us-east-1".to_owned()),
            capacity_type: Some("on-demand".to_owned()),
            created_at: Some(at(86_400 * 3)),
            trouble: trouble.map(str::to_owned),
            allocatable: Resources { cpu_millis: 128_000, memory_bytes: 256 << 30 },
            requested: Some(Resources { cpu_millis: 48_000, memory_bytes: 64 << 30 }),
            tenants: vec!["acme".parse().unwrap(), "globex".parse().unwrap()],
            warm: 3,
            ..Node::default()
        },
        micro_usd_per_hour: Some(5_440_000),
        idle_micro_usd_per_hour: Some(3_400_000),
    }
}

fn begin(role: &str) -> Change {
    Change::Begin(Begin {
        version: "0.1.0".to_owned(),
        role: Some(role.to_owned()),
        live: true,
        started_at: at(90_000),
        max_running: 1_000,
    })
}

/// Nothing at all.
pub(crate) fn empty() -> Vec<Piece> {
    let changes = [begin("admin"), Change::Numbers(Numbers::default()), Change::Ready];
    changes.into_iter().map(piece).collect()
}

fn events() -> Vec<EventLine> {
    let line = |ago: i64, tenant: &str, what: &str, text: &str, wake: Option<WakeView>| EventLine {
        at: at(ago),
        tenant: Some(tenant.to_owned()),
        what: what.to_owned(),
        text: text.to_owned(),
        wake,
    };
    let woken = |ago: i64, tenant: &str, kind: &str, ms: f64| {
        line(ago, tenant, "woken", &format!("{kind} wake in {ms:.0} ms"), Some(wake(kind, ms)))
    };
    let mut all: Vec<EventLine> = (0..40_i32)
        .map(|n| {
            woken(
                3_500 - i64::from(n) * 80,
                "initech",
                if n % 4 == 0 { "cold" } else { "warm" },
                150.0 + 20.0 * f64::from(n),
            )
        })
        .collect();
    all.push(line(300, "umbrella", "suspended", "unpaid since October", None));
    all.push(line(120, "hooli", "refused", "a job was refused: budget_exhausted until 2026-11-30T00:00:00Z", None));
    all.push(woken(41, "acme", "cold", 878.0));
    all.push(line(12, "globex", "stopping", "idle", None));
    all
}

/// A fleet at work.
pub(crate) fn busy() -> Vec<Piece> {
    let tenants = vec![
        TenantLine { last_wake: Some(wake("cold", 878.0)), pending: 2, ..tenant("acme", "running", 41) },
        tenant("globex", "stopping", 12),
        TenantLine {
            account: Some(AccountLine {
                budget: Some(MicroCredits::credits(4_000)),
                spent: MicroCredits::credits(3_450),
                running: 2,
                ..account(150)
            }),
            ..tenant("hooli", "running", 4_000)
        },
        tenant("initech", "idle", 86_400),
        tenant("soylent", "provisioning", 2),
        TenantLine { suspended: Some("unpaid since October".to_owned()), ..tenant("umbrella", "idle", 300) },
    ];
    let ready = |tenant: &str, tag: i64, waiting: u64| ReadyLine {
        tenant: tenant.to_owned(),
        tag,
        weight: 1,
        waiting,
        running: 1,
    };
    let changes = [
        begin("admin"),
        Change::Numbers(Numbers { leader: true, warm_ready: 2, warm_target: 3, ..Numbers::default() }),
        Change::Tenants(tenants),
        Change::Queue(vec![QueueLine {
            capacity: 8,
            leases: 3,
            clock: 1_000,
            delayed: 1,
            ready: vec![ready("hooli", 1_200, 4), ready("acme", 1_900, 1)],
            ready_count: 2,
            held_back: vec![HeldLine {
                tenant: "initech".to_owned(),
                standing: "credits".to_owned(),
                waiting: 3,
                running: 0,
            }],
            waits: Some(Waits { turn: 5, credits: 3, delayed: 1, ..Waits::default() }),
            recovered: 7,
        }]),
        Change::Jobs(vec![
            job("hooli", "01a", "running"),
            job("hooli", "01b", "queued"),
            job("acme", "01c", "delayed"),
            job("acme", "01d", "dead"),
        ]),
        Change::Nodes(NodeList {
            nodes: vec![node("ip-10-0-1-17.ec2.internal", None)],
            claims: vec![NodeClaim {
                name: "kata-metal-x7".to_owned(),
                pool: Some("kata-metal".to_owned()),
                instance_type: None,
                created_at: Some(at(75)),
                cause: "not launched: InsufficientInstanceCapacity".to_owned(),
            }],
            micro_usd_per_hour: Some(5_440_000),
            idle_micro_usd_per_hour: Some(3_400_000),
            unknown_prices: 0,
            prices: "On-demand USD per hour, as of 2026-07-20".to_owned(),
        }),
        Change::Spend(SpendNow {
            today: MicroCredits::credits(7_200),
            month: MicroCredits::credits(151_000),
            per_hour: Some(MicroCredits::credits(912)),
            price_micros_per_credit: Some(2_000),
        }),
        Change::Events(events()),
        Change::Ready,
    ];
    changes.into_iter().map(piece).collect()
}

/// Much is wrong.
pub(crate) fn trouble() -> Vec<Piece> {
    let mut pieces = busy();
    let failed = "wake failed: its pod's image cannot be pulled: ErrImagePull";
    let lines = vec![
        TenantLine { stop_reason: Some(failed.to_owned()), pending: 31, ..tenant("acme", "idle", 70) },
        tenant("soylent", "provisioning", 250),
    ];
    let numbers = Numbers {
        warm_target: 3,
        warm_trouble: Some("open until 2026-11-29T09:20:00Z: ErrImagePull".to_owned()),
        dead_updates: 12,
        ledger: LedgerView { failing: Some("dynamodb is unavailable".to_owned()), ..LedgerView::default() },
        reconcile_errors: vec!["kubernetes is unavailable".to_owned()],
        ..Numbers::default()
    };
    let nodes = NodeList {
        nodes: vec![node("ip-10-0-1-17.ec2.internal", Some("not ready: kubelet stopped posting status"))],
        claims: Vec::new(),
        micro_usd_per_hour: Some(5_440_000),
        idle_micro_usd_per_hour: Some(3_400_000),
        unknown_prices: 0,
        prices: "On-demand USD per hour, as of 2026-07-20".to_owned(),
    };
    let more = [Change::Tenants(lines), Change::Numbers(numbers), Change::Nodes(nodes)];
    pieces.extend(more.into_iter().map(piece));
    pieces
}

/// A screen that was told this.
pub(crate) fn screen(pieces: Vec<Piece>, size: (u16, u16)) -> State {
    let options = Options { context: "production".to_owned(), namespace: Some("ztm".to_owned()), ..Options::default() };
    let mut state = State::new(options, size, at(0));
    update(&mut state, Event::Pieces(pieces));
    state
}

/// Types keys, and gathers what is to be done.
pub(crate) fn keys(state: &mut State, keys: &str) -> Vec<Action> {
    let mut actions = Vec::new();
    for word in keys.split(' ') {
        let (code, modifiers) = match word {
            "enter" => (KeyCode::Enter, KeyModifiers::NONE),
            "esc" => (KeyCode::Esc, KeyModifiers::NONE),
            "tab" => (KeyCode::Tab, KeyModifiers::NONE),
            "left" => (KeyCode::Left, KeyModifiers::NONE),
            "backspace" => (KeyCode::Backspace, KeyModifiers::NONE),
            "space" => (KeyCode::Char(' '), KeyModifiers::NONE),
            "^c" => (KeyCode::Char('c'), KeyModifiers::CONTROL),
            "^d" => (KeyCode::Char('d'), KeyModifiers::CONTROL),
            text => {
                for letter in text.chars() {
                    let shift = if letter.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
                    actions.extend(update(state, Event::Key(KeyEvent::new(KeyCode::Char(letter), shift))));
                }
                continue;
            }
        };
        actions.extend(update(state, Event::Key(KeyEvent::new(code, modifiers))));
    }
    actions
}

/// What is on the screen, with its colours.
pub(crate) fn buffer(state: &State) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(state.size.0, state.size.1)).unwrap();
    terminal.draw(|frame| view::draw(state, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// What is on the screen.
pub(crate) fn drawn(state: &State) -> String {
    let buffer = buffer(state);
    let rows = (0..state.size.1).map(|y| {
        let row: String = (0..state.size.0).map(|x| buffer[(x, y)].symbol()).collect();
        row.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}
