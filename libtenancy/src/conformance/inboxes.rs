//! Every driver of the durable inboxes.
//!
//! Here: storing and reading. What a delivery does, and its fences: `delivery`; what operators do: `operators`.
#![expect(missing_docs, reason = "the name of a case is its sentence")]
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

mod delivery;
mod operators;

use std::time::Duration;

use futures::future::join_all;

pub use self::{delivery::*, operators::*};
use super::{id, just_within};
use crate::{
    clock::{Clock, ManualClock},
    error::Error,
    inbox::{Claim, Epoch, Outcome, Outgoing, Put, Stage, Take, Update, UpdateKey},
    ports::inboxes::{InboxCounts, Inboxes, UpdateFilter},
    tenant::{BotId, TenantId},
};

/// The cases, one test each; see [`crate::conformance`].
#[macro_export]
macro_rules! inboxes_conformance {
    ($driver:path $(, $reason:literal)?) => {
        $crate::conformance_tests!(inboxes, $driver, [$($reason)?], [
            a_stored_update_is_read_back_whole,
            a_second_put_of_an_update_is_a_duplicate_and_changes_nothing,
            r22_one_of_fifty_puts_of_an_update_is_stored,
            the_same_id_of_another_bot_or_tenant_is_another_update,
            a_put_beyond_the_limit_is_refused_and_stores_nothing,
            the_limit_is_the_tenants_own,
            a_duplicate_is_recognised_while_the_inbox_is_full,
            no_more_than_the_limit_are_stored_by_fifty_at_once,
            a_finished_update_makes_room,
            a_finished_update_still_de_duplicates,
            update_ids_may_be_any_number,
            a_payload_is_kept_byte_for_byte,
            an_unknown_update_is_none,
            pending_tenants_are_listed_once_in_order_over_pages,
            a_tenant_without_pending_updates_is_not_listed,
            counts_follow_every_stage,
            counts_of_all_tenants_are_their_sum,
            updates_are_listed_in_order_of_key_over_pages,
            updates_are_listed_by_tenant_and_stage_over_pages,
            a_list_by_an_unknown_stage_is_invalid,
            a_dead_update_is_replayed_from_the_start,
            a_dead_update_with_a_reply_is_replayed_from_the_reply,
            a_replayed_update_is_young_again,
            a_dropped_update_is_replayed,
            what_is_not_dead_or_dropped_is_not_replayed,
            a_dropped_update_is_delivered_no_more,
            whoever_delivers_a_dropped_update_loses_its_next_write,
            a_dead_update_can_be_dropped,
            a_handled_update_is_not_dropped,
            an_unknown_update_is_neither_replayed_nor_dropped,
            pruning_removes_what_ended_before_and_keeps_dead_ones,
            pruning_removes_no_more_than_the_limit,
            pruning_never_touches_what_is_pending,
            a_purge_removes_everything_of_one_tenant_and_nothing_else,
            a_repeated_purge_does_nothing,
            a_purge_ends_a_delivery,
            one_of_fifty_claims_a_delivery,
            its_owner_claims_again_and_its_earlier_epoch_is_dead,
            a_claim_is_held_until_it_lapses,
            a_lapsed_claim_is_taken_over_under_a_higher_epoch,
            a_renewed_claim_does_not_lapse,
            a_claim_that_was_taken_over_is_not_renewed,
            a_released_claim_is_free_at_once,
            a_released_claim_writes_no_more,
            a_repeated_or_lost_release_is_no_error,
            claims_of_different_tenants_are_independent,
            an_epoch_does_not_go_back_when_the_clock_does,
            updates_are_taken_lowest_first_and_a_late_lower_id_goes_next,
            a_take_counts_and_renews_the_claim,
            a_take_of_an_empty_inbox_is_empty,
            an_update_that_waits_holds_the_later_ones_back,
            a_notice_is_kept,
            a_reply_is_stored_once,
            an_empty_reply_is_stored,
            sent_parts_only_grow,
            a_handled_update_leaves_no_text_behind,
            a_dead_update_is_kept_whole,
            finishing_takes_the_next_update,
            finishing_the_last_update_leaves_nothing,
            finishing_waits_for_an_update_that_waits,
            an_update_ends_once,
            a_failed_attempt_counts_only_if_it_says_so,
            a_possible_repeat_is_counted,
            a_take_over_in_the_middle_of_a_reply_counts_a_possible_repeat,
            a_take_over_counts_no_repeat_where_none_can_be,
            no_write_of_an_earlier_epoch_changes_anything,
            no_write_reaches_an_unknown_update,
            a_hundred_updates_go_through_in_order,
        ]);
    };
}

