//! Every driver of the registry of tenants.
//!
//! Here: records, transitions, settings and listings. What a tenant's schedules are: `schedules`.
#![expect(missing_docs, reason = "the name of a case is its sentence")]
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

mod schedules;

use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;

pub use self::schedules::*;
use self::schedules::{schedule, set};
use super::{agent, id};
use crate::{
    clock::{Clock, ManualClock, Timestamp},
    error::Error,
    labels::{LabelChange, Labels},
    ports::tenants::{Filter, SettingsPatch, Tenants},
    schedule::{ScheduleChange, Step},
    secret::Sealed,
    tenant::{
        Bot, BotId, Event, Generation, Lifecycle, Settings, SnapshotRef, Status, StopReason, Tenant, TenantId,
        WakePhases,
    },
};

/// The cases, one test each; see [`crate::conformance`].
#[macro_export]
macro_rules! tenants_conformance {
    ($driver:path $(, $reason:literal)?) => {
        $crate::conformance_tests!(tenants, $driver, [$($reason)?], [
            a_created_tenant_is_read_back_whole,
            every_status_is_read_back_whole,
            an_id_is_taken_once_even_by_fifty_at_once,
            an_unknown_tenant_is_none,
            a_transition_needs_the_expected_generation,
            a_repeated_transition_conflicts,
            only_one_of_fifty_transitions_from_one_generation_wins,
            a_transition_back_in_generation_changes_nothing,
            a_transition_keeps_settings_and_activity,
            r12_no_write_creates_a_tenant,
            r12_activity_does_not_resurrect_a_removed_tenant,
            r13_only_activity_raises_activity,
            touching_never_lowers_activity,
            configuring_changes_settings_and_nothing_else,
            configuring_twice_does_the_same,
            labels_change_one_by_one_and_never_become_too_many,
            schedules_change_one_by_one_and_what_is_handled_stays_handled,
            those_with_schedules_are_listed,
            a_patch_of_nothing_changes_nothing,
            a_bot_belongs_to_one_tenant,
            removal_needs_the_expected_generation,
            a_repeated_removal_is_not_found,
            a_removed_id_can_be_created_again,
            r11_pages_show_every_tenant_once_in_order,
            r11_pages_show_what_existed_throughout_while_others_come_and_go,
            a_page_that_ends_with_the_last_tenant_has_no_next,
            an_empty_registry_lists_nothing,
            a_list_by_status_shows_only_that_status_on_every_page,
            an_active_list_shows_what_is_not_idle_on_every_page,
            an_active_list_by_status_shows_what_is_both,
            a_list_by_an_unknown_status_is_invalid,
            counts_follow_every_transition,
            whoever_is_suspended_is_counted_until_it_is_not,
            reads_see_every_answered_write,
        ]);
    };
}

fn tenant(name: &str, now: Timestamp) -> Tenant {
    Tenant {
        id: id(name),
        created_at: now,
        last_active_at: now,
        settings: Settings {
            idle_timeout: Duration::from_mins(5),
            bot: None,
            suspended: None,
            labels: Labels::default(),
            schedules: crate::schedule::Schedules::default(),
        },
        lifecycle: Lifecycle::new(now),
    }
}

fn bot(number: i64) -> Bot {
    Bot {
        id: BotId(number),
        token: Sealed(format!("v1:k:{number}")),
        webhook_secret: Sealed("v1:k:secret".to_owned()),
        webhook_url: Some("https://bots.example/tg/x".to_owned()),
    }
}

fn snapshot(generation: Generation, now: Timestamp) -> SnapshotRef {
    SnapshotRef {
        key: format!("tenants/x/{generation}/1.tar.zst"),
        sha256: "ab".repeat(32),
        bytes: 1 << 33,
        generation,
        taken_at: now,
        instead_of: None,
    }
}

