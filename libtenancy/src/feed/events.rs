//! What happened, told from what is and what was.

use crate::{
    admission::{Ask, DecisionRecord},
    api::{
        WakeView,
        feed::{EventLine, TenantLine},
    },
    clock::Timestamp,
};

/// Something that happened to a tenant.
pub(super) fn event(at: Timestamp, id: impl ToString, what: &str, text: String) -> EventLine {
    EventLine { at, tenant: Some(id.to_string()), what: what.to_owned(), text, wake: None }
}

/// A wake in a few words.
pub(super) fn woken_text(wake: &WakeView) -> String {
    format!("{} wake in {:.0} ms", wake.kind, wake.phases.total_ms)
}

/// A refusal, as it is told.
pub(super) fn refusal(record: &DecisionRecord) -> EventLine {
    let until = record.decision.until.map_or(String::new(), |until| format!(" until {until}"));
    let asked = match record.ask {
        Ask::Wake => "a wake",
        Ask::Turn(_) => "a message",
        Ask::Job(_) => "a job",
    };
    let text = format!("{asked} was refused: {}{until}", record.decision.code.word());
    event(record.decision.at, &record.tenant, "refused", text)
}

/// What happened to a tenant between two lines of it.
pub fn happened(old: Option<&TenantLine>, new: &TenantLine) -> Vec<EventLine> {
    let say = |what: &str, text: String| event(new.since, &new.id, what, text);
    let mut events = Vec::new();
    if old.is_none() {
        events.push(say("created", "a new tenant".to_owned()));
    }
    // One that is new, and has been woken before it was looked at, was both.
    let moved = old.map_or(new.status != "idle" || new.stop_reason.is_some(), |old| old.generation != new.generation);
    if moved {
        let reason = new.stop_reason.as_deref().unwrap_or("no reason is known");
        match new.status.as_str() {
            "provisioning" => events.push(say("waking", "its agent is being started".to_owned())),
            "running" => {
                let how = new.last_wake.as_ref();
                let text = how.map_or("its agent runs".to_owned(), woken_text);
                events.push(EventLine { wake: new.last_wake.clone(), ..say("woken", text) });
            }
            "stopping" => events.push(say("stopping", reason.to_owned())),
            "idle" if reason.starts_with("wake failed") => events.push(say("failed", reason.to_owned())),
            "idle" if reason.starts_with("lost") => events.push(say("lost", reason.to_owned())),
            "idle" => events.push(say("stopped", reason.to_owned())),
            _ => events.push(say("deleting", "the tenant is being deleted".to_owned())),
        }
    }
    match (old.map_or(&None, |old| &old.suspended), &new.suspended) {
        (None, Some(why)) => events.push(say("suspended", why.clone())),
        (Some(_), None) => events.push(say("resumed", "it may wake again".to_owned())),
        _ => {}
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(status: &str, generation: u64, reason: Option<&str>) -> TenantLine {
        TenantLine {
            id: "acme".to_owned(),
            status: status.to_owned(),
            suspended: None,
            generation,
            since: Timestamp::from_micros(7),
            stop_reason: reason.map(str::to_owned),
            last_active_at: Timestamp::from_micros(1),
            idle_timeout_s: 300,
            labels: crate::labels::Labels::default(),
            workload: None,
            pending: 0,
            account: None,
            snapshot: None,
            last_wake: None,
        }
    }

    #[test]
    fn what_happened_is_told_from_two_lines() {
        let idle = line("idle", 1, None);
        let known_at_once =
            |new: &TenantLine| happened(None, new).into_iter().map(|event| event.what).collect::<Vec<_>>();
        assert_eq!(known_at_once(&line("running", 2, None)), ["created", "woken"]);
        assert_eq!(known_at_once(&line("idle", 3, Some("idle"))), ["created", "stopped"]);
        let words = |old: Option<&TenantLine>, new: &TenantLine| -> Vec<String> {
            happened(old, new).into_iter().map(|event| event.what).collect()
        };
        assert_eq!(words(None, &idle), ["created"]);
        for (status, reason, word) in [
            ("provisioning", None, "waking"),
            ("running", None, "woken"),
            ("stopping", Some("idle"), "stopping"),
            ("idle", Some("idle"), "stopped"),
            ("idle", Some("lost: its pod was deleted"), "lost"),
            ("idle", Some("wake failed: no image"), "failed"),
            ("terminated", None, "deleting"),
        ] {
            assert_eq!(words(Some(&idle), &line(status, 2, reason)), [word]);
        }
        assert_eq!(words(Some(&idle), &TenantLine { pending: 3, ..idle.clone() }), Vec::<String>::new());
        let suspended = TenantLine { suspended: Some("by hand".to_owned()), ..idle.clone() };
        assert_eq!(words(Some(&idle), &suspended), ["suspended"]);
        assert_eq!(words(Some(&suspended), &idle), ["resumed"]);
    }
}