const MAX: u32 = 1_000;
const OWNER: &str = "router-a";

fn key(tenant: &str, update_id: i64) -> UpdateKey {
    UpdateKey { tenant: id(tenant), bot: BotId(7), update_id }
}

async fn put(port: &dyn Inboxes, clock: &ManualClock, tenant: &str, update_id: i64) -> UpdateKey {
    let key = key(tenant, update_id);
    let put = port.update_put(&key, &format!("{{\"update_id\":{update_id}}}"), MAX, clock.now()).await.unwrap();
    assert_eq!(put, Put::Stored);
    key
}

async fn get(port: &dyn Inboxes, key: &UpdateKey) -> Update {
    port.update_get(key).await.unwrap().unwrap()
}

async fn claim(port: &dyn Inboxes, clock: &ManualClock, tenant: &TenantId, owner: &str) -> Epoch {
    match port.delivery_claim(tenant, owner, clock.now()).await.unwrap() {
        Claim::Won(epoch) => epoch,
        Claim::Held(until) => panic!("the delivery of `{tenant}` is held until {until}"),
    }
}

/// Claims the tenant's delivery and takes its first update.
async fn taken(port: &dyn Inboxes, clock: &ManualClock, tenant: &TenantId) -> (Epoch, Update) {
    let epoch = claim(port, clock, tenant, OWNER).await;
    (epoch, took(port.update_take(tenant, epoch, clock.now()).await.unwrap()))
}

fn took(take: Take) -> Update {
    match take {
        Take::Taken(update) => *update,
        other => panic!("nothing was taken: {other:?}"),
    }
}

fn reply(parts: &[&str]) -> Outgoing {
    Outgoing { chat: -100_123, parts: parts.iter().map(|&part| part.to_owned()).collect() }
}

fn dead(reason: &str) -> Outcome {
    Outcome::Dead(reason.to_owned())
}

fn conflicts(error: &Error) -> bool {
    matches!(error, Error::Conflict { .. })
}

/// Puts an update, takes it and ends it.
async fn ended(port: &dyn Inboxes, clock: &ManualClock, tenant: &str, update_id: i64, outcome: &Outcome) -> UpdateKey {
    let key = put(port, clock, tenant, update_id).await;
    let (epoch, update) = taken(port, clock, &key.tenant).await;
    assert_eq!(update.key, key);
    port.update_finish(&key, epoch, outcome, clock.now()).await.unwrap();
    key
}

pub async fn a_stored_update_is_read_back_whole(port: &dyn Inboxes, clock: &ManualClock) {
    let key = put(port, clock, "acme", 5).await;
    let expected = Update {
        key: key.clone(),
        payload: "{\"update_id\":5}".to_owned(),
        received_at: clock.now(),
        stage: Stage::Pending,
        takes: 0,
        attempts: 0,
        not_before: clock.now(),
        notice: None,
        last_error: None,
        possible_repeats: 0,
    };
    assert_eq!(get(port, &key).await, expected);
}

pub async fn a_second_put_of_an_update_is_a_duplicate_and_changes_nothing(port: &dyn Inboxes, clock: &ManualClock) {
    let key = put(port, clock, "acme", 5).await;
    let before = get(port, &key).await;
    clock.advance(Duration::from_secs(1));
    assert_eq!(port.update_put(&key, "{\"other\":true}", MAX, clock.now()).await.unwrap(), Put::Duplicate);
    assert_eq!(get(port, &key).await, before);
    assert_eq!(port.pending_count(&key.tenant).await.unwrap(), 1);
}

pub async fn r22_one_of_fifty_puts_of_an_update_is_stored(port: &dyn Inboxes, clock: &ManualClock) {
    let key = key("acme", 5);
    let payloads: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    let puts = join_all(payloads.iter().map(|p| port.update_put(&key, p, MAX, clock.now()))).await;
    let puts: Vec<Put> = puts.into_iter().map(Result::unwrap).collect();
    let stored: Vec<usize> = (0..50).filter(|&n| puts[n] == Put::Stored).collect();
    assert_eq!(stored.len(), 1, "{puts:?}");
    assert_eq!(get(port, &key).await.payload, payloads[stored[0]]);
    assert_eq!(port.pending_count(&key.tenant).await.unwrap(), 1);
}