fn full(name: &str, now: Timestamp) -> Tenant {
    let mut tenant = tenant(name, now);
    tenant.settings.bot = Some(bot(i64::MAX));
    tenant.settings.suspended = Some("its budget is gone; \"quoted\" \u{1f980}".to_owned());
    tenant.settings.labels =
        Labels::default().changed(&labels(&[("example.com/team", Some("red")), ("paid", Some(""))])).unwrap();
    tenant.last_active_at = now + Duration::from_micros(1);
    tenant.lifecycle.snapshot = Some(snapshot(Generation(7), now));
    tenant.lifecycle.last_wake =
        Some(WakePhases { warm: true, total: Duration::from_micros(1_234_567), ..WakePhases::default() });
    tenant
}

fn labels(pairs: &[(&str, Option<&str>)]) -> LabelChange {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect()
}

async fn created(port: &dyn Tenants, clock: &ManualClock, name: &str) -> Tenant {
    let tenant = tenant(name, clock.now());
    port.tenant_create(&tenant).await.unwrap();
    tenant
}

/// Brings a new tenant to `provisioning`.
async fn provisioning(port: &dyn Tenants, clock: &ManualClock, name: &str) -> Tenant {
    let mut tenant = created(port, clock, name).await;
    let next = tenant.after(Event::WakeStarted, clock.now()).unwrap();
    port.tenant_transition(&tenant.id, tenant.lifecycle.generation, &next).await.unwrap();
    tenant.lifecycle = next;
    tenant
}

async fn all(port: &dyn Tenants, filter: &Filter, page: usize) -> Vec<TenantId> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = port.tenant_list(filter, after.as_ref(), page).await.unwrap();
        ids.extend(page.items.into_iter().map(|tenant| tenant.id));
        match page.next {
            Some(next) => after = Some(next),
            None => return ids,
        }
    }
}

pub async fn a_created_tenant_is_read_back_whole(port: &dyn Tenants, clock: &ManualClock) {
    for tenant in [tenant("plain", clock.now()), full("full", clock.now())] {
        port.tenant_create(&tenant).await.unwrap();
        assert_eq!(port.tenant_get(&tenant.id).await.unwrap(), Some(tenant));
    }
}

pub async fn every_status_is_read_back_whole(port: &dyn Tenants, clock: &ManualClock) {
    let mut tenant = full("acme", clock.now());
    port.tenant_create(&tenant).await.unwrap();
    let agent = agent(Generation(3));
    let statuses = [
        Status::Idle { reason: None },
        Status::Idle { reason: Some(StopReason::Idle) },
        Status::Idle { reason: Some(StopReason::Operator) },
        Status::Idle { reason: Some(StopReason::Shutdown) },
        Status::Idle { reason: Some(StopReason::Deleted) },
        Status::Idle { reason: Some(StopReason::Lost("signal 9".to_owned())) },
        Status::Idle { reason: Some(StopReason::WakeFailed("exit 1\nlast line".to_owned())) },
        Status::Provisioning,
        Status::Running { agent: agent.clone() },
        Status::Stopping { agent, reason: StopReason::Operator },
        Status::Terminated { keep_state: false },
        Status::Terminated { keep_state: true },
    ];
    let labels: BTreeSet<&str> = statuses.iter().map(Status::label).collect();
    assert_eq!(labels, BTreeSet::from(Status::LABELS), "every status is tried");
    for status in statuses {
        let expected = tenant.lifecycle.generation;
        tenant.lifecycle.status = status;
        tenant.lifecycle.generation = expected.next(clock.now());
        tenant.lifecycle.since = clock.now();
        port.tenant_transition(&tenant.id, expected, &tenant.lifecycle).await.unwrap();
        assert_eq!(port.tenant_get(&tenant.id).await.unwrap().as_ref(), Some(&tenant));
        clock.advance(Duration::from_millis(1));
    }
}

