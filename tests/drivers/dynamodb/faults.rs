//! Answers that are lost, stores that throttle, and processes that end between two writes: nothing happens twice, nothing
//! that was answered is lost, and nobody has to clean up.

use std::{future::Future, time::Duration};

use libtenancy::{
    clock::Timestamp,
    drivers::dynamodb::DynamoDb,
    error::Error,
    labels::Labels,
    ledger::Row,
    ports::{
        ledgers::{Ledgers, RowFilter},
        tenants::{Filter, SettingsPatch, Tenants},
    },
    secret::Sealed,
    tenant::{Bot, BotId, DEFAULT_IDLE_TIMEOUT, Event, Lifecycle, Settings, Tenant, TenantId},
};

use super::server::{self, Kind, Server, connect, settings};
use crate::proxy::{Fate, Proxy};

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

fn id(name: &str) -> TenantId {
    name.parse().unwrap()
}

fn bot(number: i64) -> Bot {
    let sealed = |text: &str| Sealed(format!("v1:k:{text}{number}"));
    Bot { id: BotId(number), token: sealed("t"), webhook_secret: sealed("w"), webhook_url: None }
}

fn tenant(name: &str, with: Option<i64>) -> Tenant {
    Tenant {
        id: id(name),
        created_at: NOW,
        last_active_at: NOW,
        settings: Settings {
            idle_timeout: DEFAULT_IDLE_TIMEOUT,
            bot: with.map(bot),
            suspended: None,
            labels: Labels::default(),
            schedules: libtenancy::schedule::Schedules::default(),
        },
        lifecycle: Lifecycle::new(NOW),
    }
}

fn with_bot(number: Option<i64>) -> SettingsPatch {
    SettingsPatch { bot: Some(number.map(bot)), ..SettingsPatch::default() }
}

fn row(seq: u64) -> Row {
    let text = format!("1|{seq}|5|running|acme||generation-1|0|0|0|0|0|0|0|0|1||5000000||0|5|0|0|0|0");
    Row::parse(&text).unwrap()
}

/// A healthy driver, and another on the same tables behind a proxy.
struct Pair {
    healthy: DynamoDb,
    faulty: DynamoDb,
    proxy: Proxy,
}

impl Pair {
    async fn open(kind: Kind) -> Self {
        let port = Server::shared(kind).await.port;
        let proxy = Proxy::before(port).await;
        let settings = settings(kind, port);
        let mut faulty = settings.clone();
        faulty.endpoint = Some(format!("http://127.0.0.1:{}", proxy.port));
        faulty.max_attempts = 3;
        let pair = Self { healthy: connect(settings).await, faulty: connect(faulty).await, proxy };
        pair.healthy.schema_apply().await.unwrap();
        pair
    }

    /// Does something through the faulty driver as if its process ended after `n` writes; whether it came to its end.
    async fn ending_after<T>(&self, n: usize, step: impl Future<Output = Result<T, Error>>) -> bool {
        self.proxy.end_after(n);
        let result = step.await;
        let calls = self.proxy.calls();
        self.proxy.decide(|_| Fate::Pass);
        let cut = calls.iter().any(|call| call.fate != Fate::Pass);
        if let Err(error) = &result {
            assert!(cut && error.retryable(), "{error:?}");
        }
        !cut
    }
}

/// Tells for every write of a step what becomes of it when its answer is lost.
async fn lost_answers<T, F>(
    kind: Kind,
    prepare: impl AsyncFn(&Pair),
    step: impl Fn(DynamoDb) -> F,
    check: impl AsyncFn(&Pair, T),
) where
    F: Future<Output = Result<T, Error>>,
{
    for n in 0.. {
        let pair = Pair::open(kind).await;
        prepare(&pair).await;
        pair.proxy.calls();
        pair.proxy.lose_answer(n);
        let result = step(pair.faulty.clone()).await;
        let lost = pair.proxy.calls().iter().any(|call| call.fate == Fate::LoseAnswer);
        check(&pair, result.unwrap_or_else(|error| panic!("answer {n} lost: {error:?}"))).await;
        if !lost {
            assert!(n > 0, "the step writes nothing");
            break;
        }
    }
}

