//! What is told of tenants: what work counts, whose lines are kept, and who takes jobs.

use std::time::Duration;

use libtenancy::{
    api::{
        journal::{JournalLine, Level, Source},
        why::Why,
    },
    clock::{Clock, SystemClock, Timestamp},
    credits::MicroCredits,
    jobs::{JobId, NewJob},
    journal::Ask,
    tenant::TenantId,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::plane::Plane;

fn id(name: &str) -> TenantId {
    name.parse().unwrap()
}

fn active_at(plane: &Plane, of: &str) -> Timestamp {
    plane.block(plane.tenancy.tenant_get(&id(of))).unwrap().last_active_at
}

/// What an explanation compares under this name.
fn has(why: &Why, what: &str) -> Option<String> {
    let mut all = why.reasons.iter().flat_map(|reason| &reason.compared);
    all.find(|compared| compared.what == what).map(|compared| compared.has.clone())
}

#[test]
fn wakes_by_order_and_sessions_are_activity_and_defer_the_idle_stop_as_it_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    plane.create(&id("acme"), None);
    let created = active_at(&plane, "acme");
    plane.block(plane.tenancy.tenant_wake(&id("acme"))).unwrap();
    let woken = active_at(&plane, "acme");
    assert!(woken > created, "a wake by order is no activity");
    let why = plane.block(plane.tenancy.why_tenant(&id("acme"))).unwrap();
    assert_eq!(has(&why, "seconds without work").as_deref(), Some("0"), "{why:#?}");
    assert!(why.reasons[0].until.is_some_and(|until| until >= woken + Duration::from_secs(290)), "{why:#?}");

    let (_, agent) = plane.block(plane.tenancy.tenant_exec(&id("acme"))).unwrap();
    let opened = active_at(&plane, "acme");
    assert!(opened > woken, "a session is no activity");
    let (ours, theirs) = tokio::io::duplex(1 << 10);
    {
        let _runtime = plane.runtime.enter();
        plane.tenancy.session_carry(id("acme"), async move { Ok(theirs) }, agent);
    }
    // While it is open it counts as work, and nobody knows when its agent stops.
    let why = plane.wait_for("the session counts", || async {
        let why = plane.tenancy.why_tenant(&id("acme")).await.unwrap();
        has(&why, "turns and sessions of its agent").is_some().then_some(why)
    });
    assert_eq!(why.reasons[0].until, None, "{why:#?}");
    drop(ours);
    plane.wait_for("the end of the session is activity", || async {
        (plane.tenancy.tenant_get(&id("acme")).await.unwrap().last_active_at > opened).then_some(())
    });
    plane.end();
}

#[test]
fn lines_are_kept_of_tenants_that_there_are_and_none_of_a_purged_one() {
    let dir = tempfile::tempdir().unwrap();
    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    for name in ["acme", "kept"] {
        plane.create(&id(name), None);
    }
    let (tell, told) = mpsc::channel(64);
    let end = CancellationToken::new();
    let (tenancy, ended) = (plane.tenancy.clone(), end.clone());
    let keeps = plane.runtime.spawn(async move { tenancy.journal_keep(told, ended).await });
    let say = |of: &str, text: &str| {
        let line = JournalLine {
            at: SystemClock::default().now(),
            source: Source::Orchestrator,
            level: Some(Level::Info),
            request_id: None,
            instance: None,
            text: text.to_owned(),
        };
        tell.try_send((id(of), line)).unwrap();
    };
    let ask = Ask { tail: 100, since: None, follow: false };
    let texts = |of: &str| {
        let stored = plane.block(plane.drivers.journals.journal_read(&id(of), Timestamp::default(), ask.tail)).unwrap();
        stored.lines.into_iter().map(|line| line.text).collect::<Vec<_>>()
    };
    for of in ["acme", "nobody", "kept"] {
        say(of, "before");
    }
    plane.wait_for("what is told is written", || async { (texts_len(&plane, "kept").await == 1).then_some(()) });
    assert_eq!((texts("acme"), texts("nobody")), (vec!["before".to_owned()], Vec::new()));
    assert!(
        plane.block(plane.tenancy.tenant_journal(&id("nobody"), ask)).is_err(),
        "an order on nobody made a journal"
    );

    plane.block(plane.tenancy.tenant_delete(&id("kept"), true)).unwrap();
    plane.block(plane.tenancy.tenant_delete(&id("acme"), false)).unwrap();
    // What the deletions themselves have to say comes when the records are gone.
    say("acme", "deleted");
    say("kept", "deleted");
    plane.wait_for("the last line", || async { (texts_len(&plane, "kept").await == 2).then_some(()) });
    assert_eq!((texts("acme"), texts("kept")), (Vec::new(), vec!["before".to_owned(), "deleted".to_owned()]));
    assert!(plane.block(plane.tenancy.tenant_journal(&id("acme"), ask)).is_err());
    assert!(plane.block(plane.tenancy.tenant_journal(&id("kept"), ask)).is_ok());
    // A later one of that name has a journal of its own.
    plane.create(&id("acme"), None);
    say("acme", "anew");
    end.cancel();
    plane.block(keeps).unwrap();
    assert_eq!(texts("acme"), ["anew"]);
    plane.end();
}

async fn texts_len(plane: &Plane, of: &str) -> usize {
    plane.drivers.journals.journal_read(&id(of), Timestamp::default(), 100).await.unwrap().lines.len()
}

#[test]
fn why_a_job_waits_is_said_where_nobody_takes_jobs_and_where_its_tenant_is_suspended() {
    let dir = tempfile::tempdir().unwrap();
    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    plane.create(&id("acme"), None);
    let new = |number: u32| {
        let serial = format!("01k9zz{number:020}");
        NewJob::new(JobId::new(id("acme"), &serial).unwrap(), "work", MicroCredits::credits(1))
    };
    let submitted = plane.block(plane.tenancy.job_submit_told(new(1))).unwrap();
    assert_eq!(submitted.suspended, None);
    let job: JobId = submitted.job_id.parse().unwrap();
    let why = plane.block(plane.tenancy.why_job(&job, true)).unwrap();
    assert!(why.summary.starts_with("nobody takes jobs: no worker has asked for any since"), "{why:#?}");
    let status = plane.block(plane.tenancy.status()).unwrap();
    assert!(status.jobs_untaken.is_some_and(|text| text.starts_with("nobody takes jobs")));

    plane.block(plane.tenancy.tenant_suspend(&id("acme"), "unpaid")).unwrap();
    let submitted = plane.block(plane.tenancy.job_submit_told(new(2))).unwrap();
    assert_eq!(submitted.suspended.as_deref(), Some("unpaid"));
    let why = plane.block(plane.tenancy.why_job(&job, true)).unwrap();
    assert!(why.summary.contains("an operator suspended its tenant (unpaid)"), "{why:#?}");
    // Somebody asks: only the suspension is left to say.
    plane.block(plane.tenancy.tenant_resume(&id("acme"))).unwrap();
    let worker = "w-1".parse().unwrap();
    let claimed = plane.block(plane.tenancy.jobs_claim(&worker, 1, Duration::from_secs(30), Duration::ZERO)).unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(plane.block(plane.tenancy.status()).unwrap().jobs_untaken, None);
    plane.end();
}