pub async fn an_id_is_taken_once_even_by_fifty_at_once(port: &dyn Tenants, clock: &ManualClock) {
    let tenants: Vec<Tenant> = (0..50)
        .map(|n| {
            let mut tenant = tenant("acme", clock.now());
            tenant.settings.suspended = Some(n.to_string());
            tenant
        })
        .collect();
    let results = join_all(tenants.iter().map(|tenant| port.tenant_create(tenant))).await;
    let mut winners = results.iter().zip(&tenants).filter(|(result, _)| result.is_ok()).map(|(_, tenant)| tenant);
    let winner = winners.next().unwrap();
    assert_eq!(winners.count(), 0, "two created the same id");
    for result in results.iter().filter_map(|result| result.as_ref().err()) {
        assert!(matches!(result, Error::AlreadyExists { what: "tenant", .. }), "{result:?}");
    }
    assert_eq!(port.tenant_get(&id("acme")).await.unwrap().as_ref(), Some(winner), "a loser changed the record");
}

pub async fn an_unknown_tenant_is_none(port: &dyn Tenants, clock: &ManualClock) {
    created(port, clock, "acme").await;
    for near in ["acm", "acme2", "a", "zzz"] {
        assert_eq!(port.tenant_get(&id(near)).await.unwrap(), None);
    }
}

pub async fn a_transition_needs_the_expected_generation(port: &dyn Tenants, clock: &ManualClock) {
    let tenant = created(port, clock, "acme").await;
    let next = tenant.after(Event::WakeStarted, clock.now()).unwrap();
    for stale in [tenant.lifecycle.generation.0 - 1, tenant.lifecycle.generation.0 + 1, 0] {
        let mut next = next.clone();
        next.generation = Generation(next.generation.0 + 10);
        let refused = port.tenant_transition(&tenant.id, Generation(stale), &next).await.unwrap_err();
        assert!(matches!(refused, Error::Conflict { what: "tenant", .. }), "{refused:?}");
    }
    assert_eq!(port.tenant_get(&tenant.id).await.unwrap().as_ref(), Some(&tenant), "a refused write changed something");
    port.tenant_transition(&tenant.id, tenant.lifecycle.generation, &next).await.unwrap();
    assert_eq!(port.tenant_get(&tenant.id).await.unwrap().unwrap().lifecycle, next);
}

pub async fn a_repeated_transition_conflicts(port: &dyn Tenants, clock: &ManualClock) {
    let tenant = created(port, clock, "acme").await;
    let next = tenant.after(Event::WakeStarted, clock.now()).unwrap();
    port.tenant_transition(&tenant.id, tenant.lifecycle.generation, &next).await.unwrap();
    let repeat = port.tenant_transition(&tenant.id, tenant.lifecycle.generation, &next).await.unwrap_err();
    assert!(matches!(repeat, Error::Conflict { .. }), "{repeat:?}");
}

pub async fn only_one_of_fifty_transitions_from_one_generation_wins(port: &dyn Tenants, clock: &ManualClock) {
    let tenant = provisioning(port, clock, "acme").await;
    let generation = tenant.lifecycle.generation;
    let nexts: Vec<Lifecycle> = (0..50)
        .map(|n| tenant.after(Event::WakeFailed(n.to_string()), clock.now() + Duration::from_micros(n)).unwrap())
        .collect();
    let results = join_all(nexts.iter().map(|next| port.tenant_transition(&tenant.id, generation, next))).await;
    let winners: Vec<usize> = (0..50).filter(|&n| results[n].is_ok()).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(port.tenant_get(&tenant.id).await.unwrap().unwrap().lifecycle, nexts[winners[0]]);
}

pub async fn a_transition_back_in_generation_changes_nothing(port: &dyn Tenants, clock: &ManualClock) {
    let tenant = created(port, clock, "acme").await;
    let mut next = tenant.after(Event::WakeStarted, clock.now()).unwrap();
    for backwards in [tenant.lifecycle.generation, Generation(tenant.lifecycle.generation.0 - 1)] {
        next.generation = backwards;
        port.tenant_transition(&tenant.id, tenant.lifecycle.generation, &next).await.unwrap_err();
    }
    assert_eq!(port.tenant_get(&tenant.id).await.unwrap(), Some(tenant));
}

