//! `--dry-run`: what an order would do is said, what it would be refused for is said as the order says it, and nothing changes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    order_list::orders,
    plane::{Plane, Tenant},
};

/// Tenants of every kind, and what there is of them.
struct Stage {
    plane: Plane,
    held: Tenant,
    archive: String,
    pending: String,
    dropped: String,
    handled: String,
    later: String,
    off: String,
}

impl Stage {
    async fn set() -> Self {
        let plane = Plane::start(&["--warm", "0"]).await;
        let acme = plane.tenant("acme", 1, 3_600).await;
        let held = plane.tenant("held", 2, 3_600).await;
        plane.create_plain("busy").await;
        plane.converse(&acme, "hello", "you said: hello").await;
        plane.ztm(&["tenant", "stop", "acme"]).await.ok();
        plane.ztm(&["tenant", "wake", "busy"]).await.ok();
        plane.ztm(&["tenant", "suspend", "held", "--reason", "unpaid"]).await.ok();
        let [pending, dropped] = ["one", "two"].map(|text| format!("held/{}/{}", held.bot, plane.write(&held, text)));
        plane.wait("its messages wait", async || (plane.updates(&held).await.len() == 2).then_some(())).await;
        plane.ztm(&["inbox", "drop", "--yes", &dropped]).await.ok();
        let handled = plane.ztm(&["inbox", "list", "acme", "-o", "name"]).await.ok().stdout.trim().to_owned();
        let submit = ["job", "submit", "acme", "hello", "--cost", "1", "--in", "1h", "-o", "name"];
        let later = plane.ztm(&submit).await.ok().stdout.trim().to_owned();
        let off = plane.ztm(&submit).await.ok().stdout.trim().to_owned();
        plane.ztm(&["job", "cancel", &off]).await.ok();
        plane.ztm(&["quota", "grant", "held", "9"]).await.ok();
        let set = ["schedule", "set", "acme", "morning", "--cron", "@daily", "--message", "hi", "--chat", "7"];
        plane.ztm(&set).await.ok();
        let state = plane.ztm(&["tenant", "state", "list", "acme", "-o", "name"]).await.ok();
        let archive = state.stdout.lines().next().unwrap().to_owned();
        Self { plane, held, archive, pending, dropped, handled, later, off }
    }

    /// Everything that an order could have changed.
    async fn everything(&self) -> Vec<String> {
        let mut all = Vec::new();
        for line in [
            "tenant list",
            "tenant state list acme",
            "tenant state list busy",
            "inbox list",
            "job list",
            "schedule list",
            "quota get acme",
            "quota get held",
            "pool status",
            "webhook info acme",
            "spend export",
        ] {
            let words: Vec<&str> = line.split(' ').chain(["-o", "json"]).collect();
            all.push(self.plane.ztm(&words).await.ok().stdout);
        }
        all
    }

    /// One line for every order, that it would carry out.
    fn carried_out(&self) -> Vec<Vec<&str>> {
        let lines: &[&[&str]] = &[
            &["tenant", "create", "new", "--label", "team=red"],
            &["tenant", "update", "acme", "--idle-timeout", "1800"],
            &["tenant", "delete", "acme", "--purge"],
            &["tenant", "wake", "acme"],
            &["tenant", "stop", "busy"],
            &["tenant", "suspend", "acme", "--reason", "unpaid"],
            &["tenant", "resume", "held"],
            &["tenant", "snapshot", "busy"],
            &["tenant", "state", "restore", "acme", &self.archive],
            &["webhook", "register", "acme"],
            &["webhook", "delete", "acme"],
            &["inbox", "replay", &self.dropped],
            &["inbox", "drop", &self.pending],
            &["job", "submit", "acme", "hello", "--cost", "1"],
            &["job", "cancel", &self.later],
            &["job", "retry", &self.off],
            &["quota", "set", "acme", "--weight", "200"],
            &["quota", "grant", "acme", "5"],
            &["quota", "revoke", "held", "5"],
            &["schedule", "set", "acme", "evening", "--cron", "@daily", "--job", "sum up", "--cost", "1"],
            &["schedule", "pause", "acme", "morning"],
            &["schedule", "resume", "acme", "morning"],
            &["schedule", "run", "acme", "morning"],
            &["schedule", "delete", "acme", "morning"],
            &["pool", "scale", "3"],
            &["shell", "acme"],
        ];
        lines.iter().map(|line| line.to_vec()).collect()
    }

