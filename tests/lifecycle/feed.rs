//! The feed: whoever listens is told everything once, and then each change.

use std::{collections::BTreeMap, time::Duration};

use futures::{StreamExt, stream::BoxStream};
use libtenancy::{
    NewTenant,
    api::feed::{Change, EventLine, Piece, TenantLine},
    labels::{LabelChange, Labels},
    partition::QuotaPatch,
    ports::tenants::SettingsPatch,
    quota::Grant,
    tenant::{StopReason, TenantId},
};

use crate::plane::{BOUND, Plane, TOKEN, accept};

/// A listener, and what it knows.
struct Ear {
    feed: BoxStream<'static, Piece>,
    tenants: BTreeMap<String, TenantLine>,
    events: Vec<EventLine>,
    ready: bool,
}

impl Ear {
    fn new(plane: &Plane) -> Self {
        let _runtime = plane.runtime.enter();
        let feed = plane.tenancy.feed(Some("viewer"), false).unwrap();
        Self { feed, tenants: BTreeMap::new(), events: Vec::new(), ready: false }
    }

    /// Listens until it knows enough.
    fn until(&mut self, plane: &Plane, what: &str, enough: impl Fn(&Self) -> bool) {
        let listening = async {
            while !enough(self) {
                let piece = self.feed.next().await.expect("the feed ended");
                self.take(piece.change);
            }
        };
        let heard = plane.runtime.block_on(async { tokio::time::timeout(BOUND, listening).await });
        assert!(heard.is_ok(), "never: {what}; known: {:#?} {:#?}", self.tenants, self.events);
    }

    fn take(&mut self, change: Change) {
        match change {
            Change::Begin(begin) => {
                assert_eq!(begin.role.as_deref(), Some("viewer"));
                self.tenants.clear();
                self.events.clear();
                self.ready = false;
            }
            Change::Tenants(lines) => {
                self.tenants.extend(lines.into_iter().map(|line| (line.id.clone(), line)));
            }
            Change::Gone(ids) => self.tenants.retain(|id, _| !ids.contains(id)),
            Change::Events(events) => self.events.extend(events),
            Change::Ready => self.ready = true,
            _ => {}
        }
    }

    fn status(&self, id: &str) -> Option<&str> {
        self.tenants.get(id).map(|line| line.status.as_str())
    }

    fn happened(&self, id: &str) -> Vec<&str> {
        self.events
            .iter()
            .filter(|event| event.tenant.as_deref() == Some(id))
            .map(|event| event.what.as_str())
            .collect()
    }
}

fn id(name: &str) -> TenantId {
    name.parse().unwrap()
}

#[test]
fn what_waits_and_what_is_in_accounts_is_told_before_it_is_said_that_all_was() {
    let dir = tempfile::tempdir().unwrap();
    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    plane.create(&id("acme"), Some(TOKEN));
    plane.block(plane.tenancy.tenant_suspend(&id("acme"), "unpaid")).unwrap();
    plane.block(accept(&plane.drivers, &id("acme"), 1, 7, "hello")).unwrap();
    let patch = QuotaPatch { weight: Some(7), ..QuotaPatch::default() };
    plane.block(plane.tenancy.quota_set(&id("acme"), &patch)).unwrap();
    let mut ear = Ear::new(&plane);
    ear.until(&plane, "everything", |ear| ear.ready);
    let line = &ear.tenants["acme"];
    assert_eq!((line.pending, line.account.as_ref().map(|account| account.weight)), (1, Some(7)));
}