pub async fn a_transition_keeps_settings_and_activity(port: &dyn Tenants, clock: &ManualClock) {
    let mut tenant = full("acme", clock.now());
    port.tenant_create(&tenant).await.unwrap();
    clock.advance(Duration::from_secs(9));
    let next = tenant.after(Event::WakeStarted, clock.now()).unwrap();
    port.tenant_transition(&tenant.id, tenant.lifecycle.generation, &next).await.unwrap();
    tenant.lifecycle = next;
    assert_eq!(port.tenant_get(&tenant.id).await.unwrap(), Some(tenant));
}

pub async fn r12_no_write_creates_a_tenant(port: &dyn Tenants, clock: &ManualClock) {
    let ghost = tenant("ghost", clock.now());
    let next = ghost.after(Event::WakeStarted, clock.now()).unwrap();
    let generation = ghost.lifecycle.generation;
    let patch = SettingsPatch { idle_timeout: Some(Duration::from_secs(9)), ..SettingsPatch::default() };
    let refused = [
        port.tenant_transition(&ghost.id, generation, &next).await.unwrap_err(),
        port.tenant_touch(&ghost.id, clock.now()).await.unwrap_err(),
        port.tenant_configure(&ghost.id, patch).await.unwrap_err(),
        port.tenant_remove(&ghost.id, generation).await.unwrap_err(),
    ];
    for error in refused {
        assert!(matches!(&error, Error::NotFound { what: "tenant", name } if name == "ghost"), "{error:?}");
    }
    assert_eq!(port.tenant_get(&ghost.id).await.unwrap(), None);
    assert_eq!(all(port, &Filter::default(), 10).await, []);
}

pub async fn r12_activity_does_not_resurrect_a_removed_tenant(port: &dyn Tenants, clock: &ManualClock) {
    let tenant = created(port, clock, "acme").await;
    port.tenant_remove(&tenant.id, tenant.lifecycle.generation).await.unwrap();
    clock.advance(Duration::from_secs(1));
    let refused = port.tenant_touch(&tenant.id, clock.now()).await.unwrap_err();
    assert!(matches!(refused, Error::NotFound { .. }), "{refused:?}");
    assert_eq!(port.tenant_get(&tenant.id).await.unwrap(), None);
}

pub async fn r13_only_activity_raises_activity(port: &dyn Tenants, clock: &ManualClock) {
    let tenant = created(port, clock, "acme").await;
    clock.advance(Duration::from_mins(1));
    let next = tenant.after(Event::WakeStarted, clock.now()).unwrap();
    port.tenant_transition(&tenant.id, tenant.lifecycle.generation, &next).await.unwrap();
    let patch = SettingsPatch { suspended: Some(Some("why".to_owned())), ..SettingsPatch::default() };
    port.tenant_configure(&tenant.id, patch).await.unwrap();
    let read = port.tenant_get(&tenant.id).await.unwrap().unwrap();
    assert_eq!(read.last_active_at, tenant.last_active_at);
    port.tenant_touch(&tenant.id, clock.now()).await.unwrap();
    let touched = port.tenant_get(&tenant.id).await.unwrap().unwrap();
    assert_eq!(touched, Tenant { last_active_at: clock.now(), ..read });
}

pub async fn touching_never_lowers_activity(port: &dyn Tenants, clock: &ManualClock) {
    let tenant = created(port, clock, "acme").await;
    for earlier in [tenant.last_active_at - Duration::from_secs(1), tenant.last_active_at] {
        port.tenant_touch(&tenant.id, earlier).await.unwrap();
        assert_eq!(port.tenant_get(&tenant.id).await.unwrap().as_ref(), Some(&tenant));
    }
    let base = clock.now();
    let times: Vec<Timestamp> = (1..=20).map(|n| base + Duration::from_secs(n * 7 % 23)).collect();
    for result in join_all(times.iter().map(|&at| port.tenant_touch(&tenant.id, at))).await {
        result.unwrap();
    }
    let latest = times.iter().max().copied().unwrap();
    assert_eq!(port.tenant_get(&tenant.id).await.unwrap().unwrap().last_active_at, latest);
}

