use proptest::prelude::*;

use super::*;

const AGENT: Generation = Generation(40);

fn agent(generation: Generation) -> Agent {
    Agent { workload: WorkloadId("w".to_owned()), generation, endpoint: Endpoint::Unix("/run/a.sock".into()) }
}

fn snapshot(generation: u64, taken_at: i64) -> SnapshotRef {
    SnapshotRef {
        key: format!("tenants/acme/{generation}/{taken_at}"),
        sha256: "ab".repeat(32),
        bytes: 1,
        generation: Generation(generation),
        taken_at: Timestamp::from_micros(taken_at),
        instead_of: None,
    }
}

fn at(status: Status) -> Lifecycle {
    Lifecycle {
        generation: Generation(41),
        status,
        since: Timestamp::from_micros(1),
        snapshot: Some(snapshot(20, 5)),
        last_wake: None,
    }
}

/// One of each status, in the order of `Status::LABELS`.
fn statuses() -> [Status; 5] {
    [
        Status::Idle { reason: Some(StopReason::Idle) },
        Status::Provisioning,
        Status::Running { agent: agent(AGENT) },
        Status::Stopping { agent: agent(AGENT), reason: StopReason::Operator },
        Status::Terminated { keep_state: true },
    ]
}

fn status() -> impl Strategy<Value = Status> {
    proptest::sample::select(statuses().to_vec())
}

fn event() -> impl Strategy<Value = Event> {
    let snapshots = (0..60_u64, 0..10_i64).prop_map(|(generation, taken_at)| snapshot(generation, taken_at));
    prop_oneof![
        Just(Event::WakeStarted),
        (38..44_u64).prop_map(|generation| Event::AgentReady(agent(Generation(generation)), WakePhases::default())),
        Just(Event::WakeFailed("no".to_owned())),
        Just(Event::StopStarted(StopReason::Idle)),
        Just(Event::StopCancelled),
        proptest::option::of(snapshots.clone()).prop_map(Event::StopFinished),
        Just(Event::AgentLost("gone".to_owned())),
        snapshots.prop_map(Event::SnapshotTaken),
        any::<bool>().prop_map(|keep_state| Event::Deleted { keep_state }),
    ]
}

#[test]
fn s14_ids_are_dns_labels_of_at_most_forty_characters() {
    for good in ["a", "0", "acme", "a-b", "a--b", "0a9", "tenant-1", &"a".repeat(40)] {
        assert_eq!(good.parse::<TenantId>().unwrap().as_str(), good);
    }
    let bad = [
        "",
        "-",
        "-a",
        "a-",
        "A",
        "aCme",
        "a_b",
        "a.b",
        "a/b",
        "..",
        "a b",
        " a",
        "a ",
        "a\n",
        "a\0",
        "ä",
        "а",
        "%61",
        "a;b",
        "'",
        "*",
        "warm-pool-meta",
    ];
    for bad in bad {
        let refused = bad.parse::<TenantId>().unwrap_err();
        assert!(matches!(refused, Error::Invalid { field: "tenant id", .. }), "{bad:?}: {refused:?}");
    }
    "a".repeat(41).parse::<TenantId>().unwrap_err();
    let refused = "x".repeat(1 << 20).parse::<TenantId>().unwrap_err().to_string();
    assert!(refused.len() < 300, "an error does not repeat what a stranger sent: {} bytes", refused.len());
}

#[test]
fn an_id_of_a_wrong_shape_is_not_deserialized() {
    assert_eq!(serde_json::from_str::<TenantId>("\"acme\"").unwrap().as_str(), "acme");
    for bad in ["\"ACME\"", "\"\"", "\"../x\"", "7", "null"] {
        serde_json::from_str::<TenantId>(bad).unwrap_err();
    }
}

#[test]
fn every_status_has_a_label_of_its_own_and_round_trips() {
    let labels: Vec<&str> = statuses().iter().map(Status::label).collect();
    assert_eq!(labels, Status::LABELS);
    for status in statuses() {
        let json = serde_json::to_value(&status).unwrap();
        assert_eq!(json["status"], status.label());
        assert_eq!(serde_json::from_value::<Status>(json).unwrap(), status);
    }
}