#[test]
fn whoever_listens_is_told_everything_and_then_what_changes() {
    let dir = tempfile::tempdir().unwrap();
    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    plane.create(&id("old"), None);
    let mut first = Ear::new(&plane);
    first.until(&plane, "everything", |ear| ear.ready);
    assert_eq!(first.status("old"), Some("idle"));

    plane.create(&id("new"), None);
    first.until(&plane, "a new tenant", |ear| ear.status("new").is_some());
    plane.block(plane.tenancy.tenant_wake(&id("new"))).unwrap();
    first.until(&plane, "it is awake", |ear| ear.status("new") == Some("running"));
    assert!(first.tenants["new"].workload.is_some() && first.tenants["new"].last_wake.is_some());
    let grant = Grant { expires_at: libtenancy::quota::NEVER, amount: "7".parse().unwrap() };
    plane.block(plane.tenancy.credits_grant(&id("new"), "gift", grant)).unwrap();
    first.until(&plane, "its account", |ear| {
        ear.tenants["new"].account.as_ref().is_some_and(|account| account.available > account.burst)
    });
    plane.block(plane.tenancy.tenant_stop(&id("new"), StopReason::Operator)).unwrap();
    first.until(&plane, "it sleeps", |ear| ear.status("new") == Some("idle"));
    plane.block(plane.tenancy.tenant_suspend(&id("new"), "unpaid")).unwrap();
    first.until(&plane, "it is suspended", |ear| ear.tenants["new"].suspended.as_deref() == Some("unpaid"));
    plane.block(plane.tenancy.tenant_resume(&id("new"))).unwrap();
    first.until(&plane, "it is resumed", |ear| ear.tenants["new"].suspended.is_none());

    // Whoever comes later knows the same.
    let mut second = Ear::new(&plane);
    second.until(&plane, "everything", |ear| ear.ready);
    assert_eq!(second.tenants, first.tenants);

    plane.block(plane.tenancy.tenant_delete(&id("old"), false)).unwrap();
    for ear in [&mut first, &mut second] {
        ear.until(&plane, "it is gone", |ear| ear.status("old").is_none());
    }
    first.until(&plane, "that it went", |ear| ear.happened("old").contains(&"deleted"));
    let happened = first.happened("new");
    for what in ["created", "woken", "stopped", "suspended", "resumed"] {
        assert!(happened.contains(&what), "{what}: {happened:?}");
    }

    // As many as may, and no more.
    let mut crowd: Vec<Ear> = (0..62).map(|_| Ear::new(&plane)).collect();
    let refused = plane.tenancy.feed(None, true).err().unwrap();
    assert!(matches!(refused, libtenancy::Error::Overloaded { .. }), "{refused}");
    crowd.pop();
    drop(Ear::new(&plane));
    drop(crowd);

    // Nobody listens any more; whoever comes then is told everything as it is.
    drop((first, second));
    plane.create(&id("later"), None);
    plane.runtime.block_on(async { tokio::time::sleep(Duration::from_secs(2)).await });
    let mut third = Ear::new(&plane);
    third.until(&plane, "everything", |ear| ear.ready);
    assert_eq!(third.tenants.keys().collect::<Vec<_>>(), ["later", "new"]);
    plane.end();
}

#[test]
fn what_another_process_wrote_is_told_once_it_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    plane.create(&id("acme"), None);
    let mut ear = Ear::new(&plane);
    ear.until(&plane, "everything", |ear| ear.ready);
    // Past the eye that this control plane has on its own writes.
    let patch = SettingsPatch {
        idle_timeout: Some(Duration::from_secs(77)),
        labels: LabelChange::from([("team".to_owned(), Some("red".to_owned()))]),
        ..SettingsPatch::default()
    };
    plane.block(plane.drivers.tenants.tenant_configure(&id("acme"), patch)).unwrap();
    plane.block(plane.tenancy.records_announce());
    ear.until(&plane, "what it wrote", |ear| ear.tenants["acme"].idle_timeout_s == 77);
    assert_eq!(ear.tenants["acme"].labels.get("team"), Some("red"));
    plane.end();
}