    /// Orders that are refused.
    fn refused(&self) -> Vec<Vec<&str>> {
        let lines: &[&[&str]] = &[
            &["tenant", "create", "acme"],
            &["tenant", "create", "Acme"],
            &["tenant", "create", "other", &self.held.token],
            &["tenant", "update", "nobody", "--idle-timeout", "1800"],
            &["tenant", "update", "acme", "--idle-timeout", "0"],
            &["tenant", "delete", "nobody", "--yes"],
            &["tenant", "wake", "nobody"],
            &["tenant", "wake", "held"],
            &["tenant", "stop", "nobody"],
            &["tenant", "suspend", "acme", "--reason", " "],
            &["tenant", "resume", "nobody"],
            &["tenant", "snapshot", "acme"],
            &["tenant", "state", "restore", "acme", "1/2", "--yes"],
            &["tenant", "state", "restore", "busy", &self.archive, "--yes"],
            &["webhook", "register", "busy"],
            &["webhook", "register", "acme", "--base-url", "bots"],
            &["webhook", "delete", "nobody"],
            &["inbox", "replay", &self.pending],
            &["inbox", "drop", "--yes", &self.handled],
            &["job", "submit", "nobody", "hello", "--cost", "1"],
            &["job", "submit", "acme", "hello", "--cost", "4000"],
            &["job", "cancel", &self.off],
            &["job", "retry", &self.later],
            &["quota", "set", "nobody", "--weight", "200"],
            &["quota", "set", "acme", "--rate", "8001"],
            &["quota", "grant", "nobody", "5"],
            &["quota", "revoke", "acme", "5"],
            &["schedule", "pause", "acme", "nothing"],
            &["schedule", "run", "acme", "nothing"],
            &["schedule", "set", "nobody", "x", "--cron", "@daily", "--job", "sum up", "--cost", "1"],
            &["schedule", "delete", "acme", "nothing", "--yes"],
        ];
        lines.iter().map(|line| line.to_vec()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_can_be_rehearsed_and_a_rehearsal_changes_nothing() {
    let mut stage = Stage::set().await;
    let before = stage.everything().await;
    let mut rehearsed = BTreeSet::new();
    for line in stage.carried_out() {
        for flag in ["--dry-run", "--dry-run=server"] {
            let words = [&line[..], &[flag, "-o", "json"]].concat();
            let said = stage.plane.ztm(&words).await.ok().json();
            let verb = said["verb"].as_str().unwrap_or_default().to_owned();
            assert!(line.join(" ").starts_with(&verb) && said["dry_run"] == true, "{words:?}: {said}");
            let would = said["would"].as_str().unwrap();
            let idle = line[..2] == ["schedule", "resume"];
            assert!(idle || !would.contains("nothing"), "{words:?}: {said}");
            rehearsed.insert(verb);
        }
        let table = stage.plane.ztm(&[&line[..], &["--dry-run"]].concat()).await.ok();
        assert!(table.stdout.is_empty() && table.stderr.contains("nothing was done; it would "), "{table:?}");
    }
    // What follows `--` is the command's.
    for (tenant, would) in [
        ("acme", "take tenant `acme` from idle to provisioning, and run `rm -rf .` beside its agent once it is woken"),
        ("busy", "run `rm -rf .` beside the agent of `busy`, which runs"),
    ] {
        let words = ["exec", tenant, "--dry-run", "-o", "json", "--", "rm", "-rf", "."];
        let said = stage.plane.ztm(&words).await.ok().json();
        assert_eq!((&said["verb"], &said["would"]), (&"exec".into(), &would.into()));
        rehearsed.insert("exec".to_owned());
    }
    let said = stage.plane.ztm(&["tenant", "stop", "busy", "--force", "--dry-run", "-o", "json"]).await.ok().json();
    let would = said["would"].as_str().unwrap();
    assert!(would.starts_with("end the agent of `busy`") && would.contains("at once"), "{would}");
    // Whoever deletes is told what goes with it.
    let delete = ["tenant", "delete", "acme", "--purge", "--dry-run", "-o", "json"];
    let said = stage.plane.ztm(&delete).await.ok().json();
    let would = said["would"].as_str().unwrap();
    assert!(
        would.starts_with("delete tenant `acme` with 1 delayed job, 1 schedule (`morning`), its quota and "),
        "{would}"
    );
    assert!(would.ends_with(" credits, its webhook, everything its agent remembers"), "{would}");
    let said = stage.plane.ztm(&["tenant", "delete", "busy", "--dry-run", "-o", "json"]).await.ok().json();
    let would = said["would"].as_str().unwrap();
    assert!(would.starts_with("delete tenant `busy` with 1 agent that runs"), "{would}");
    let said = stage.plane.ztm(&["tenant", "delete", "held", "--dry-run", "-o", "json"]).await.ok().json();
    let would = said["would"].as_str().unwrap();
    assert!(would.starts_with("delete tenant `held` with 1 unanswered message"), "{would}");
    assert_eq!(stage.everything().await, before);
    for (order, rehearses) in orders() {
        assert!(rehearses, "`{order}` has no `--dry-run`");
        assert!(rehearsed.contains(&order), "`{order}` was not rehearsed");
    }
    // What is refused is refused in the same words, and ends the same.
    for line in stage.refused() {
        let ended = async |more: &[&str]| {
            let ended = stage.plane.ztm(&[&line[..], more].concat()).await;
            let said: Vec<Value> = ended.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let said: Vec<_> = said.iter().map(|error| (error["code"].clone(), error["error"].clone())).collect();
            (ended.code, ended.stdout, said)
        };
        let rehearsal = ended(&["--dry-run", "-o", "json"]).await;
        assert!(rehearsal.0 != Some(0), "{line:?}: {rehearsal:?}");
        assert_eq!(rehearsal, ended(&["-o", "json"]).await, "{line:?}");
    }
    assert_eq!(stage.everything().await, before);
    // The orders themselves do something.
    stage.plane.ztm(&["tenant", "update", "acme", "--idle-timeout", "1800"]).await.ok();
    assert_ne!(stage.everything().await, before);
    stage.plane.down().await;
}
