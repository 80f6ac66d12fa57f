//! What a delivery does, and what its epoch keeps others from doing.

use std::time::Duration;

use futures::future::join_all;

use super::{OWNER, claim, conflicts, dead, get, id, just_within, key, put, reply, taken, took};
use crate::{
    clock::{Clock, ManualClock},
    error::Error,
    inbox::{Claim, Epoch, Outcome, Put, Stage, Take},
    ports::inboxes::{DELIVERY_TTL, InboxCounts, Inboxes},
};

const OTHER: &str = "router-b";
const MILLISECOND: Duration = Duration::from_millis(1);

pub async fn one_of_fifty_claims_a_delivery(port: &dyn Inboxes, clock: &ManualClock) {
    let acme = id("acme");
    let owners: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    let claims = join_all(owners.iter().map(|owner| port.delivery_claim(&acme, owner, clock.now()))).await;
    let claims: Vec<Claim> = claims.into_iter().map(Result::unwrap).collect();
    assert_eq!(claims.iter().filter(|claim| matches!(claim, Claim::Won(_))).count(), 1, "{claims:?}");
    let until = clock.now() + DELIVERY_TTL;
    assert_eq!(claims.iter().filter(|&&claim| claim == Claim::Held(until)).count(), 49, "{claims:?}");
}

pub async fn its_owner_claims_again_and_its_earlier_epoch_is_dead(port: &dyn Inboxes, clock: &ManualClock) {
    let update = put(port, clock, "acme", 1).await;
    let first = claim(port, clock, &update.tenant, OWNER).await;
    let second = claim(port, clock, &update.tenant, OWNER).await;
    assert!(second > first);
    assert!(conflicts(&port.update_take(&update.tenant, first, clock.now()).await.unwrap_err()));
    took(port.update_take(&update.tenant, second, clock.now()).await.unwrap());
}

pub async fn a_claim_is_held_until_it_lapses(port: &dyn Inboxes, clock: &ManualClock) {
    let acme = id("acme");
    claim(port, clock, &acme, OWNER).await;
    let until = clock.now() + DELIVERY_TTL;
    clock.advance(just_within(DELIVERY_TTL));
    assert_eq!(port.delivery_claim(&acme, OTHER, clock.now()).await.unwrap(), Claim::Held(until));
}

pub async fn a_lapsed_claim_is_taken_over_under_a_higher_epoch(port: &dyn Inboxes, clock: &ManualClock) {
    let update = put(port, clock, "acme", 1).await;
    let first = claim(port, clock, &update.tenant, OWNER).await;
    clock.advance(DELIVERY_TTL);
    let second = claim(port, clock, &update.tenant, OTHER).await;
    assert!(second > first);
    assert!(conflicts(&port.update_take(&update.tenant, first, clock.now()).await.unwrap_err()));
    took(port.update_take(&update.tenant, second, clock.now()).await.unwrap());
}

pub async fn a_renewed_claim_does_not_lapse(port: &dyn Inboxes, clock: &ManualClock) {
    let acme = id("acme");
    let epoch = claim(port, clock, &acme, OWNER).await;
    for _ in 0..5 {
        clock.advance(just_within(DELIVERY_TTL));
        port.delivery_renew(&acme, epoch, clock.now()).await.unwrap();
    }
    let until = clock.now() + DELIVERY_TTL;
    assert_eq!(port.delivery_claim(&acme, OTHER, clock.now()).await.unwrap(), Claim::Held(until));
}

pub async fn a_claim_that_was_taken_over_is_not_renewed(port: &dyn Inboxes, clock: &ManualClock) {
    let acme = id("acme");
    let first = claim(port, clock, &acme, OWNER).await;
    clock.advance(DELIVERY_TTL);
    claim(port, clock, &acme, OTHER).await;
    let until = clock.now() + DELIVERY_TTL;
    clock.advance(DELIVERY_TTL / 2);
    assert!(conflicts(&port.delivery_renew(&acme, first, clock.now()).await.unwrap_err()));
    assert_eq!(port.delivery_claim(&acme, OWNER, clock.now()).await.unwrap(), Claim::Held(until));
}