pub async fn the_same_id_of_another_bot_or_tenant_is_another_update(port: &dyn Inboxes, clock: &ManualClock) {
    let first = put(port, clock, "acme", 5).await;
    let others = [
        UpdateKey { bot: BotId(8), ..first.clone() },
        UpdateKey { update_id: 6, ..first.clone() },
        UpdateKey { tenant: id("acme2"), ..first.clone() },
    ];
    for key in others {
        assert_eq!(port.update_put(&key, "{}", MAX, clock.now()).await.unwrap(), Put::Stored);
        assert_eq!(get(port, &key).await.key, key);
    }
}

pub async fn a_put_beyond_the_limit_is_refused_and_stores_nothing(port: &dyn Inboxes, clock: &ManualClock) {
    for update_id in 1..=3 {
        let put = port.update_put(&key("acme", update_id), "{}", 3, clock.now()).await.unwrap();
        assert_eq!(put, Put::Stored);
    }
    let refused = port.update_put(&key("acme", 4), "{}", 3, clock.now()).await.unwrap_err();
    assert!(matches!(refused, Error::Overloaded { .. }), "{refused:?}");
    assert_eq!(port.update_get(&key("acme", 4)).await.unwrap(), None);
    assert_eq!(port.pending_count(&id("acme")).await.unwrap(), 3);
}

pub async fn the_limit_is_the_tenants_own(port: &dyn Inboxes, clock: &ManualClock) {
    for tenant in ["a", "b", "c"] {
        assert_eq!(port.update_put(&key(tenant, 1), "{}", 1, clock.now()).await.unwrap(), Put::Stored);
        port.update_put(&key(tenant, 2), "{}", 1, clock.now()).await.unwrap_err();
    }
}

pub async fn a_duplicate_is_recognised_while_the_inbox_is_full(port: &dyn Inboxes, clock: &ManualClock) {
    assert_eq!(port.update_put(&key("acme", 1), "{}", 1, clock.now()).await.unwrap(), Put::Stored);
    assert_eq!(port.update_put(&key("acme", 1), "{}", 1, clock.now()).await.unwrap(), Put::Duplicate);
}

pub async fn no_more_than_the_limit_are_stored_by_fifty_at_once(port: &dyn Inboxes, clock: &ManualClock) {
    let keys: Vec<UpdateKey> = (0..50).map(|n| key("acme", n)).collect();
    let puts = join_all(keys.iter().map(|key| port.update_put(key, "{}", 10, clock.now()))).await;
    assert_eq!(puts.iter().filter(|put| matches!(put, Ok(Put::Stored))).count(), 10);
    assert_eq!(puts.iter().filter(|put| matches!(put, Err(Error::Overloaded { .. }))).count(), 40);
    assert_eq!(port.pending_count(&id("acme")).await.unwrap(), 10);
}

pub async fn a_finished_update_makes_room(port: &dyn Inboxes, clock: &ManualClock) {
    for outcome in [Outcome::Handled, dead("why")] {
        assert_eq!(port.update_put(&key("acme", 1), "{}", 1, clock.now()).await.unwrap(), Put::Stored);
        let (epoch, update) = taken(port, clock, &id("acme")).await;
        port.update_put(&key("acme", 2), "{}", 1, clock.now()).await.unwrap_err();
        port.update_finish(&update.key, epoch, &outcome, clock.now()).await.unwrap();
        assert_eq!(port.update_put(&key("acme", 2), "{}", 1, clock.now()).await.unwrap(), Put::Stored);
        port.inbox_purge(&id("acme")).await.unwrap();
    }
}

pub async fn a_finished_update_still_de_duplicates(port: &dyn Inboxes, clock: &ManualClock) {
    for (update_id, outcome) in [(1, Outcome::Handled), (2, dead("why"))] {
        let key = ended(port, clock, "acme", update_id, &outcome).await;
        let before = get(port, &key).await;
        assert_eq!(port.update_put(&key, "{}", MAX, clock.now()).await.unwrap(), Put::Duplicate);
        assert_eq!(get(port, &key).await, before);
    }
    let dropped = put(port, clock, "acme", 3).await;
    port.update_drop(&dropped, clock.now()).await.unwrap();
    assert_eq!(port.update_put(&dropped, "{}", MAX, clock.now()).await.unwrap(), Put::Duplicate);
}