#[test]
fn a_suspended_tenant_wakes_for_nobody_until_it_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    plane
        .block(plane.tenancy.tenant_create(NewTenant {
            id: id("acme"),
            bot_token: None,
            idle_timeout: None,
            labels: Labels::default(),
        }))
        .unwrap();
    plane.block(plane.tenancy.tenant_wake(&id("acme"))).unwrap();
    for wrong in ["", "  ", "two\nlines", "credits_exhausted: forged", &"x".repeat(257)] {
        assert!(plane.block(plane.tenancy.tenant_suspend(&id("acme"), wrong)).is_err(), "{wrong:?}");
    }
    assert_eq!(plane.workloads(&id("acme")), 1, "what was refused changed nothing");
    let suspended = plane.block(plane.tenancy.tenant_suspend(&id("acme"), "unpaid")).unwrap();
    assert_eq!((suspended.lifecycle.status.label(), plane.workloads(&id("acme"))), ("idle", 0));
    let refused = plane.block(plane.tenancy.tenant_wake(&id("acme"))).unwrap_err();
    assert!(refused.to_string().contains("unpaid"), "{refused}");
    // Again is no error, and a grant does not end what an operator began.
    plane.block(plane.tenancy.tenant_suspend(&id("acme"), "still unpaid")).unwrap();
    let grant = Grant { expires_at: libtenancy::quota::NEVER, amount: "7".parse().unwrap() };
    plane.block(plane.tenancy.credits_grant(&id("acme"), "gift", grant)).unwrap();
    assert!(plane.block(plane.tenancy.tenant_wake(&id("acme"))).is_err());
    for _ in 0..2 {
        let resumed = plane.block(plane.tenancy.tenant_resume(&id("acme"))).unwrap();
        assert_eq!(resumed.settings.suspended, None);
    }
    plane.block(plane.tenancy.tenant_wake(&id("acme"))).unwrap();
    plane.end();
}

#[test]
fn what_happened_is_kept_whole_and_in_order_whether_anybody_listened_or_not() {
    let dir = tempfile::tempdir().unwrap();
    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    let begun = plane.drivers.clock.now();
    plane.create(&id("acme"), None);
    plane.block(plane.tenancy.tenant_wake(&id("acme"))).unwrap();
    // State that is published while it runs is no event.
    plane.block(plane.tenancy.tenant_snapshot(&id("acme"))).unwrap();
    plane.block(plane.tenancy.tenant_suspend(&id("acme"), "unpaid")).unwrap();
    for _ in 0..3 {
        plane.block(plane.tenancy.tenant_wake(&id("acme"))).unwrap_err();
    }
    let stopped = plane.block(plane.tenancy.tenant_get(&id("acme"))).unwrap().lifecycle.since;
    plane.block(plane.tenancy.tenant_resume(&id("acme"))).unwrap();
    plane.create(&id("gone"), None);
    plane.block(plane.tenancy.tenant_delete(&id("gone"), true)).unwrap();
    plane.end();

    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    plane.block(plane.tenancy.tenant_wake(&id("acme"))).unwrap();
    let listed = |of: Option<&str>| plane.block(plane.tenancy.event_list(of.map(id).as_ref(), 100)).unwrap();
    let all = plane.wait_for("the last of them", || async {
        let all = plane.tenancy.event_list(None, 100).await.unwrap();
        all.last().is_some_and(|event| event.what == "woken").then_some(all)
    });
    let told = |events: &[EventLine], of: &str| -> Vec<String> {
        events.iter().filter(|event| event.tenant.as_deref() == Some(of)).map(|event| event.what.clone()).collect()
    };
    let expected =
        ["created", "waking", "woken", "suspended", "stopping", "stopped", "refused", "resumed", "waking", "woken"];
    assert_eq!(told(&all, "acme"), expected, "{all:#?}");
    assert_eq!(told(&all, "gone"), ["created", "deleting", "deleted"]);
    let acme = listed(Some("acme"));
    assert_eq!(told(&acme, "acme"), expected);
    assert!(acme.is_sorted_by_key(|event| event.at) && acme[0].at >= begun, "{acme:#?}");
    assert_eq!((acme[5].at, acme[5].text.as_str()), (stopped, "operator"));
    assert_eq!(acme[6].text, "a wake was refused: suspended");
    // Of one that is gone there is what is kept, of one that never was nothing.
    assert_eq!(listed(Some("gone")).len(), 3);
    assert!(plane.block(plane.tenancy.event_list(Some(&id("nobody")), 9)).is_err());
    // Whoever listens now is told the same first.
    let mut ear = Ear::new(&plane);
    ear.until(&plane, "everything", |ear| ear.ready);
    assert_eq!(ear.events, all);
    plane.end();
}