pub async fn a_released_claim_is_free_at_once(port: &dyn Inboxes, clock: &ManualClock) {
    let acme = id("acme");
    let first = claim(port, clock, &acme, OWNER).await;
    port.delivery_release(&acme, first).await.unwrap();
    assert!(claim(port, clock, &acme, OTHER).await > first);
}

pub async fn a_released_claim_writes_no_more(port: &dyn Inboxes, clock: &ManualClock) {
    let update = put(port, clock, "acme", 1).await;
    let (epoch, _) = taken(port, clock, &update.tenant).await;
    port.delivery_release(&update.tenant, epoch).await.unwrap();
    let writes = [
        port.delivery_renew(&update.tenant, epoch, clock.now()).await,
        port.update_take(&update.tenant, epoch, clock.now()).await.map(drop),
        port.reply_store(&update, epoch, &reply(&["hi"])).await,
        port.update_finish(&update, epoch, &Outcome::Handled, clock.now()).await.map(drop),
    ];
    for write in writes {
        assert!(conflicts(&write.unwrap_err()));
    }
    assert_eq!(get(port, &update).await.stage, Stage::Pending);
}

pub async fn a_repeated_or_lost_release_is_no_error(port: &dyn Inboxes, clock: &ManualClock) {
    let acme = id("acme");
    port.delivery_release(&acme, Epoch(1)).await.unwrap();
    let first = claim(port, clock, &acme, OWNER).await;
    port.delivery_release(&acme, first).await.unwrap();
    let second = claim(port, clock, &acme, OTHER).await;
    port.delivery_release(&acme, first).await.unwrap();
    port.delivery_renew(&acme, second, clock.now()).await.unwrap();
    assert!(matches!(port.delivery_claim(&acme, OWNER, clock.now()).await.unwrap(), Claim::Held(_)));
}

pub async fn claims_of_different_tenants_are_independent(port: &dyn Inboxes, clock: &ManualClock) {
    let first = claim(port, clock, &id("a"), OWNER).await;
    let second = claim(port, clock, &id("b"), OTHER).await;
    let update = put(port, clock, "b", 1).await;
    port.delivery_release(&id("a"), first).await.unwrap();
    assert_eq!(took(port.update_take(&id("b"), second, clock.now()).await.unwrap()).key, update);
}

pub async fn an_epoch_does_not_go_back_when_the_clock_does(port: &dyn Inboxes, clock: &ManualClock) {
    let acme = id("acme");
    let first = claim(port, clock, &acme, OWNER).await;
    port.delivery_release(&acme, first).await.unwrap();
    let earlier = clock.now() - Duration::from_hours(1);
    let Claim::Won(second) = port.delivery_claim(&acme, OTHER, earlier).await.unwrap() else {
        panic!("a released claim is free")
    };
    assert!(second > first);
}

pub async fn updates_are_taken_lowest_first_and_a_late_lower_id_goes_next(port: &dyn Inboxes, clock: &ManualClock) {
    for update_id in [30, 10, 20] {
        put(port, clock, "acme", update_id).await;
    }
    let (epoch, mut update) = taken(port, clock, &id("acme")).await;
    let mut order = vec![update.key.update_id];
    put(port, clock, "acme", 5).await;
    loop {
        match port.update_finish(&update.key, epoch, &Outcome::Handled, clock.now()).await.unwrap() {
            Take::Taken(next) => update = *next,
            Take::Empty => break,
            Take::Wait(until) => panic!("nothing waits, but until {until}"),
        }
        order.push(update.key.update_id);
    }
    assert_eq!(order, [10, 5, 20, 30]);
}

pub async fn a_take_counts_and_renews_the_claim(port: &dyn Inboxes, clock: &ManualClock) {
    let update = put(port, clock, "acme", 1).await;
    let epoch = claim(port, clock, &update.tenant, OWNER).await;
    for takes in 1..=4 {
        clock.advance(just_within(DELIVERY_TTL));
        let taken = took(port.update_take(&update.tenant, epoch, clock.now()).await.unwrap());
        assert_eq!(taken.takes, takes);
        assert_eq!(taken, get(port, &update).await, "what is returned is what is stored");
        let until = clock.now() + DELIVERY_TTL;
        assert_eq!(port.delivery_claim(&update.tenant, OTHER, clock.now()).await.unwrap(), Claim::Held(until));
    }
}