pub async fn update_ids_may_be_any_number(port: &dyn Inboxes, clock: &ManualClock) {
    let mut keys = Vec::new();
    for (bot, update_id) in [(i64::MIN, i64::MIN), (-1, i64::MAX), (0, 0), (1, -1), (1, 2), (1, 10), (i64::MAX, 1)] {
        let key = UpdateKey { tenant: id("acme"), bot: BotId(bot), update_id };
        assert_eq!(port.update_put(&key, "{}", MAX, clock.now()).await.unwrap(), Put::Stored);
        keys.push(key);
    }
    let listed = port.update_list(&UpdateFilter::default(), None, 100).await.unwrap();
    assert_eq!(listed.into_iter().map(|update| update.key).collect::<Vec<_>>(), keys, "in order of numbers");
}

pub async fn a_payload_is_kept_byte_for_byte(port: &dyn Inboxes, clock: &ManualClock) {
    let payloads = ["", "not json", "{\"a\": \"\\u0000 \u{1f980} ' \\\" \"}\n", &"x".repeat(1 << 20)];
    for (update_id, payload) in (0..).zip(payloads) {
        port.update_put(&key("acme", update_id), payload, MAX, clock.now()).await.unwrap();
        assert_eq!(get(port, &key("acme", update_id)).await.payload, payload);
    }
}

pub async fn an_unknown_update_is_none(port: &dyn Inboxes, clock: &ManualClock) {
    put(port, clock, "acme", 5).await;
    for unknown in [key("acme", 6), key("acm", 5), UpdateKey { bot: BotId(0), ..key("acme", 5) }] {
        assert_eq!(port.update_get(&unknown).await.unwrap(), None);
    }
}

pub async fn pending_tenants_are_listed_once_in_order_over_pages(port: &dyn Inboxes, clock: &ManualClock) {
    let mut names: Vec<String> = (0..23).map(|n| format!("t{}", n * 7 % 23)).collect();
    for name in &names {
        for update_id in 0..3 {
            put(port, clock, name, update_id).await;
        }
    }
    names.sort();
    let names: Vec<TenantId> = names.iter().map(|name| id(name)).collect();
    for size in [1, 5, 23, 24] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = port.tenants_pending(after.as_ref(), size).await.unwrap();
            assert!(page.len() <= size);
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            seen.extend(page);
        }
        assert_eq!(seen, names, "in pages of {size}");
    }
}

pub async fn a_tenant_without_pending_updates_is_not_listed(port: &dyn Inboxes, clock: &ManualClock) {
    ended(port, clock, "handled", 1, &Outcome::Handled).await;
    ended(port, clock, "dead", 1, &dead("why")).await;
    let dropped = put(port, clock, "dropped", 1).await;
    port.update_drop(&dropped, clock.now()).await.unwrap();
    claim(port, clock, &id("claimed"), OWNER).await;
    let replied = put(port, clock, "replied", 1).await;
    let (epoch, _) = taken(port, clock, &replied.tenant).await;
    port.reply_store(&replied, epoch, &reply(&["hi"])).await.unwrap();
    assert_eq!(port.tenants_pending(None, 10).await.unwrap(), [id("replied")]);
}

pub async fn counts_follow_every_stage(port: &dyn Inboxes, clock: &ManualClock) {
    let acme = id("acme");
    let counts = async || port.inbox_counts(Some(&acme)).await.unwrap();
    assert_eq!(counts().await, InboxCounts::default());
    for update_id in 1..=5 {
        put(port, clock, "acme", update_id).await;
    }
    let (epoch, first) = taken(port, clock, &acme).await;
    port.reply_store(&first.key, epoch, &reply(&["hi"])).await.unwrap();
    assert_eq!(counts().await, InboxCounts { pending: 5, ..InboxCounts::default() });
    port.update_retry(&first.key, epoch, clock.now(), "reset", true, true).await.unwrap();
    assert_eq!(counts().await, InboxCounts { pending: 5, possible_repeats: 1, ..InboxCounts::default() });
    let second = took(port.update_finish(&first.key, epoch, &Outcome::Handled, clock.now()).await.unwrap());
    let third = took(port.update_finish(&second.key, epoch, &dead("why"), clock.now()).await.unwrap());
    port.update_drop(&third.key, clock.now()).await.unwrap();
    assert_eq!(counts().await, InboxCounts { pending: 2, dead: 1, handled: 1, possible_repeats: 1 });
    assert_eq!(port.pending_count(&acme).await.unwrap(), 2);
    port.update_replay(&second.key, clock.now()).await.unwrap();
    port.update_replay(&third.key, clock.now()).await.unwrap();
    assert_eq!(counts().await, InboxCounts { pending: 4, dead: 0, handled: 1, possible_repeats: 1 });
}

