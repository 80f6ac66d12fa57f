//! The screen in numbers.

use comfy_table::Cell;
use libtenancy::api::feed::TenantLine;
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeStruct},
};
use serde_json::Value;
use ztm_tui::{state::State, summary::Summary};

use super::{Look, Show, cell, plain};

/// What `ztm top` would show.
pub struct Once(pub State);

/// A tenant, with what its account has spent called what it is: not all that it ever spent.
fn tenant(line: &TenantLine) -> Result<Value, serde_json::Error> {
    let mut line = serde_json::to_value(line)?;
    if let Some(account) = line.get_mut("account").and_then(Value::as_object_mut)
        && let Some(spent) = account.remove("spent")
    {
        account.insert("budget_spent".to_owned(), spent);
    }
    Ok(line)
}

impl Serialize for Once {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let state = &self.0;
        let mut all = serializer.serialize_struct("Once", 6)?;
        all.serialize_field("summary", &Summary::of(state))?;
        let tenants: Result<Vec<_>, _> = state.tenants.values().map(tenant).collect();
        all.serialize_field("tenants", &tenants.map_err(S::Error::custom)?)?;
        all.serialize_field("queue", &state.queue)?;
        all.serialize_field("jobs", &state.jobs)?;
        all.serialize_field("nodes", &state.nodes)?;
        all.serialize_field("spend", &state.spend)?;
        all.end()
    }
}

impl Show for Once {
    fn text(&self, look: &Look) -> String {
        let summary = Summary::of(&self.0);
        let (ready, target) = summary.warm;
        let statuses: Vec<String> = summary.statuses.iter().map(|(word, count)| format!("{count} {word}")).collect();
        let (leases, capacity) = summary.leases;
        let of = if capacity == 0 { "no limit".to_owned() } else { format!("of {capacity}") };
        let wakes: Vec<String> = summary
            .wakes
            .iter()
            .filter(|(_, wakes)| wakes.count > 0)
            .map(|(kind, wakes)| {
                let [p50, p95] = [wakes.p50_ms, wakes.p95_ms].map(Option::unwrap_or_default);
                format!("{} {kind}, p50 {p50:.1} ms, p95 {p95:.1} ms", wakes.count)
            })
            .collect();
        let credits = |amount: Option<libtenancy::credits::MicroCredits>| amount.map(|amount| cell(amount.to_string()));
        let fields: [(&str, Option<Cell>); 11] = [
            ("Context", Some(cell(&summary.context))),
            ("Tenants", Some(cell(format!("{}: {}", summary.tenants, statuses.join(", "))))),
            ("Warm pool", Some(cell(format!("{ready} of {target} ready")))),
            ("Wakes, last hour", Some(cell(if wakes.is_empty() { "none".to_owned() } else { wakes.join("; ") }))),
            ("Messages", Some(cell(format!("{} wait, {} were given up", summary.inbox, summary.dead_updates)))),
            ("Leases", Some(cell(format!("{leases}, {of}")))),
            ("Jobs", Some(cell(format!("{}, {} dead", summary.waits, summary.dead_jobs)))),
            ("Spent today", credits(summary.today)),
            ("Spent this month", credits(summary.month)),
            (
                "Machines",
                summary
                    .micro_usd_per_hour
                    .map(|micros| cell(format!("${}.{:02}/h", micros / 1_000_000, micros % 1_000_000 / 10_000))),
            ),
            (
                "Alerts",
                Some(cell(if summary.alerts.is_empty() {
                    "none".to_owned()
                } else {
                    summary.alerts.len().to_string()
                })),
            ),
        ];
        let alerts = summary.alerts.iter().map(|alert| plain(&alert.text).into_owned());
        [look.fields(fields)].into_iter().chain(alerts).collect::<Vec<_>>().join("\n")
    }

    fn names(&self) -> Vec<String> {
        self.0.tenants.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use libtenancy::{
        api::{
            feed::{AccountLine, Change, Piece},
            jobs::JobView,
        },
        clock::Timestamp,
    };
    use ztm_tui::{
        event::Event,
        state::{Options, State},
        theme::{Symbols, Theme},
        update::update,
    };

    use super::*;

    fn state() -> State {
        let options = Options {
            context: "here".to_owned(),
            namespace: None,
            readonly: true,
            theme: Theme::mono(),
            symbols: Symbols::Ascii,
            preferences: ztm_tui::preferences::Preferences::default(),
        };
        State::new(options, (100, 30), Timestamp::default())
    }

    #[test]
    fn what_counts_against_a_budget_is_called_that_and_no_wake_took_no_time() {
        let account: AccountLine = serde_json::from_value(serde_json::json!({
            "available": 5, "burst": 10, "rate": 1, "held": 0, "spent": 2, "weight": 100, "running": 0,
            "standing": "idle",
        }))
        .unwrap();
        let line: TenantLine = serde_json::from_value(serde_json::json!({
            "id": "alice", "status": "idle", "suspended": null, "generation": 1, "since": "2026-11-29T09:00:00Z",
            "stop_reason": null, "last_active_at": "2026-11-29T09:00:00Z", "idle_timeout_s": 300, "workload": null,
            "pending": 0, "account": account, "snapshot": null, "last_wake": null,
        }))
        .unwrap();
        let mut state = state();
        update(
            &mut state,
            Event::Pieces(vec![Piece { at: Timestamp::default(), change: Change::Tenants(vec![line]) }]),
        );
        let json = serde_json::to_value(Once(state)).unwrap();
        let account = &json["tenants"][0]["account"];
        assert_eq!((&account["budget_spent"], account.get("spent")), (&2.into(), None), "{account}");
        assert_eq!(json["summary"]["wakes"]["cold"], serde_json::json!({"count": 0, "p50_ms": null, "p95_ms": null}));
    }

    #[test]
    fn a_listing_says_commands_and_no_keys() {
        let job: JobView = serde_json::from_value(serde_json::json!({
            "job_id": "alice.1", "tenant_id": "alice", "agent_id": "main", "status": "dead", "delay_reason": null,
            "until": null, "worker": null, "cost_gpu_seconds": 1, "held_gpu_seconds": 0, "used_gpu_seconds": 1,
            "priority": 5, "attempts": 3, "max_attempts": 3, "cancelling": false,
            "submitted_at": "2026-11-29T09:00:00Z", "ended_at": null, "result": null, "error": null,
        }))
        .unwrap();
        let mut state = state();
        update(&mut state, Event::Pieces(vec![Piece { at: Timestamp::default(), change: Change::Jobs(vec![job]) }]));
        let text = Once(state).text(&Look { now: Timestamp::default(), ..Look::now(false, false) });
        assert!(text.contains("1 job is dead (`ztm job dead`)") && !text.contains("requeues"), "{text}");
    }
}