#[test]
fn every_stop_reason_round_trips() {
    let reasons = [
        (StopReason::Idle, "idle"),
        (StopReason::Operator, "operator"),
        (StopReason::Forced, "operator, by force"),
        (StopReason::Shutdown, "the control plane was ended"),
        (StopReason::Deleted, "deleted"),
        (StopReason::Lost("x".to_owned()), "lost: x"),
        (StopReason::WakeFailed("x".to_owned()), "wake failed: x"),
    ];
    for (reason, shown) in reasons {
        assert_eq!(reason.to_string(), shown);
        let json = serde_json::to_string(&reason).unwrap();
        assert_eq!(serde_json::from_str::<StopReason>(&json).unwrap(), reason);
    }
}

/// Which status follows which; `-` where the event is not allowed.
#[test]
fn the_transition_table() {
    let taken = snapshot(AGENT.0, 9);
    #[rustfmt::skip]
    let table: [(Event, [&str; 5]); 13] = [
        // from:                                        idle            provisioning    running       stopping      terminated
        (Event::WakeStarted,                            ["provisioning", "provisioning", "-",          "-",          "-"]),
        (Event::AgentReady(agent(Generation(41)), WakePhases::default()),
                                                        ["-",            "running",      "-",          "-",          "-"]),
        (Event::AgentReady(agent(AGENT), WakePhases::default()),
                                                        ["-",            "-",            "-",          "-",          "-"]),
        (Event::WakeFailed("no".to_owned()),            ["-",            "idle",         "-",          "-",          "-"]),
        (Event::StopStarted(StopReason::Idle),          ["-",            "-",            "stopping",   "-",          "-"]),
        (Event::StopCancelled,                          ["-",            "-",            "-",          "running",    "-"]),
        (Event::StopFinished(None),                     ["-",            "-",            "-",          "idle",       "-"]),
        (Event::AgentLost("gone".to_owned()),           ["-",            "-",            "idle",       "idle",       "-"]),
        (Event::SnapshotTaken(taken.clone()),           ["idle",         "-",            "running",    "-",          "-"]),
        (Event::SnapshotTaken(snapshot(39, 9)),         ["idle",         "-",            "-",          "-",          "-"]),
        (Event::SnapshotTaken(snapshot(20, 5)),         ["-",            "-",            "-",          "-",          "-"]),
        (Event::SnapshotChosen(taken),                  ["idle",         "provisioning", "-",          "-",          "-"]),
        (Event::Deleted { keep_state: false },          ["terminated";   5]),
    ];
    for (event, expected) in table {
        let found = statuses().map(|status| {
            at(status).after(event.clone(), Timestamp::from_micros(2)).map_or("-", |next| next.status.label())
        });
        assert_eq!(found, expected, "{event:?}");
    }
}

#[test]
fn a_refused_event_names_tenant_status_and_event() {
    let tenant = Tenant {
        id: "acme".parse().unwrap(),
        created_at: Timestamp::default(),
        last_active_at: Timestamp::default(),
        settings: Settings {
            idle_timeout: DEFAULT_IDLE_TIMEOUT,
            bot: None,
            suspended: None,
            labels: crate::labels::Labels::default(),
            schedules: crate::schedule::Schedules::default(),
        },
        lifecycle: at(Status::Provisioning),
    };
    let refused = tenant.after(Event::StopStarted(StopReason::Idle), Timestamp::default()).unwrap_err();
    assert_eq!(refused.to_string(), "tenant `acme` is provisioning: `StopStarted` is not possible now");
}

#[test]
fn a_stop_keeps_its_reason_and_a_lost_agent_says_what_was_seen() {
    let now = Timestamp::from_micros(2);
    let [.., running, stopping, _] = statuses();
    let stopped = at(stopping.clone()).after(Event::StopFinished(None), now).unwrap();
    assert_eq!(stopped.status, Status::Idle { reason: Some(StopReason::Operator) });
    let died_while_stopping = at(stopping).after(Event::AgentLost("x".to_owned()), now).unwrap();
    assert_eq!(died_while_stopping.status, Status::Idle { reason: Some(StopReason::Operator) });
    let lost = at(running).after(Event::AgentLost("x".to_owned()), now).unwrap();
    assert_eq!(lost.status, Status::Idle { reason: Some(StopReason::Lost("x".to_owned())) });
}

#[test]
fn what_a_gone_agent_left_is_published_if_it_is_newer_and_a_choice_always() {
    let now = Timestamp::from_micros(2);
    let [idle, provisioning, ..] = statuses();
    for (left, newer) in
        [(snapshot(20, 6), true), (snapshot(21, 0), true), (snapshot(20, 5), false), (snapshot(42, 9), false)]
    {
        let next = at(idle.clone()).after(Event::SnapshotTaken(left.clone()), now);
        assert_eq!(next.and_then(|next| next.snapshot), newer.then_some(left));
    }
    for status in [idle, provisioning] {
        let chosen = snapshot(3, 3);
        let next = at(status.clone()).after(Event::SnapshotChosen(chosen.clone()), now).unwrap();
        assert_eq!((next.status, next.snapshot), (status, Some(chosen)));
    }
}

