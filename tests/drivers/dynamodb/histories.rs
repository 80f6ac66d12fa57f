//! Random histories of inboxes over a network that loses answers, cuts connections and throttles: every answer is the one
//! that the embedded store gives without any fault, and so is everything that is left.
#![expect(clippy::print_stdout, reason = "a failure is shown with its seed")]

use std::{sync::Arc, time::Duration};

use libtenancy::{
    clock::{Clock, ManualClock},
    conformance,
    drivers::{dynamodb::DynamoDb, local::store::Store},
    error::Error,
    inbox::{Claim, Epoch, Outcome, Outgoing, Stage, Take, Update, UpdateKey},
    ports::inboxes::{Inboxes, UpdateFilter},
    tenant::{BotId, TenantId},
};

use super::server::{Kind, Server, connect, settings};
use crate::{
    differential::random::Random,
    proxy::{Fate, Proxy},
};

/// How many histories, and how many steps each has.
const HISTORIES: (u64, usize) = (6, 120);

/// Bounds one call: how many faults follow upon each other, where the driver tries four times.
const FAULTS: u32 = 3;

/// Faults one call in eight (the client's own budget of retries bears no more), and lets every fourth attempt through.
fn stormy(proxy: &Proxy, seed: u64) {
    let (mut random, mut in_a_row) = (Random(seed), 0);
    proxy.decide(move |_| {
        if in_a_row == FAULTS || !random.one_in(8) {
            in_a_row = 0;
            return Fate::Pass;
        }
        in_a_row += 1;
        match random.below(4) {
            0 => Fate::Cut,
            1 => Fate::Say(400, "ProvisionedThroughputExceededException"),
            2 => Fate::Say(500, "InternalServerError"),
            _ => Fate::LoseAnswer,
        }
    });
}

/// A delivery under way.
#[derive(Clone, Default)]
struct Delivering {
    /// Its epoch in the two stores.
    epochs: Option<[Epoch; 2]>,
    /// The update in work.
    update: Option<Box<Update>>,
}

/// The two stores, and who delivers.
struct World {
    reference: Store,
    stormy: DynamoDb,
    clock: Arc<ManualClock>,
    random: Random,
    tenants: Vec<TenantId>,
    /// How far each tenant's delivery is.
    delivering: Vec<Delivering>,
    keys: Vec<UpdateKey>,
}

/// Does the same to both, and compares what they say.
macro_rules! both {
    ($world:ident, $method:ident($($argument:expr),*)) => {{
        let stormy = $world.stormy.$method($($argument),*).await;
        let expected = $world.reference.$method($($argument),*).await;
        assert_eq!(said(&stormy), said(&expected), stringify!($method));
        expected
    }};
    ($world:ident, $epochs:expr, $method:ident($($before:expr),*; $($after:expr),*)) => {{
        let [of_reference, of_stormy] = $epochs;
        let stormy = $world.stormy.$method($($before,)* of_stormy, $($after),*).await;
        let expected = $world.reference.$method($($before,)* of_reference, $($after),*).await;
        assert_eq!(said(&stormy), said(&expected), stringify!($method));
        expected
    }};
}

fn said<T: std::fmt::Debug>(result: &Result<T, Error>) -> Result<String, &'static str> {
    match result {
        Ok(value) => Ok(format!("{value:?}")),
        Err(error @ (Error::Unavailable { .. } | Error::OutcomeUnknown { .. })) => panic!("{error:?}"),
        Err(error) => Err(error.code()),
    }
}

impl World {
    async fn put(&mut self, at: usize) {
        let key = if self.keys.is_empty() || !self.random.one_in(4) {
            let update_id = i64::try_from(self.keys.len()).unwrap();
            UpdateKey { tenant: self.tenants[at].clone(), bot: BotId(7), update_id }
        } else {
            self.random.pick(&self.keys).clone()
        };
        let payload = format!("{{\"update_id\":{}}}", key.update_id);
        let now = self.clock.now();
        if both!(self, update_put(&key, &payload, 12, now)).is_ok() && !self.keys.contains(&key) {
            self.keys.push(key);
        }
    }