pub async fn a_take_of_an_empty_inbox_is_empty(port: &dyn Inboxes, clock: &ManualClock) {
    put(port, clock, "other", 1).await;
    let epoch = claim(port, clock, &id("acme"), OWNER).await;
    assert_eq!(port.update_take(&id("acme"), epoch, clock.now()).await.unwrap(), Take::Empty);
}

pub async fn an_update_that_waits_holds_the_later_ones_back(port: &dyn Inboxes, clock: &ManualClock) {
    let first = put(port, clock, "acme", 1).await;
    put(port, clock, "acme", 2).await;
    let (epoch, _) = taken(port, clock, &first.tenant).await;
    let until = clock.now() + Duration::from_secs(5);
    port.update_retry(&first, epoch, until, "exit 1", true, false).await.unwrap();
    assert_eq!(port.update_take(&first.tenant, epoch, clock.now()).await.unwrap(), Take::Wait(until));
    clock.advance(just_within(Duration::from_secs(5)));
    assert_eq!(port.update_take(&first.tenant, epoch, clock.now()).await.unwrap(), Take::Wait(until));
    clock.advance(MILLISECOND);
    let update = took(port.update_take(&first.tenant, epoch, clock.now()).await.unwrap());
    assert_eq!((update.key, update.takes, update.attempts), (first, 2, 1));
}

pub async fn a_notice_is_kept(port: &dyn Inboxes, clock: &ManualClock) {
    let update = put(port, clock, "acme", 1).await;
    let (epoch, taken) = taken(port, clock, &update.tenant).await;
    assert_eq!(taken.notice, None);
    port.notice_store(&update, epoch, i64::MAX).await.unwrap();
    let next = claim(port, clock, &update.tenant, OWNER).await;
    let again = took(port.update_take(&update.tenant, next, clock.now()).await.unwrap());
    assert_eq!(again.notice, Some(i64::MAX));
}

pub async fn a_reply_is_stored_once(port: &dyn Inboxes, clock: &ManualClock) {
    let update = put(port, clock, "acme", 1).await;
    let (epoch, _) = taken(port, clock, &update.tenant).await;
    let first = reply(&["one \u{1f980}", "two\n\"quoted\""]);
    port.reply_store(&update, epoch, &first).await.unwrap();
    let stored = get(port, &update).await;
    assert_eq!(stored.stage, Stage::Replied { reply: first, sent: 0 });
    assert!(!stored.payload.is_empty());
    let refused = port.reply_store(&update, epoch, &reply(&["another"])).await.unwrap_err();
    assert!(conflicts(&refused), "{refused:?}");
    assert_eq!(get(port, &update).await, stored);
}

pub async fn an_empty_reply_is_stored(port: &dyn Inboxes, clock: &ManualClock) {
    let update = put(port, clock, "acme", 1).await;
    let (epoch, _) = taken(port, clock, &update.tenant).await;
    port.reply_store(&update, epoch, &reply(&[])).await.unwrap();
    assert_eq!(get(port, &update).await.stage, Stage::Replied { reply: reply(&[]), sent: 0 });
    port.update_finish(&update, epoch, &Outcome::Handled, clock.now()).await.unwrap();
}

pub async fn sent_parts_only_grow(port: &dyn Inboxes, clock: &ManualClock) {
    let update = put(port, clock, "acme", 1).await;
    let (epoch, _) = taken(port, clock, &update.tenant).await;
    assert!(conflicts(&port.part_sent(&update, epoch, 1).await.unwrap_err()), "there is no reply yet");
    let reply = reply(&["one", "two", "three"]);
    port.reply_store(&update, epoch, &reply).await.unwrap();
    for (sent, expected) in [(1, 1), (2, 2), (1, 2), (2, 2), (3, 3)] {
        port.part_sent(&update, epoch, sent).await.unwrap();
        assert_eq!(get(port, &update).await.stage, Stage::Replied { reply: reply.clone(), sent: expected });
    }
    port.part_sent(&update, epoch, 4).await.unwrap_err();
    assert_eq!(get(port, &update).await.stage, Stage::Replied { reply, sent: 3 });
}

