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
    tenant::{Status, StopReason, TenantId},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::plane::{Chat, Plane, TOKEN, accept, config};

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
    let why = plane.block(plane.tenancy.why_tenant(&id("acme"), true)).unwrap();
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
        let why = plane.tenancy.why_tenant(&id("acme"), true).await.unwrap();
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

#[test]
fn why_a_tenant_does_not_answer_says_how_its_first_message_does_and_since_when_it_is_suspended() {
    let dir = tempfile::tempdir().unwrap();
    let chat = Chat::start();
    let mut config = config(dir.path(), &chat.double.url());
    config.agent.argv = vec!["/bin/false".to_owned()];
    let plane = Plane::start_with(config);
    plane.create(&id("acme"), Some(TOKEN));
    plane.block(accept(&plane.drivers, &id("acme"), 7, 1, "hello")).unwrap();
    plane.tenancy.records_changed();
    let why = plane.wait_for("a delivery failed", || async {
        let why = plane.tenancy.why_tenant(&id("acme"), true).await.unwrap();
        has(&why, "tries that failed").is_some().then_some(why)
    });
    assert!(why.summary.contains("Messages in its inbox: 1."), "{why:#?}");
    let first = why.reasons.iter().find(|reason| reason.text.contains("acme/4242/7")).unwrap();
    assert!(first.until.is_some() && first.text.contains("exited with status 1"), "{why:#?}");
    assert_eq!(first.compared[0].needs, "5");
    // Whoever may not read what was said is not told.
    let why = plane.block(plane.tenancy.why_tenant(&id("acme"), false)).unwrap();
    let first = why.reasons.iter().find(|reason| reason.text.contains("acme/4242/7")).unwrap();
    assert!(!first.text.contains("exited"), "{why:#?}");

    let before = SystemClock::default().now();
    plane.block(plane.tenancy.tenant_suspend(&id("acme"), "unpaid")).unwrap();
    let why = plane.block(plane.tenancy.why_tenant(&id("acme"), true)).unwrap();
    assert!(why.summary.contains("unpaid") && why.summary.contains("Messages in its inbox: 1."), "{why:#?}");
    let since: Timestamp = has(&why, "suspended since").unwrap().parse().unwrap();
    assert!(since >= before, "{why:#?}");
    plane.end();
}

#[test]
fn why_a_wake_says_what_it_would_meet() {
    let dir = tempfile::tempdir().unwrap();
    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    plane.create(&id("acme"), None);
    let why = plane.block(plane.tenancy.why_wake(&id("acme"))).unwrap();
    assert!(why.reasons[0].text.starts_with("a wake would start an agent"), "{why:#?}");
    assert_eq!(has(&why, "agents that run").as_deref(), Some("0"), "{why:#?}");
    let tenant = plane.block(plane.tenancy.why_tenant(&id("acme"), true)).unwrap();
    assert!(tenant.reasons.is_empty(), "{tenant:#?}");
    plane.block(plane.tenancy.tenant_suspend(&id("acme"), "unpaid")).unwrap();
    let why = plane.block(plane.tenancy.why_wake(&id("acme"))).unwrap();
    assert!(why.reasons.iter().all(|reason| !reason.text.starts_with("a wake would")), "{why:#?}");
    plane.end();
}

#[test]
fn agents_that_a_control_plane_ends_with_itself_were_stopped_by_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    plane.create(&id("acme"), None);
    plane.block(plane.tenancy.tenant_wake(&id("acme"))).unwrap();
    plane.end();
    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    let Some(Status::Idle { reason }) = plane.status(&id("acme")) else { panic!("it is not idle") };
    assert_eq!(reason, Some(StopReason::Shutdown));
    plane.end();
}

#[test]
fn the_wakes_of_the_last_hour_are_those_of_the_control_planes_before_too() {
    let dir = tempfile::tempdir().unwrap();
    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    for tenant in ["acme", "bolt"] {
        plane.create(&id(tenant), None);
    }
    plane.block(plane.tenancy.tenant_wake(&id("acme"))).unwrap();
    // Written down by itself: nobody asks.
    plane.wait_for("its wake is kept", || async {
        let kept = plane.drivers.journals.events_read(None, 100).await.unwrap().events;
        kept.iter().any(|event| event.wake.is_some()).then_some(())
    });
    plane.die();

    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    let wakes = || {
        let wakes = plane.block(plane.tenancy.status()).unwrap().wakes;
        wakes.into_iter().map(|wake| (wake.tenant_id, wake.wake.kind)).collect::<Vec<_>>()
    };
    let cold = |tenant: &str| (tenant.to_owned(), "cold".to_owned());
    assert_eq!(wakes(), [cold("acme")]);
    plane.block(plane.tenancy.tenant_wake(&id("bolt"))).unwrap();
    assert_eq!(wakes(), [cold("acme"), cold("bolt")]);
    plane.end();
}

#[test]
fn a_control_plane_tells_when_it_begins_takes_agents_over_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    plane.create(&id("acme"), None);
    plane.block(plane.tenancy.tenant_wake(&id("acme"))).unwrap();
    let told = |plane: &Plane| {
        let kept = plane.block(plane.tenancy.event_list(None, 100)).unwrap();
        kept.into_iter().filter(|event| event.tenant.is_none()).map(|event| event.what).collect::<Vec<_>>()
    };
    assert_eq!(told(&plane), ["began"]);
    plane.die();

    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    plane.wait_for("its agent is taken over", || async {
        let kept = plane.tenancy.event_list(None, 100).await.unwrap();
        kept.iter().any(|event| event.what == "adopted" && event.text.contains("an agent")).then_some(())
    });
    plane.end();
    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    // The one that died told no end.
    assert_eq!(told(&plane), ["began", "began", "adopted", "ended", "began"]);
    // A tenant's are its own.
    let own = plane.block(plane.tenancy.event_list(Some(&id("acme")), 100)).unwrap();
    assert!(own.iter().all(|event| event.tenant.as_deref() == Some("acme")), "{own:#?}");
    plane.end();
}
