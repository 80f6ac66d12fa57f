//! What operators and housekeeping do: replay, drop, prune, purge.

use std::time::Duration;

use super::{claim, conflicts, dead, ended, get, id, key, put, reply, taken, took};
use crate::{
    clock::{Clock, ManualClock, Timestamp},
    error::Error,
    inbox::{MAX_AGE, Outcome, Put, Stage, Take, UpdateKey, exhausted},
    ports::inboxes::{InboxCounts, Inboxes, UpdateFilter},
};

pub async fn a_dead_update_is_replayed_from_the_start(port: &dyn Inboxes, clock: &ManualClock) {
    let key = put(port, clock, "acme", 1).await;
    let (epoch, _) = taken(port, clock, &key.tenant).await;
    port.update_retry(&key, epoch, clock.now(), "exit 1", true, false).await.unwrap();
    port.update_take(&key.tenant, epoch, clock.now()).await.unwrap();
    port.update_finish(&key, epoch, &dead("it never worked"), clock.now()).await.unwrap();
    clock.advance(Duration::from_mins(1));
    port.update_replay(&key, clock.now()).await.unwrap();
    let replayed = get(port, &key).await;
    assert_eq!((&replayed.stage, replayed.takes, replayed.attempts), (&Stage::Pending, 0, 0));
    assert_eq!(replayed.payload, "{\"update_id\":1}");
    let update = took(port.update_take(&key.tenant, epoch, clock.now()).await.unwrap());
    assert_eq!((update.key, update.takes), (key, 1));
}

pub async fn a_dead_update_with_a_reply_is_replayed_from_the_reply(port: &dyn Inboxes, clock: &ManualClock) {
    let key = put(port, clock, "acme", 1).await;
    let (epoch, _) = taken(port, clock, &key.tenant).await;
    let reply = reply(&["one", "two", "three"]);
    port.reply_store(&key, epoch, &reply).await.unwrap();
    port.part_sent(&key, epoch, 2).await.unwrap();
    port.update_finish(&key, epoch, &dead("the chat is gone"), clock.now()).await.unwrap();
    port.update_replay(&key, clock.now()).await.unwrap();
    let update = took(port.update_take(&key.tenant, epoch, clock.now()).await.unwrap());
    assert_eq!(update.stage, Stage::Replied { reply, sent: 2 }, "the turn is not run again");
    assert_eq!((update.takes, update.attempts), (1, 0));
}

pub async fn a_replayed_update_is_young_again(port: &dyn Inboxes, clock: &ManualClock) {
    let key = ended(port, clock, "acme", 1, &dead("why")).await;
    clock.advance(MAX_AGE * 2);
    port.update_replay(&key, clock.now()).await.unwrap();
    let (_, update) = taken(port, clock, &key.tenant).await;
    assert_eq!(exhausted(&update, clock.now()), None, "it would be dead at once");
}

pub async fn a_dropped_update_is_replayed(port: &dyn Inboxes, clock: &ManualClock) {
    let key = put(port, clock, "acme", 1).await;
    port.update_drop(&key, clock.now()).await.unwrap();
    port.update_replay(&key, clock.now()).await.unwrap();
    let (_, update) = taken(port, clock, &key.tenant).await;
    assert_eq!((update.stage, update.payload.as_str()), (Stage::Pending, "{\"update_id\":1}"));
}

pub async fn what_is_not_dead_or_dropped_is_not_replayed(port: &dyn Inboxes, clock: &ManualClock) {
    let handled = ended(port, clock, "acme", 1, &Outcome::Handled).await;
    let replied = put(port, clock, "acme", 2).await;
    let (epoch, _) = taken(port, clock, &replied.tenant).await;
    port.reply_store(&replied, epoch, &reply(&["hi"])).await.unwrap();
    let pending = put(port, clock, "acme", 3).await;
    for key in [handled, replied, pending] {
        let before = get(port, &key).await;
        let refused = port.update_replay(&key, clock.now()).await.unwrap_err();
        assert!(conflicts(&refused), "{refused:?}");
        assert_eq!(get(port, &key).await, before);
    }
}