async fn writes_are_recognised(kind: Kind) {
    let none = async |_: &Pair| {};
    let acme = async |pair: &Pair| pair.healthy.tenant_create(&tenant("acme", Some(7))).await.unwrap();
    let get = async |pair: &Pair| pair.healthy.tenant_get(&id("acme")).await.unwrap();
    for number in [None, Some(7)] {
        let create = |driver: DynamoDb| async move { driver.tenant_create(&tenant("acme", number)).await };
        lost_answers(kind, none, create, async |pair, ()| {
            assert_eq!(get(pair).await, Some(tenant("acme", number)));
        })
        .await;
    }
    let next = tenant("acme", None).after(Event::WakeStarted, NOW).unwrap();
    let (generation, lifecycle) = (tenant("acme", None).lifecycle.generation, next.clone());
    let transition = |driver: DynamoDb| {
        let next = next.clone();
        async move { driver.tenant_transition(&id("acme"), generation, &next).await }
    };
    lost_answers(kind, acme, transition, async |pair, ()| {
        assert_eq!(get(pair).await.unwrap().lifecycle, lifecycle);
    })
    .await;
    for number in [Some(8), None] {
        let configure = |driver: DynamoDb| async move { driver.tenant_configure(&id("acme"), with_bot(number)).await };
        lost_answers(kind, acme, configure, async |pair, configured| {
            assert_eq!(configured.settings.bot, number.map(bot));
            assert_eq!(get(pair).await, Some(configured));
            // The bot that was given up is free.
            pair.healthy.tenant_create(&tenant("other", Some(7))).await.unwrap();
        })
        .await;
    }
    let later = NOW + Duration::from_secs(5);
    let touch = |driver: DynamoDb| async move { driver.tenant_touch(&id("acme"), later).await };
    lost_answers(kind, acme, touch, async |pair, ()| assert_eq!(get(pair).await.unwrap().last_active_at, later)).await;
    let remove = |driver: DynamoDb| async move { driver.tenant_remove(&id("acme"), generation).await };
    lost_answers(kind, acme, remove, async |pair, ()| {
        assert_eq!(get(pair).await, None);
        pair.healthy.tenant_create(&tenant("other", Some(7))).await.unwrap();
    })
    .await;
    let append =
        |driver: DynamoDb| async move { driver.ledger_append(3, &(1..=60).map(row).collect::<Vec<_>>()).await };
    lost_answers(kind, none, append, async |pair, head| {
        let entries = pair.healthy.ledger_rows(3, &RowFilter::default(), 0, 1_000).await.unwrap();
        assert_eq!(entries.iter().map(|entry| entry.row.seq).collect::<Vec<_>>(), (1..=60).collect::<Vec<_>>());
        assert_eq!((head.seq, &head.hash), (60, &entries[59].hash));
    })
    .await;
}

/// A tenant with a bot is created, and the process ends after each of its writes in turn.
async fn create_dies(kind: Kind) {
    for n in 0.. {
        let pair = Pair::open(kind).await;
        // Whoever died may have looked for older rows before.
        pair.healthy.tenant_counts().await.unwrap();
        let through = pair.ending_after(n, pair.faulty.tenant_create(&tenant("acme", Some(7)))).await;
        // It is there whole, or not at all; and what the listing shows is what can be read.
        let found = pair.healthy.tenant_get(&id("acme")).await.unwrap();
        assert!(found.is_none() || found == Some(tenant("acme", Some(7))), "after {n}: {found:?}");
        let listed = pair.healthy.tenant_list(&Filter::default(), None, 10).await.unwrap();
        assert_eq!(listed.items, Vec::from_iter(found.clone()), "after {n}");
        // Its bot is its own, or free.
        let other = pair.healthy.tenant_create(&tenant("other", Some(7))).await;
        match &found {
            Some(_) => assert!(matches!(other, Err(Error::Conflict { what: "bot", .. })), "after {n}: {other:?}"),
            None => other.unwrap(),
        }
        if through {
            assert!(n >= 3 && found.is_some(), "after {n}");
            break;
        }
    }
}