pub async fn configuring_changes_settings_and_nothing_else(port: &dyn Tenants, clock: &ManualClock) {
    let mut expected = provisioning(port, clock, "acme").await;
    let patches = [
        SettingsPatch { idle_timeout: Some(Duration::from_hours(24)), ..SettingsPatch::default() },
        SettingsPatch { bot: Some(Some(bot(42))), ..SettingsPatch::default() },
        SettingsPatch { suspended: Some(Some("paused".to_owned())), ..SettingsPatch::default() },
        SettingsPatch { bot: Some(Some(Bot { webhook_url: None, ..bot(43) })), ..SettingsPatch::default() },
        SettingsPatch { bot: Some(None), ..SettingsPatch::default() },
        SettingsPatch { suspended: Some(None), ..SettingsPatch::default() },
        SettingsPatch {
            idle_timeout: Some(Duration::from_secs(1)),
            bot: Some(Some(bot(1))),
            suspended: Some(Some(String::new())),
            labels: labels(&[("team", Some("red")), ("paid", Some("")), ("never", None)]),
            schedules: ScheduleChange::from([set("morning", "0 9 * * MON"), set("hourly", "@hourly")]),
        },
        SettingsPatch {
            bot: Some(Some(bot(3))),
            schedules: ScheduleChange::from([set("hourly", "5 * * * *"), (schedule("morning"), Step::Remove)]),
            ..SettingsPatch::default()
        },
        SettingsPatch { labels: labels(&[("team", Some("blue")), ("paid", None)]), ..SettingsPatch::default() },
        SettingsPatch { bot: Some(Some(bot(2))), labels: labels(&[("x", Some("y"))]), ..SettingsPatch::default() },
    ];
    for patch in patches {
        clock.advance(Duration::from_secs(1));
        let returned = port.tenant_configure(&expected.id, patch.clone()).await.unwrap();
        patch.apply(&mut expected.settings).unwrap();
        assert_eq!(returned, expected);
        assert_eq!(port.tenant_get(&expected.id).await.unwrap().as_ref(), Some(&expected));
    }
}

pub async fn configuring_twice_does_the_same(port: &dyn Tenants, clock: &ManualClock) {
    let tenant = created(port, clock, "acme").await;
    let patch = SettingsPatch { bot: Some(Some(bot(7))), ..SettingsPatch::default() };
    let once = port.tenant_configure(&tenant.id, patch.clone()).await.unwrap();
    assert_eq!(port.tenant_configure(&tenant.id, patch).await.unwrap(), once);
}

pub async fn labels_change_one_by_one_and_never_become_too_many(port: &dyn Tenants, clock: &ManualClock) {
    let tenant = created(port, clock, "acme").await;
    let one = |number: usize| SettingsPatch {
        labels: labels(&[(&format!("l{number}"), Some("x"))]),
        ..SettingsPatch::default()
    };
    // Each by itself, all at once: none undoes another.
    for result in join_all((0..8).map(|number| port.tenant_configure(&tenant.id, one(number)))).await {
        result.unwrap();
    }
    for number in 8..Labels::MAX {
        port.tenant_configure(&tenant.id, one(number)).await.unwrap();
    }
    let full = port.tenant_get(&tenant.id).await.unwrap().unwrap();
    assert_eq!(full.settings.labels.iter().count(), Labels::MAX);
    let more = SettingsPatch { idle_timeout: Some(Duration::from_secs(9)), ..one(Labels::MAX) };
    let refused = port.tenant_configure(&tenant.id, more).await.unwrap_err();
    assert!(matches!(refused, Error::Invalid { .. }), "{refused:?}");
    assert_eq!(port.tenant_get(&tenant.id).await.unwrap(), Some(full));
}