#[test]
fn state_that_an_operator_gave_up_is_not_kept_by_a_later_deletion() {
    let keep = |kept: bool, keep_state: bool| {
        let lifecycle = at(Status::Terminated { keep_state: kept });
        lifecycle.after(Event::Deleted { keep_state }, Timestamp::default()).unwrap().status
    };
    for (kept, asked) in [(true, true), (true, false), (false, true), (false, false)] {
        assert_eq!(keep(kept, asked), Status::Terminated { keep_state: kept && asked });
    }
}

#[test]
fn r16_idle_timeouts_from_one_second_to_thirty_days_are_taken() {
    for good in [1, 5, 299, 300, 30 * 86_400] {
        assert_eq!(idle_timeout_from_secs(good).unwrap().as_secs(), good.unsigned_abs());
    }
    for bad in [0, -1, i64::MIN, 30 * 86_400 + 1, i64::MAX] {
        let refused = idle_timeout_from_secs(bad).unwrap_err();
        assert!(matches!(refused, Error::Invalid { field: "idle_timeout_s", .. }), "{bad}: {refused:?}");
    }
}

proptest! {
    #[test]
    fn an_id_parses_exactly_if_it_is_a_label(text in "[a-zA-Z0-9_.-]{0,45}") {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let label = !text.is_empty()
            && text.len() <= 40
            && text.chars().all(|c| inner(c) || c == '-')
            && !text.starts_with('-')
            && !text.ends_with('-')
            && text != "warm-pool-meta";
        prop_assert_eq!(text.parse::<TenantId>().is_ok(), label);
    }

    #[test]
    fn any_text_is_an_id_or_an_error(text in any::<String>()) {
        if let Ok(id) = text.parse::<TenantId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn a_transition_raises_the_generation_whatever_the_clock_says(
        status in status(),
        event in event(),
        generation in prop_oneof![0..1_000_u64, 1_790_000_000_000_000..1_790_000_000_001_000_u64],
        now in prop_oneof![-5..1_000_i64, 1_790_000_000_000_000..1_790_000_000_001_000_i64],
    ) {
        let lifecycle = Lifecycle { generation: Generation(generation), ..at(status) };
        if let Some(next) = lifecycle.after(event, Timestamp::from_micros(now)) {
            prop_assert!(next.generation > lifecycle.generation);
            prop_assert!(next.generation.0 >= u64::try_from(now).unwrap_or(0));
        }
    }

    #[test]
    fn a_life_of_any_events_keeps_its_invariants(events in proptest::collection::vec(event(), 1..60)) {
        let mut lifecycle = Lifecycle::new(Timestamp::from_micros(30));
        for (step, event) in (0..).zip(events) {
            let now = Timestamp::from_micros(30 + step);
            let Some(next) = lifecycle.after(event, now) else { continue };
            prop_assert!(next.generation > lifecycle.generation);
            prop_assert!(next.since <= now);
            // A status that goes on keeps its beginning.
            if next.status.label() == lifecycle.status.label() {
                prop_assert_eq!(next.since, lifecycle.since);
            } else {
                prop_assert_eq!(next.since, now);
            }
            // A published snapshot is replaced only by one that is not older.
            let age = |lifecycle: &Lifecycle| lifecycle.snapshot.as_ref().map(|s| (s.generation, s.taken_at));
            prop_assert!(age(&next) >= age(&lifecycle));
            // What is being deleted stays so.
            if matches!(lifecycle.status, Status::Terminated { .. }) {
                prop_assert_eq!(next.status.label(), "terminated");
            }
            // An agent is the one that was bound, until there is none.
            if let (Some(old), Some(new)) = (lifecycle.status.agent(), next.status.agent()) {
                prop_assert_eq!(old, new);
            }
            lifecycle = next;
        }
    }

    #[test]
    fn a_lifecycle_round_trips_as_json(status in status(), generation in any::<u64>()) {
        let lifecycle = Lifecycle { generation: Generation(generation), ..at(status) };
        let json = serde_json::to_string(&lifecycle).unwrap();
        prop_assert_eq!(serde_json::from_str::<Lifecycle>(&json).unwrap(), lifecycle);
    }
}