pub async fn counts_of_all_tenants_are_their_sum(port: &dyn Inboxes, clock: &ManualClock) {
    assert_eq!(port.inbox_counts(None).await.unwrap(), InboxCounts::default());
    for tenant in ["a", "b", "c"] {
        ended(port, clock, tenant, 1, &Outcome::Handled).await;
        ended(port, clock, tenant, 2, &dead("why")).await;
        put(port, clock, tenant, 3).await;
        put(port, clock, tenant, 4).await;
    }
    let sum = InboxCounts { pending: 6, dead: 3, handled: 3, possible_repeats: 0 };
    assert_eq!(port.inbox_counts(None).await.unwrap(), sum);
}

async fn all(port: &dyn Inboxes, filter: &UpdateFilter, size: usize) -> Vec<UpdateKey> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = port.update_list(filter, after.as_ref(), size).await.unwrap();
        assert!(page.len() <= size);
        let Some(last) = page.last() else { return seen };
        after = Some(last.key.clone());
        seen.extend(page.into_iter().map(|update| update.key));
    }
}

pub async fn updates_are_listed_in_order_of_key_over_pages(port: &dyn Inboxes, clock: &ManualClock) {
    let mut keys = Vec::new();
    for (tenant, bot) in [("b", 9), ("a", 10), ("a", 9), ("a-b", 1)] {
        for update_id in [30, 4, 100] {
            let key = UpdateKey { tenant: id(tenant), bot: BotId(bot), update_id };
            port.update_put(&key, "{}", MAX, clock.now()).await.unwrap();
            keys.push(key);
        }
    }
    keys.sort();
    for size in [1, 5, 12, 13] {
        assert_eq!(all(port, &UpdateFilter::default(), size).await, keys, "in pages of {size}");
    }
}

pub async fn updates_are_listed_by_tenant_and_stage_over_pages(port: &dyn Inboxes, clock: &ManualClock) {
    for tenant in ["a", "b", "c"] {
        for first in [0, 10] {
            ended(port, clock, tenant, first + 1, &Outcome::Handled).await;
            ended(port, clock, tenant, first + 2, &dead("why")).await;
            let dropped = put(port, clock, tenant, first + 3).await;
            port.update_drop(&dropped, clock.now()).await.unwrap();
        }
        let replied = put(port, clock, tenant, 4).await;
        let (epoch, _) = taken(port, clock, &replied.tenant).await;
        port.reply_store(&replied, epoch, &reply(&["hi"])).await.unwrap();
        put(port, clock, tenant, 5).await;
        put(port, clock, tenant, 15).await;
    }
    let ids = |stage: &str| match stage {
        "handled" => vec![1, 11],
        "dead" => vec![2, 12],
        "dropped" => vec![3, 13],
        "replied" => vec![4],
        _ => vec![5, 15],
    };
    for size in [1, 2, 100] {
        for stage in Stage::LABELS {
            let by_stage = UpdateFilter { tenant: None, stage: Some(stage.to_owned()) };
            let expected: Vec<UpdateKey> =
                ["a", "b", "c"].iter().flat_map(|tenant| ids(stage).into_iter().map(|n| key(tenant, n))).collect();
            assert_eq!(all(port, &by_stage, size).await, expected, "{stage} in pages of {size}");
            let by_both = UpdateFilter { tenant: Some(id("b")), stage: Some(stage.to_owned()) };
            let expected: Vec<UpdateKey> = ids(stage).into_iter().map(|n| key("b", n)).collect();
            assert_eq!(all(port, &by_both, size).await, expected, "{stage} of b in pages of {size}");
        }
        let by_tenant = UpdateFilter { tenant: Some(id("b")), stage: None };
        let expected: Vec<UpdateKey> = [1, 2, 3, 4, 5, 11, 12, 13, 15].map(|n| key("b", n)).into();
        assert_eq!(all(port, &by_tenant, size).await, expected, "b in pages of {size}");
        let none = UpdateFilter { tenant: Some(id("nobody")), stage: None };
        assert_eq!(all(port, &none, size).await, []);
    }
}

pub async fn a_list_by_an_unknown_stage_is_invalid(port: &dyn Inboxes, _clock: &ManualClock) {
    for label in ["done", "", "Dead", "x' OR '1'='1"] {
        let filter = UpdateFilter { tenant: None, stage: Some(label.to_owned()) };
        let refused = port.update_list(&filter, None, 1).await.unwrap_err();
        assert!(matches!(refused, Error::Invalid { field: "stage", .. }), "{refused:?}");
    }
}