pub async fn a_patch_of_nothing_changes_nothing(port: &dyn Tenants, clock: &ManualClock) {
    let tenant = full("acme", clock.now());
    port.tenant_create(&tenant).await.unwrap();
    assert_eq!(port.tenant_configure(&tenant.id, SettingsPatch::default()).await.unwrap(), tenant);
}

pub async fn a_bot_belongs_to_one_tenant(port: &dyn Tenants, clock: &ManualClock) {
    let with_bot = |name: &str| {
        let mut tenant = tenant(name, clock.now());
        tenant.settings.bot = Some(bot(7));
        tenant
    };
    let first = with_bot("first");
    port.tenant_create(&first).await.unwrap();
    let refused = port.tenant_create(&with_bot("second")).await.unwrap_err();
    assert!(matches!(&refused, Error::Conflict { what: "bot", .. }), "{refused:?}");
    assert_eq!(port.tenant_get(&id("second")).await.unwrap(), None);

    let other = created(port, clock, "other").await;
    let patch = SettingsPatch { bot: Some(Some(bot(7))), ..SettingsPatch::default() };
    let refused = port.tenant_configure(&other.id, patch.clone()).await.unwrap_err();
    assert!(matches!(&refused, Error::Conflict { what: "bot", .. }), "{refused:?}");
    assert_eq!(port.tenant_get(&other.id).await.unwrap(), Some(other.clone()));

    // Its own bot again is no conflict, and a bot that was given up is free.
    port.tenant_configure(&first.id, patch.clone()).await.unwrap();
    port.tenant_configure(&first.id, SettingsPatch { bot: Some(None), ..SettingsPatch::default() }).await.unwrap();
    port.tenant_configure(&other.id, patch).await.unwrap();
}

pub async fn removal_needs_the_expected_generation(port: &dyn Tenants, clock: &ManualClock) {
    let tenant = created(port, clock, "acme").await;
    let stale = Generation(tenant.lifecycle.generation.0 - 1);
    let refused = port.tenant_remove(&tenant.id, stale).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict { what: "tenant", .. }), "{refused:?}");
    assert_eq!(port.tenant_get(&tenant.id).await.unwrap().as_ref(), Some(&tenant));
    port.tenant_remove(&tenant.id, tenant.lifecycle.generation).await.unwrap();
    assert_eq!(port.tenant_get(&tenant.id).await.unwrap(), None);
}

pub async fn a_repeated_removal_is_not_found(port: &dyn Tenants, clock: &ManualClock) {
    let tenant = created(port, clock, "acme").await;
    port.tenant_remove(&tenant.id, tenant.lifecycle.generation).await.unwrap();
    let repeat = port.tenant_remove(&tenant.id, tenant.lifecycle.generation).await.unwrap_err();
    assert!(matches!(repeat, Error::NotFound { .. }), "{repeat:?}");
}

pub async fn a_removed_id_can_be_created_again(port: &dyn Tenants, clock: &ManualClock) {
    let old = full("acme", clock.now());
    port.tenant_create(&old).await.unwrap();
    port.tenant_remove(&old.id, old.lifecycle.generation).await.unwrap();
    clock.advance(Duration::from_micros(1));
    let new = created(port, clock, "acme").await;
    assert!(new.lifecycle.generation > old.lifecycle.generation);
    assert_eq!(port.tenant_get(&new.id).await.unwrap(), Some(new), "nothing of the old one is left");
}

pub async fn r11_pages_show_every_tenant_once_in_order(port: &dyn Tenants, clock: &ManualClock) {
    let mut names: Vec<String> = (0..57).map(|n| format!("t{:02}", n * 37 % 57)).collect();
    names.extend(["0", "z", "a-b", "a0"].map(str::to_owned));
    for result in join_all(names.iter().map(|name| created(port, clock, name))).await {
        assert_eq!(result.lifecycle.status.label(), "idle");
    }
    let mut expected: Vec<TenantId> = names.iter().map(|name| id(name)).collect();
    expected.sort();
    for page in [1, 7, 60, 61, 62, 1_000] {
        assert_eq!(all(port, &Filter::default(), page).await, expected, "in pages of {page}");
    }
}