pub async fn a_handled_update_leaves_no_text_behind(port: &dyn Inboxes, clock: &ManualClock) {
    let update = put(port, clock, "acme", 1).await;
    let (epoch, _) = taken(port, clock, &update.tenant).await;
    port.reply_store(&update, epoch, &reply(&["hi"])).await.unwrap();
    clock.advance(MILLISECOND);
    assert_eq!(port.update_finish(&update, epoch, &Outcome::Handled, clock.now()).await.unwrap(), Take::Empty);
    let handled = get(port, &update).await;
    assert_eq!((handled.stage, handled.payload.as_str()), (Stage::Handled { at: clock.now() }, ""));
}

pub async fn a_dead_update_is_kept_whole(port: &dyn Inboxes, clock: &ManualClock) {
    let update = put(port, clock, "acme", 1).await;
    let (epoch, taken) = taken(port, clock, &update.tenant).await;
    port.update_finish(&update, epoch, &dead("the agent never answered"), clock.now()).await.unwrap();
    let given_up = get(port, &update).await;
    let stage = Stage::Dead { at: clock.now(), reason: "the agent never answered".to_owned() };
    assert_eq!((given_up.stage, given_up.payload), (stage, taken.payload));
}

pub async fn finishing_takes_the_next_update(port: &dyn Inboxes, clock: &ManualClock) {
    let first = put(port, clock, "acme", 1).await;
    let second = put(port, clock, "acme", 2).await;
    let third = put(port, clock, "acme", 3).await;
    let (epoch, _) = taken(port, clock, &first.tenant).await;
    clock.advance(DELIVERY_TTL / 2);
    let next = took(port.update_finish(&first, epoch, &Outcome::Handled, clock.now()).await.unwrap());
    assert_eq!((&next.key, next.takes), (&second, 1));
    assert_eq!(next, get(port, &second).await);
    let until = clock.now() + DELIVERY_TTL;
    assert_eq!(port.delivery_claim(&first.tenant, OTHER, clock.now()).await.unwrap(), Claim::Held(until));
    let next = took(port.update_finish(&second, epoch, &dead("why"), clock.now()).await.unwrap());
    assert_eq!((next.key, next.takes), (third, 1));
}

pub async fn finishing_the_last_update_leaves_nothing(port: &dyn Inboxes, clock: &ManualClock) {
    let update = put(port, clock, "acme", 1).await;
    let (epoch, _) = taken(port, clock, &update.tenant).await;
    assert_eq!(port.update_finish(&update, epoch, &Outcome::Handled, clock.now()).await.unwrap(), Take::Empty);
    assert_eq!(port.pending_count(&update.tenant).await.unwrap(), 0);
}

pub async fn finishing_waits_for_an_update_that_waits(port: &dyn Inboxes, clock: &ManualClock) {
    let second = put(port, clock, "acme", 2).await;
    let (epoch, _) = taken(port, clock, &second.tenant).await;
    let until = clock.now() + Duration::from_secs(5);
    port.update_retry(&second, epoch, until, "exit 1", true, false).await.unwrap();
    let first = put(port, clock, "acme", 1).await;
    took(port.update_take(&first.tenant, epoch, clock.now()).await.unwrap());
    assert_eq!(port.update_finish(&first, epoch, &Outcome::Handled, clock.now()).await.unwrap(), Take::Wait(until));
    assert_eq!(get(port, &second).await.takes, 1, "waiting is no take");
}

pub async fn an_update_ends_once(port: &dyn Inboxes, clock: &ManualClock) {
    for (update_id, outcome) in [(1, Outcome::Handled), (2, dead("why"))] {
        let update = put(port, clock, "acme", update_id).await;
        let (epoch, _) = taken(port, clock, &update.tenant).await;
        port.update_finish(&update, epoch, &outcome, clock.now()).await.unwrap();
        let ended = get(port, &update).await;
        clock.advance(MILLISECOND);
        let later = put(port, clock, "acme", 100 + update_id).await;
        for outcome in [Outcome::Handled, dead("other")] {
            let refused = port.update_finish(&update, epoch, &outcome, clock.now()).await.unwrap_err();
            assert!(conflicts(&refused), "{refused:?}");
        }
        assert_eq!(get(port, &update).await, ended);
        assert_eq!(get(port, &later).await.takes, 0, "a refused finish takes nothing");
        port.update_drop(&later, clock.now()).await.unwrap();
    }
}