pub async fn a_dropped_update_is_delivered_no_more(port: &dyn Inboxes, clock: &ManualClock) {
    let dropped = put(port, clock, "acme", 1).await;
    let next = put(port, clock, "acme", 2).await;
    port.update_drop(&dropped, clock.now()).await.unwrap();
    assert_eq!(get(port, &dropped).await.stage, Stage::Dropped { at: clock.now() });
    assert_eq!(taken(port, clock, &next.tenant).await.1.key, next);
}

pub async fn whoever_delivers_a_dropped_update_loses_its_next_write(port: &dyn Inboxes, clock: &ManualClock) {
    let key = put(port, clock, "acme", 1).await;
    let (epoch, _) = taken(port, clock, &key.tenant).await;
    port.update_drop(&key, clock.now()).await.unwrap();
    let before = get(port, &key).await;
    let writes = [
        port.notice_store(&key, epoch, 1).await,
        port.reply_store(&key, epoch, &reply(&["hi"])).await,
        port.part_sent(&key, epoch, 1).await,
        port.update_retry(&key, epoch, clock.now(), "x", true, true).await,
        port.update_finish(&key, epoch, &Outcome::Handled, clock.now()).await.map(drop),
        port.update_finish(&key, epoch, &dead("x"), clock.now()).await.map(drop),
    ];
    for write in writes {
        let refused = write.unwrap_err();
        assert!(conflicts(&refused), "{refused:?}");
    }
    assert_eq!(get(port, &key).await, before);
    assert_eq!(port.update_take(&key.tenant, epoch, clock.now()).await.unwrap(), Take::Empty, "it still delivers");
}

pub async fn a_dead_update_can_be_dropped(port: &dyn Inboxes, clock: &ManualClock) {
    let key = ended(port, clock, "acme", 1, &dead("why")).await;
    port.update_drop(&key, clock.now()).await.unwrap();
    port.update_drop(&key, clock.now()).await.unwrap();
    assert_eq!(get(port, &key).await.stage.label(), "dropped");
    assert_eq!(port.inbox_counts(Some(&key.tenant)).await.unwrap(), InboxCounts::default());
}

pub async fn a_handled_update_is_not_dropped(port: &dyn Inboxes, clock: &ManualClock) {
    let key = ended(port, clock, "acme", 1, &Outcome::Handled).await;
    let before = get(port, &key).await;
    let refused = port.update_drop(&key, clock.now()).await.unwrap_err();
    assert!(conflicts(&refused), "{refused:?}");
    assert_eq!(get(port, &key).await, before);
}

pub async fn an_unknown_update_is_neither_replayed_nor_dropped(port: &dyn Inboxes, clock: &ManualClock) {
    let unknown = key("acme", 1);
    let refused = [
        port.update_replay(&unknown, clock.now()).await.unwrap_err(),
        port.update_drop(&unknown, clock.now()).await.unwrap_err(),
    ];
    for error in refused {
        assert!(matches!(error, Error::NotFound { what: "update", .. }), "{error:?}");
    }
    assert_eq!(port.update_get(&unknown).await.unwrap(), None);
}

async fn one_of_each(port: &dyn Inboxes, clock: &ManualClock, tenant: &str) -> [UpdateKey; 4] {
    let handled = ended(port, clock, tenant, 1, &Outcome::Handled).await;
    let given_up = ended(port, clock, tenant, 2, &dead("why")).await;
    let dropped = put(port, clock, tenant, 3).await;
    port.update_drop(&dropped, clock.now()).await.unwrap();
    [handled, given_up, dropped, put(port, clock, tenant, 4).await]
}

