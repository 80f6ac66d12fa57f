//! A probe of the stores, and what one that died has left.

use std::time::Duration;

use libtenancy::{
    NewTenant,
    labels::{LabelChange, Labels},
    tenant::TenantId,
};

use crate::plane::{Chat, Plane, TOKEN};

#[test]
fn a_bot_that_the_messenger_does_not_know_is_warned_of() {
    let dir = tempfile::tempdir().unwrap();
    let chat = Chat::start();
    let plane = Plane::start(dir.path(), &chat.double.url());
    let bots =
        || plane.block(plane.tenancy.probe()).unwrap().parts.into_iter().find(|part| part.part == "bots").unwrap();
    assert_eq!(bots().text, "no tenant has one");
    plane.create(&id("acme"), Some(TOKEN));
    let known = bots();
    assert!(known.ok && !known.warn, "{known:?}");
    plane.create(&id("lost"), Some("4343:AAHnobody-has-made-a-bot-of-this-token"));
    let refused = bots();
    assert_eq!((refused.ok, refused.warn), (true, true), "{refused:?}");
    assert_eq!(refused.text, "the messenger refuses the token of `lost`");
    assert_eq!(refused.hint.unwrap(), "`ztm tenant update lost --bot-token-file FILE`");
    // One that cannot be reached is not one that refuses.
    plane.block(chat.double.stop());
    let gone = bots();
    assert!(!gone.ok && gone.text.contains("telegram"), "{gone:?}");
    plane.end();
}

fn id(name: &str) -> TenantId {
    name.parse().unwrap()
}

#[test]
fn what_a_probe_that_died_has_left_is_removed_by_the_next_one() {
    let dir = tempfile::tempdir().unwrap();
    let plane = Plane::start(dir.path(), "http://127.0.0.1:9");
    let left = |name: &str, minutes: u64, label: &str| {
        let change = LabelChange::from([(label.to_owned(), Some(String::new()))]);
        let labels = Labels::default().changed(&change).unwrap();
        plane
            .block(plane.tenancy.tenant_create(NewTenant { id: id(name), bot_token: None, idle_timeout: None, labels }))
            .unwrap();
        let mut tenant = plane.block(plane.drivers.tenants.tenant_get(&id(name))).unwrap().unwrap();
        plane.block(plane.drivers.tenants.tenant_remove(&tenant.id, tenant.lifecycle.generation)).unwrap();
        tenant.created_at = tenant.created_at - Duration::from_mins(minutes);
        plane.block(plane.drivers.tenants.tenant_create(&tenant)).unwrap();
        let directory =
            plane.block(plane.drivers.snapshots.snapshot_directory(&tenant.id, tenant.lifecycle.generation));
        std::fs::write(directory.unwrap().join("probe.tar.zst"), "left").unwrap();
        plane
            .block(plane.drivers.deadlines.deadline_set(&tenant.id, tenant.created_at + Duration::from_hours(24)))
            .unwrap();
    };
    left("probe-00000001", 10, "ztm-probe");
    left("probe-00000002", 1, "ztm-probe");
    left("probe-of-somebody", 10, "mine");
    let report = plane.block(plane.tenancy.probe()).unwrap();
    assert!(report.parts.iter().all(|part| part.ok), "{report:?}");
    assert_eq!(report.parts[0].part, "registry");
    let there = |name: &str| {
        let record = plane.block(plane.drivers.tenants.tenant_get(&id(name))).unwrap().is_some();
        let archive = !plane.block(plane.drivers.snapshots.snapshot_list(&id(name))).unwrap().is_empty();
        let deadline = plane.block(plane.drivers.deadlines.deadline_get(&id(name))).unwrap().is_some();
        (record, archive, deadline)
    };
    assert_eq!(there("probe-00000001"), (false, false, false));
    // One that may be under way, and one that is no probe's.
    assert_eq!((there("probe-00000002"), there("probe-of-somebody")), ((true, true, true), (true, true, true)));
    plane.end();
}