pub async fn a_failed_attempt_counts_only_if_it_says_so(port: &dyn Inboxes, clock: &ManualClock) {
    let update = put(port, clock, "acme", 1).await;
    let (epoch, _) = taken(port, clock, &update.tenant).await;
    for (counts, attempts, error) in [(true, 1, "exit 1"), (false, 1, "no network"), (true, 2, "exit 2")] {
        port.update_retry(&update, epoch, clock.now(), error, counts, false).await.unwrap();
        let stored = get(port, &update).await;
        assert_eq!((stored.attempts, stored.last_error.as_deref()), (attempts, Some(error)));
        assert_eq!((stored.possible_repeats, stored.stage), (0, Stage::Pending));
    }
}

pub async fn a_possible_repeat_is_counted(port: &dyn Inboxes, clock: &ManualClock) {
    let update = put(port, clock, "acme", 1).await;
    let (epoch, _) = taken(port, clock, &update.tenant).await;
    let reply = reply(&["one", "two"]);
    port.reply_store(&update, epoch, &reply).await.unwrap();
    port.part_sent(&update, epoch, 1).await.unwrap();
    for repeats in 1..=2 {
        port.update_retry(&update, epoch, clock.now(), "reset", true, true).await.unwrap();
        let stored = get(port, &update).await;
        assert_eq!((stored.possible_repeats, stored.attempts), (repeats, repeats));
        assert_eq!(stored.stage, Stage::Replied { reply: reply.clone(), sent: 1 }, "the reply is kept");
    }
    assert_eq!(port.inbox_counts(Some(&update.tenant)).await.unwrap().possible_repeats, 2);
}

pub async fn a_take_over_in_the_middle_of_a_reply_counts_a_possible_repeat(port: &dyn Inboxes, clock: &ManualClock) {
    let update = put(port, clock, "acme", 1).await;
    let (first, _) = taken(port, clock, &update.tenant).await;
    port.reply_store(&update, first, &reply(&["one", "two"])).await.unwrap();
    port.part_sent(&update, first, 1).await.unwrap();
    // The first owner dies here.
    clock.advance(DELIVERY_TTL);
    let second = claim(port, clock, &update.tenant, OTHER).await;
    let taken = took(port.update_take(&update.tenant, second, clock.now()).await.unwrap());
    assert_eq!((taken.possible_repeats, taken.takes), (1, 2));
    assert_eq!(taken, get(port, &update).await);
    // The same owner taking it again has seen what it sent.
    let again = took(port.update_take(&update.tenant, second, clock.now()).await.unwrap());
    assert_eq!(again.possible_repeats, 1);
    assert_eq!(port.inbox_counts(None).await.unwrap().possible_repeats, 1);
}

pub async fn a_take_over_counts_no_repeat_where_none_can_be(port: &dyn Inboxes, clock: &ManualClock) {
    let pending = put(port, clock, "pending", 1).await;
    taken(port, clock, &pending.tenant).await;
    let sent = put(port, clock, "sent", 1).await;
    let (epoch, _) = taken(port, clock, &sent.tenant).await;
    port.reply_store(&sent, epoch, &reply(&["one"])).await.unwrap();
    port.part_sent(&sent, epoch, 1).await.unwrap();
    let told = put(port, clock, "told", 1).await;
    let (epoch, _) = taken(port, clock, &told.tenant).await;
    port.reply_store(&told, epoch, &reply(&["one"])).await.unwrap();
    // The outcome of the send is known: it certainly did not happen.
    port.update_retry(&told, epoch, clock.now(), "no network", false, false).await.unwrap();
    clock.advance(DELIVERY_TTL);
    for update in [pending, sent, told] {
        let epoch = claim(port, clock, &update.tenant, OTHER).await;
        let taken = took(port.update_take(&update.tenant, epoch, clock.now()).await.unwrap());
        assert_eq!((taken.possible_repeats, taken.takes), (0, 2), "{}", update.tenant);
    }
    assert_eq!(port.inbox_counts(None).await.unwrap().possible_repeats, 0);
}