pub async fn r11_pages_show_what_existed_throughout_while_others_come_and_go(port: &dyn Tenants, clock: &ManualClock) {
    for n in 0..40 {
        created(port, clock, &format!("t{n:02}")).await;
    }
    let gone = created(port, clock, "t00-gone").await;
    let (mut seen, mut after) = (Vec::new(), None);
    for round in 0.. {
        let page = port.tenant_list(&Filter::default(), after.as_ref(), 6).await.unwrap();
        seen.extend(page.items.into_iter().map(|tenant| tenant.id.to_string()));
        let Some(next) = page.next else { break };
        after = Some(next);
        // Some before the cursor, some after it; and the one that the cursor may stand on goes.
        created(port, clock, &format!("a{round:02}")).await;
        created(port, clock, &format!("t{:02}-new", 39 - round)).await;
        if round == 0 {
            port.tenant_remove(&gone.id, gone.lifecycle.generation).await.unwrap();
        }
    }
    let unique: BTreeSet<&String> = seen.iter().collect();
    assert_eq!(unique.len(), seen.len(), "shown twice: {seen:?}");
    assert!(seen.is_sorted(), "{seen:?}");
    for n in 0..40 {
        assert!(unique.contains(&format!("t{n:02}")), "t{n:02} is missing: {seen:?}");
    }
}

pub async fn a_page_that_ends_with_the_last_tenant_has_no_next(port: &dyn Tenants, clock: &ManualClock) {
    for name in ["a", "b", "c"] {
        created(port, clock, name).await;
    }
    let page = port.tenant_list(&Filter::default(), None, 3).await.unwrap();
    assert_eq!((page.items.len(), page.next), (3, None));
    let page = port.tenant_list(&Filter::default(), None, 2).await.unwrap();
    assert_eq!((page.items.len(), page.next), (2, Some(id("b"))));
    let page = port.tenant_list(&Filter::default(), Some(&id("c")), 2).await.unwrap();
    assert_eq!((page.items.len(), page.next), (0, None));
}

pub async fn an_empty_registry_lists_nothing(port: &dyn Tenants, _clock: &ManualClock) {
    let page = port.tenant_list(&Filter::default(), None, 10).await.unwrap();
    assert_eq!((page.items, page.next), (Vec::new(), None));
    assert_eq!(port.tenant_counts().await.unwrap().values().sum::<u64>(), 0);
}

async fn every_third_is_provisioning(port: &dyn Tenants, clock: &ManualClock) -> Vec<TenantId> {
    let mut active = Vec::new();
    for n in 0..20 {
        let name = format!("t{n:02}");
        if n % 3 == 0 {
            active.push(provisioning(port, clock, &name).await.id);
        } else {
            created(port, clock, &name).await;
        }
    }
    active
}

pub async fn a_list_by_status_shows_only_that_status_on_every_page(port: &dyn Tenants, clock: &ManualClock) {
    let active = every_third_is_provisioning(port, clock).await;
    let by = |status: &str| Filter { status: Some(status.to_owned()), ..Filter::default() };
    for page in [1, 2, 7, 100] {
        assert_eq!(all(port, &by("provisioning"), page).await, active);
        assert_eq!(all(port, &by("idle"), page).await.len(), 20 - active.len());
        assert_eq!(all(port, &by("running"), page).await, []);
    }
}