    /// The next step of a tenant's delivery.
    async fn deliver(&mut self, at: usize) {
        let (tenant, now) = (self.tenants[at].clone(), self.clock.now());
        let Some(epochs) = self.delivering[at].epochs else {
            let stormy = self.stormy.delivery_claim(&tenant, "me", now).await.unwrap();
            let expected = self.reference.delivery_claim(&tenant, "me", now).await.unwrap();
            let (Claim::Won(stormy), Claim::Won(expected)) = (stormy, expected) else {
                panic!("{stormy:?}, {expected:?}")
            };
            self.delivering[at].epochs = Some([expected, stormy]);
            return;
        };
        let Some(update) = self.delivering[at].update.take() else {
            match self.random.below(8) {
                0 => {
                    both!(self, epochs, delivery_release(&tenant;)).unwrap();
                    self.delivering[at].epochs = None;
                }
                1 => both!(self, epochs, delivery_renew(&tenant; now)).unwrap(),
                _ => {
                    let taken = both!(self, epochs, update_take(&tenant; now)).unwrap();
                    self.delivering[at].update = match taken {
                        Take::Taken(update) => Some(update),
                        Take::Wait(_) | Take::Empty => None,
                    };
                }
            }
            return;
        };
        let key = update.key.clone();
        let step = self.random.below(10);
        match (&update.stage, step) {
            (_, 0) => {
                let (until, again) = (now + Duration::from_secs(2), self.random.one_in(2));
                both!(self, epochs, update_retry(&key; until, "it failed", again, !again)).ok();
            }
            (_, 1) => drop(both!(self, epochs, notice_store(&key; 77))),
            (Stage::Pending, 2..=7) => {
                let count = self.random.below(4);
                let reply = Outgoing { chat: 5, parts: (0..count).map(|n| format!("part {n}")).collect() };
                drop(both!(self, epochs, reply_store(&key; &reply)));
            }
            (Stage::Replied { reply, sent }, 2..=7) if usize::try_from(*sent).unwrap() < reply.parts.len() => {
                drop(both!(self, epochs, part_sent(&key; sent + 1)));
            }
            (_, 8) => {
                let outcome = Outcome::Dead("given up".to_owned());
                drop(both!(self, epochs, update_finish(&key; &outcome, now)));
                self.delivering[at].epochs = None;
            }
            _ => {
                let next = both!(self, epochs, update_finish(&key; &Outcome::Handled, now));
                if let Ok(Take::Taken(next)) = next {
                    self.delivering[at].update = Some(next);
                }
            }
        }
    }

    async fn operate(&mut self) {
        if self.keys.is_empty() {
            return;
        }
        let (key, now) = (self.random.pick(&self.keys).clone(), self.clock.now());
        if self.random.one_in(2) {
            drop(both!(self, update_replay(&key, now)));
        } else {
            drop(both!(self, update_drop(&key, now)));
        }
    }

    async fn compare(&self) {
        both!(self, update_list(&UpdateFilter::default(), None, 1_000)).unwrap();
        both!(self, tenants_pending(None, 100)).unwrap();
        for tenant in &self.tenants {
            both!(self, pending_count(tenant)).unwrap();
            both!(self, inbox_counts(Some(tenant))).unwrap();
        }
    }
}

async fn history(kind: Kind, seed: u64) {
    let port = Server::shared(kind).await.port;
    let proxy = Proxy::before(port).await;
    let mut settings = settings(kind, port);
    settings.endpoint = Some(format!("http://127.0.0.1:{}", proxy.port));
    settings.max_attempts = FAULTS + 1;
    let clock = Arc::new(conformance::clock());
    let dir = tempfile::tempdir().unwrap();
    let tenants: Vec<TenantId> = ["acme", "beta"].iter().map(|name| name.parse().unwrap()).collect();
    let mut world = World {
        reference: Store::open(dir.path(), clock.clone()).unwrap(),
        stormy: connect(settings).await,
        clock,
        random: Random(seed),
        delivering: vec![Delivering::default(); tenants.len()],
        tenants,
        keys: Vec::new(),
    };
    world.stormy.schema_apply().await.unwrap();
    stormy(&proxy, seed ^ 0xface);
    for step in 0..HISTORIES.1 {
        world.clock.advance(Duration::from_millis(100));
        let at = world.random.below(world.tenants.len());
        match world.random.below(10) {
            0..=2 => world.put(at).await,
            3..=8 => world.deliver(at).await,
            _ => world.operate().await,
        }
        if step % 20 == 19 {
            world.compare().await;
        }
    }
    world.compare().await;
    let faults = proxy.calls().iter().filter(|call| call.fate != Fate::Pass).count();
    assert!(faults > HISTORIES.1 / 8, "{faults} faults");
}

async fn every_history(kind: Kind) {
    let seeds = match std::env::var("ZTM_TEST_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (1..=HISTORIES.0).collect(),
    };
    for seed in seeds {
        println!("ZTM_TEST_SEED={seed} is this history");
        history(kind, seed).await;
    }
}

on_both! {
    every_history, r1_an_inbox_behind_a_faulty_network_says_and_keeps_what_a_faultless_one_does, r1_an_inbox_behind_a_faulty_network_says_and_keeps_what_a_faultless_one_does_on_dynalite;
}