pub async fn no_write_of_an_earlier_epoch_changes_anything(port: &dyn Inboxes, clock: &ManualClock) {
    let replied = put(port, clock, "acme", 1).await;
    put(port, clock, "acme", 2).await;
    let (stale, _) = taken(port, clock, &replied.tenant).await;
    port.reply_store(&replied, stale, &reply(&["one", "two"])).await.unwrap();
    clock.advance(DELIVERY_TTL);
    let current = claim(port, clock, &replied.tenant, OTHER).await;
    let until = clock.now() + DELIVERY_TTL;
    let before = (get(port, &replied).await, port.inbox_counts(None).await.unwrap());
    clock.advance(MILLISECOND);
    for epoch in [stale, Epoch(0), Epoch(current.0 + 1)] {
        let now = clock.now();
        let writes = [
            port.delivery_renew(&replied.tenant, epoch, now).await,
            port.update_take(&replied.tenant, epoch, now).await.map(drop),
            port.notice_store(&replied, epoch, 9).await,
            port.reply_store(&replied, epoch, &reply(&["stale"])).await,
            port.part_sent(&replied, epoch, 1).await,
            port.update_retry(&replied, epoch, now, "stale", true, true).await,
            port.update_finish(&replied, epoch, &Outcome::Handled, now).await.map(drop),
            port.update_finish(&replied, epoch, &dead("stale"), now).await.map(drop),
        ];
        for write in writes {
            let refused = write.unwrap_err();
            assert!(conflicts(&refused), "{refused:?}");
        }
        port.delivery_release(&replied.tenant, epoch).await.unwrap();
    }
    assert_eq!((get(port, &replied).await, port.inbox_counts(None).await.unwrap()), before);
    assert_eq!(port.delivery_claim(&replied.tenant, OWNER, clock.now()).await.unwrap(), Claim::Held(until));
    port.part_sent(&replied, current, 1).await.unwrap();
}

pub async fn no_write_reaches_an_unknown_update(port: &dyn Inboxes, clock: &ManualClock) {
    let there = put(port, clock, "acme", 1).await;
    let (epoch, _) = taken(port, clock, &there.tenant).await;
    let unknown = key("acme", 2);
    let before = get(port, &there).await;
    let writes = [
        port.notice_store(&unknown, epoch, 9).await,
        port.reply_store(&unknown, epoch, &reply(&["x"])).await,
        port.part_sent(&unknown, epoch, 1).await,
        port.update_retry(&unknown, epoch, clock.now(), "x", true, true).await,
        port.update_finish(&unknown, epoch, &Outcome::Handled, clock.now()).await.map(drop),
    ];
    for write in writes {
        let refused = write.unwrap_err();
        assert!(matches!(refused, Error::NotFound { what: "update", .. }), "{refused:?}");
    }
    assert_eq!(port.update_get(&unknown).await.unwrap(), None);
    assert_eq!(get(port, &there).await, before);
}

pub async fn a_hundred_updates_go_through_in_order(port: &dyn Inboxes, clock: &ManualClock) {
    let keys: Vec<_> = (0..100).map(|n| key("acme", n * 37 % 100)).collect();
    for result in join_all(keys.iter().map(|key| port.update_put(key, "{}", 100, clock.now()))).await {
        assert_eq!(result.unwrap(), Put::Stored);
    }
    let (epoch, mut update) = taken(port, clock, &id("acme")).await;
    for expected in 0..100 {
        assert_eq!(update.key.update_id, expected);
        port.reply_store(&update.key, epoch, &reply(&["hi"])).await.unwrap();
        match port.update_finish(&update.key, epoch, &Outcome::Handled, clock.now()).await.unwrap() {
            Take::Taken(next) => update = *next,
            last => assert_eq!((last, expected), (Take::Empty, 99)),
        }
    }
    let counts = InboxCounts { handled: 100, ..InboxCounts::default() };
    assert_eq!(port.inbox_counts(Some(&id("acme"))).await.unwrap(), counts);
}