pub async fn an_active_list_shows_what_is_not_idle_on_every_page(port: &dyn Tenants, clock: &ManualClock) {
    let mut active = every_third_is_provisioning(port, clock).await;
    let filter = Filter { active: true, ..Filter::default() };
    for page in [1, 2, 7, 100] {
        assert_eq!(all(port, &filter, page).await, active);
    }
    // One falls idle, one of the idle ones is deleted.
    let first = port.tenant_get(&active.remove(0)).await.unwrap().unwrap();
    let idle = first.after(Event::WakeFailed("no".to_owned()), clock.now()).unwrap();
    port.tenant_transition(&first.id, first.lifecycle.generation, &idle).await.unwrap();
    let last = port.tenant_get(&id("t19")).await.unwrap().unwrap();
    let terminated = last.after(Event::Deleted { keep_state: true }, clock.now()).unwrap();
    port.tenant_transition(&last.id, last.lifecycle.generation, &terminated).await.unwrap();
    active.push(last.id);
    assert_eq!(all(port, &filter, 3).await, active);
}

pub async fn an_active_list_by_status_shows_what_is_both(port: &dyn Tenants, clock: &ManualClock) {
    let active = every_third_is_provisioning(port, clock).await;
    let both = |status: &str| Filter { status: Some(status.to_owned()), active: true, ..Filter::default() };
    assert_eq!(all(port, &both("provisioning"), 2).await, active);
    assert_eq!(all(port, &both("idle"), 2).await, []);
}

pub async fn a_list_by_an_unknown_status_is_invalid(port: &dyn Tenants, _clock: &ManualClock) {
    for label in ["sleeping", "", "Idle", "' OR 1=1 --"] {
        let filter = Filter { status: Some(label.to_owned()), ..Filter::default() };
        let refused = port.tenant_list(&filter, None, 1).await.unwrap_err();
        assert!(matches!(refused, Error::Invalid { field: "status", .. }), "{refused:?}");
    }
}

pub async fn counts_follow_every_transition(port: &dyn Tenants, clock: &ManualClock) {
    let active = every_third_is_provisioning(port, clock).await;
    let counted = async |label: &str| port.tenant_counts().await.unwrap().get(label).copied().unwrap_or(0);
    assert_eq!((counted("idle").await, counted("provisioning").await), (13, 7));
    let first = port.tenant_get(&active[0]).await.unwrap().unwrap();
    port.tenant_remove(&first.id, first.lifecycle.generation).await.unwrap();
    assert_eq!((counted("idle").await, counted("provisioning").await, counted("running").await), (13, 6, 0));
}

pub async fn whoever_is_suspended_is_counted_until_it_is_not(port: &dyn Tenants, clock: &ManualClock) {
    let (acme, bob) = (created(port, clock, "acme").await.id, created(port, clock, "bob").await.id);
    let set = async |id: &TenantId, suspended: Option<&str>| {
        let patch = SettingsPatch { suspended: Some(suspended.map(str::to_owned)), ..SettingsPatch::default() };
        port.tenant_configure(id, patch).await.unwrap();
        port.suspended_count().await.unwrap()
    };
    // A store that cannot tell never tells.
    let Some(none) = port.suspended_count().await.unwrap() else { return };
    assert_eq!((none, set(&acme, Some("unpaid")).await, set(&bob, Some("too")).await), (0, Some(1), Some(2)));
    assert_eq!((set(&acme, None).await, set(&acme, None).await), (Some(1), Some(1)));
}

pub async fn reads_see_every_answered_write(port: &dyn Tenants, clock: &ManualClock) {
    let mut tenant = created(port, clock, "acme").await;
    for _ in 0..200 {
        clock.advance(Duration::from_micros(1));
        let event = match tenant.lifecycle.status {
            Status::Provisioning => Event::WakeFailed("again".to_owned()),
            _ => Event::WakeStarted,
        };
        let next = tenant.after(event, clock.now()).unwrap();
        port.tenant_transition(&tenant.id, tenant.lifecycle.generation, &next).await.unwrap();
        tenant.lifecycle = next;
        assert_eq!(port.tenant_get(&tenant.id).await.unwrap().as_ref(), Some(&tenant));
    }
}