/// The bot of a tenant is changed, and the process ends after each of its writes in turn.
async fn change_dies(kind: Kind) {
    for n in 0.. {
        let pair = Pair::open(kind).await;
        pair.healthy.tenant_create(&tenant("acme", Some(7))).await.unwrap();
        pair.faulty.tenant_counts().await.unwrap();
        let through = pair.ending_after(n, pair.faulty.tenant_configure(&id("acme"), with_bot(Some(8)))).await;
        let read = pair.healthy.tenant_get(&id("acme")).await.unwrap().unwrap();
        let has = read.settings.bot.unwrap().id;
        assert!([BotId(7), BotId(8)].contains(&has));
        // Whoever wants the new one gets it or not; afterwards each bot has one owner, as everybody sees.
        let taken = pair.healthy.tenant_create(&tenant("other", Some(8))).await;
        let has = pair.healthy.tenant_get(&id("acme")).await.unwrap().unwrap().settings.bot.unwrap().id;
        // The claim, its second write, decides.
        match &taken {
            Ok(()) => assert!(has == BotId(7) && n < 2, "after {n}"),
            Err(Error::Conflict { what: "bot", .. }) => assert!(has == BotId(8) && n >= 2, "after {n}"),
            Err(error) => panic!("after {n}: {error:?}"),
        }
        // Settings can be changed further, and the bot that is given up is free.
        pair.healthy.tenant_configure(&id("acme"), with_bot(Some(9))).await.unwrap();
        pair.healthy.tenant_create(&tenant("third", Some(7))).await.unwrap();
        if through {
            break;
        }
    }
}

/// A tenant is removed, and the process ends after each of its writes in turn.
async fn removal_dies(kind: Kind) {
    for n in 0.. {
        let pair = Pair::open(kind).await;
        let acme = tenant("acme", Some(7));
        pair.healthy.tenant_create(&acme).await.unwrap();
        let generation = acme.lifecycle.generation;
        let through = pair.ending_after(n, pair.faulty.tenant_remove(&acme.id, generation)).await;
        if pair.healthy.tenant_get(&acme.id).await.unwrap().is_some() {
            pair.healthy.tenant_remove(&acme.id, generation).await.unwrap();
        }
        pair.healthy.tenant_create(&tenant("other", Some(7))).await.unwrap();
        if through {
            break;
        }
    }
}

/// Rows are appended, and the process ends after each of its writes in turn.
async fn append_dies(kind: Kind) {
    let rows: Vec<Row> = (1..=60).map(row).collect();
    for n in 0.. {
        let pair = Pair::open(kind).await;
        let through = pair.ending_after(n, pair.faulty.ledger_append(3, &rows)).await;
        let entries = pair.healthy.ledger_rows(3, &RowFilter::default(), 0, 1_000).await.unwrap();
        assert!([0, 60].contains(&entries.len()), "all or none, not {} after {n}", entries.len());
        let mine = RowFilter { tenant: Some(id("acme")), ..RowFilter::default() };
        assert_eq!(pair.healthy.ledger_rows(3, &mine, 0, 1_000).await.unwrap(), entries);
        assert_eq!(pair.healthy.ledger_append(3, &rows).await.unwrap().seq, 60);
        assert_eq!(pair.healthy.ledger_append(3, &[row(61)]).await.unwrap().seq, 61);
        assert_eq!(pair.healthy.ledger_partitions().await.unwrap(), [3]);
        if through {
            assert!(n > 3);
            break;
        }
    }
}

async fn every_step_dies(kind: Kind) {
    create_dies(kind).await;
    change_dies(kind).await;
    removal_dies(kind).await;
    append_dies(kind).await;
}