async fn exist<const N: usize>(port: &dyn Inboxes, keys: &[UpdateKey; N]) -> [bool; N] {
    let mut exist = [false; N];
    for (exists, key) in exist.iter_mut().zip(keys) {
        *exists = port.update_get(key).await.unwrap().is_some();
    }
    exist
}

pub async fn pruning_removes_what_ended_before_and_keeps_dead_ones(port: &dyn Inboxes, clock: &ManualClock) {
    let old = one_of_each(port, clock, "old").await;
    clock.advance(Duration::from_secs(10));
    let middle = clock.now();
    let new = one_of_each(port, clock, "new").await;
    assert_eq!(port.inbox_prune(middle, 100).await.unwrap(), 2);
    assert_eq!(exist(port, &old).await, [false, true, false, true]);
    assert_eq!(exist(port, &new).await, [true; 4]);
    assert_eq!(port.inbox_prune(middle, 100).await.unwrap(), 0);
    let counts = InboxCounts { pending: 1, dead: 1, handled: 0, possible_repeats: 0 };
    assert_eq!(port.inbox_counts(Some(&id("old"))).await.unwrap(), counts);
}

pub async fn pruning_removes_no_more_than_the_limit(port: &dyn Inboxes, clock: &ManualClock) {
    for update_id in 0..7 {
        ended(port, clock, "acme", update_id, &Outcome::Handled).await;
    }
    let before = clock.now() + Duration::from_secs(1);
    for expected in [3, 3, 1, 0] {
        assert_eq!(port.inbox_prune(before, 3).await.unwrap(), expected);
    }
}

pub async fn pruning_never_touches_what_is_pending(port: &dyn Inboxes, clock: &ManualClock) {
    let key = put(port, clock, "acme", 1).await;
    let far: Timestamp = clock.now() + Duration::from_hours(24 * 365);
    assert_eq!(port.inbox_prune(far, 100).await.unwrap(), 0);
    assert_eq!(get(port, &key).await.stage, Stage::Pending);
}

pub async fn a_purge_removes_everything_of_one_tenant_and_nothing_else(port: &dyn Inboxes, clock: &ManualClock) {
    let purged = one_of_each(port, clock, "acme").await;
    for update_id in 100..1_200 {
        assert_eq!(port.update_put(&key("acme", update_id), "{}", 5_000, clock.now()).await.unwrap(), Put::Stored);
    }
    let kept = one_of_each(port, clock, "acme2").await;
    port.inbox_purge(&id("acme")).await.unwrap();
    assert_eq!(exist(port, &purged).await, [false; 4]);
    assert_eq!(port.inbox_counts(Some(&id("acme"))).await.unwrap(), InboxCounts::default());
    let of_purged = UpdateFilter { tenant: Some(id("acme")), stage: None };
    assert_eq!(port.update_list(&of_purged, None, 10).await.unwrap(), []);
    assert_eq!(exist(port, &kept).await, [true; 4]);
    assert_eq!(port.tenants_pending(None, 10).await.unwrap(), [id("acme2")]);
}

pub async fn a_repeated_purge_does_nothing(port: &dyn Inboxes, clock: &ManualClock) {
    put(port, clock, "acme", 1).await;
    for _ in 0..2 {
        port.inbox_purge(&id("acme")).await.unwrap();
    }
    put(port, clock, "acme", 1).await;
}

pub async fn a_purge_ends_a_delivery(port: &dyn Inboxes, clock: &ManualClock) {
    let key = put(port, clock, "acme", 1).await;
    let (epoch, _) = taken(port, clock, &key.tenant).await;
    port.inbox_purge(&key.tenant).await.unwrap();
    put(port, clock, "acme", 1).await;
    let refused = port.update_finish(&key, epoch, &Outcome::Handled, clock.now()).await.unwrap_err();
    assert!(conflicts(&refused), "{refused:?}");
    clock.advance(Duration::from_micros(1));
    assert!(claim(port, clock, &key.tenant, "router-b").await > epoch, "epochs do not go back");
}