#[tokio::test]
#[ignore = "needs moto_server"]
async fn a_store_that_throttles_is_tried_again_and_then_unavailable() {
    let pair = Pair::open(Kind::Moto).await;
    let mut seen = 0;
    pair.proxy.decide(move |_| {
        seen += 1;
        if seen <= 2 { Fate::Say(400, "ProvisionedThroughputExceededException") } else { Fate::Pass }
    });
    pair.faulty.tenant_create(&tenant("acme", None)).await.unwrap();
    assert_eq!(pair.proxy.calls().len(), 3);
    for throttled in ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"] {
        pair.proxy.decide(move |_| Fate::Say(400, throttled));
        let refused = pair.faulty.tenant_create(&tenant("beta", None)).await.unwrap_err();
        assert!(matches!(refused, Error::Unavailable { part: "dynamodb", .. }) && refused.retryable(), "{refused:?}");
        assert_eq!(pair.proxy.calls().len(), 3, "as often as it was told, and no more");
    }
    pair.proxy.decide(|_| Fate::Say(500, "InternalServerError"));
    let unknown = pair.faulty.tenant_create(&tenant("beta", None)).await.unwrap_err();
    assert!(matches!(unknown, Error::OutcomeUnknown { .. }), "{unknown:?}");
    let unread = pair.faulty.tenant_get(&id("acme")).await.unwrap_err();
    assert!(matches!(unread, Error::Unavailable { .. }), "{unread:?}");
    assert_eq!(pair.healthy.tenant_get(&id("beta")).await.unwrap(), None);
}

async fn a_bot_is_wanted_by_many(kind: Kind) {
    let driver = server::open(kind).await;
    for round in 0..3 {
        let names: Vec<String> = (0..12).map(|n| format!("r{round}-{n}")).collect();
        let created = futures::future::join_all(
            names.iter().map(async |name| driver.tenant_create(&tenant(name, Some(round))).await),
        )
        .await;
        assert_eq!(created.iter().filter(|result| result.is_ok()).count(), 1, "{created:?}");
        let there = driver.tenant_list(&Filter::default(), None, 100).await.unwrap().items;
        let owners = there.iter().filter(|tenant| tenant.settings.bot.as_ref().is_some_and(|bot| bot.id.0 == round));
        assert_eq!(owners.count(), 1);
        assert_eq!(there.len(), usize::try_from(round).unwrap() + 1, "who is refused is not there");
    }
    // And handed round.
    let owners: Vec<Tenant> = driver.tenant_list(&Filter::default(), None, 100).await.unwrap().items;
    futures::future::join_all(owners.iter().enumerate().map(async |(n, tenant)| {
        for step in 0..6 {
            let wanted = i64::try_from((n + step) % owners.len()).unwrap();
            match driver.tenant_configure(&tenant.id, with_bot(Some(wanted))).await {
                Ok(_) | Err(Error::Conflict { .. }) => {}
                Err(error) => panic!("{error:?}"),
            }
            if step % 3 == n {
                driver.tenant_configure(&tenant.id, with_bot(None)).await.unwrap();
            }
        }
    }))
    .await;
    let there = driver.tenant_list(&Filter::default(), None, 100).await.unwrap().items;
    let mut bots: Vec<BotId> = there.iter().filter_map(|tenant| Some(tenant.settings.bot.as_ref()?.id)).collect();
    let count = bots.len();
    bots.sort();
    bots.dedup();
    assert_eq!(bots.len(), count, "two have one bot: {there:?}");
}

on_both! {
    writes_are_recognised, a_write_whose_answer_is_lost_is_recognised_as_our_own, a_write_whose_answer_is_lost_is_recognised_as_our_own_on_dynalite;
    every_step_dies, whoever_comes_next_finishes_what_a_process_left, whoever_comes_next_finishes_what_a_process_left_on_dynalite;
    a_bot_is_wanted_by_many, of_many_that_want_a_bot_at_once_one_gets_it, of_many_that_want_a_bot_at_once_one_gets_it_on_dynalite;
}
