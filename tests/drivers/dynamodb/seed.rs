//! A table that the first control plane filled: its rows are listed, woken, changed and deleted, and until then it goes on
//! with them as before.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use libtenancy::{
    drivers::dynamodb::{DynamoDb, Settings},
    error::Error,
    labels::Labels,
    ports::tenants::{Filter, SettingsPatch, Tenants},
    schedule::Schedules,
    secret::Sealed,
    tenant::{
        Bot, BotId, Endpoint, Event, Generation, Lifecycle, Settings as TenantSettings, Status, StopReason, Tenant,
        TenantId,
    },
};

use super::{
    schema::plain_table,
    server::{Kind, Server, client, connect, keyring, settings},
};

type Item = HashMap<String, AttributeValue>;

fn id(name: &str) -> TenantId {
    name.parse().unwrap()
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// A row as the first control plane puts it: what is empty is left out where it says so.
pub(crate) fn row(name: &str, status: &str, token: &str, pod_ip: &str) -> Item {
    let mut row = Item::from([
        ("tenant_id".to_owned(), text(name)),
        ("status".to_owned(), text(status)),
        ("namespace".to_owned(), text("tenants")),
        ("s3_prefix".to_owned(), text(&format!("tenants/{name}/"))),
        ("created_at".to_owned(), text("2026-01-02T03:04:05.678901234Z")),
        ("last_active_at".to_owned(), text("2026-05-06T07:08:09Z")),
        ("idle_timeout_s".to_owned(), AttributeValue::N("900".to_owned())),
    ]);
    if !token.is_empty() {
        row.insert("bot_token".to_owned(), text(token));
    }
    if !pod_ip.is_empty() {
        row.insert("pod_name".to_owned(), text(&format!("zeroclaw-{name}")));
        row.insert("pod_ip".to_owned(), text(pod_ip));
    }
    row
}

/// A table of the first control plane, and what it does with it.
struct Seed {
    client: Client,
    table: String,
    driver: DynamoDb,
}

impl Seed {
    async fn filled(kind: Kind) -> Self {
        let settings: Settings = settings(kind, Server::shared(kind).await.port);
        let driver = connect(settings.clone()).await;
        if kind.adds_indexes() {
            plain_table(&settings, &settings.registry_table, "tenant_id").await;
        } else {
            driver.schema_apply().await.unwrap();
        }
        let seed = Self { client: client(&settings), table: settings.registry_table.clone(), driver };
        let mut negative = row("erin", "idle", "", "");
        negative.insert("idle_timeout_s".to_owned(), AttributeValue::N("-5".to_owned()));
        let mut meta = row("warm-pool-meta", "idle", "", "");
        meta.insert("target".to_owned(), AttributeValue::N("2".to_owned()));
        let ghost = Item::from([
            ("tenant_id".to_owned(), text("ghost")),
            ("last_active_at".to_owned(), text("2026-05-06T07:08:09Z")),
        ]);
        for item in [
            row("alice", "idle", "111:AAAA", ""),
            row("bob", "running", "222:BBBB", "10.0.0.7"),
            row("carol", "provisioning", "", ""),
            row("dave", "running", "", ""),
            negative,
            row("frank", "idle", "111:AAAA", ""),
            row("gina", "terminated", "not a token", ""),
            row("Alice_Bot", "running", "333:CCCC", "10.0.0.8"),
            row(&"x".repeat(60), "idle", "", ""),
            meta,
            ghost,
        ] {
            seed.put(item).await;
        }
        seed.driver.schema_apply().await.unwrap();
        seed
    }

    async fn put(&self, item: Item) {
        self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await.unwrap();
    }

    async fn raw(&self, name: &str) -> Option<Item> {
        let get = self.client.get_item().table_name(&self.table).key("tenant_id", text(name)).consistent_read(true);
        get.send().await.unwrap().item
    }

    /// What the first control plane lists.
    async fn its_list(&self) -> Vec<String> {
        let scan = self.client.scan().table_name(&self.table).expression_attribute_names("#s", "status");
        let scan = scan.filter_expression("attribute_exists(#s) AND tenant_id <> :meta");
        let page = scan.expression_attribute_values(":meta", text("warm-pool-meta")).send().await.unwrap();
        let name = |item: &Item| item["tenant_id"].as_s().unwrap().clone();
        let mut names: Vec<String> = page.items().iter().map(name).collect();
        names.sort();
        names
    }

    /// What it does when a pod starts or stops.
    async fn its_status(&self, name: &str, status: &str, pod_ip: &str) {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("tenant_id", text(name))
            .update_expression("SET #s = :s, pod_name = :pn, pod_ip = :pi, last_active_at = :la")
            .expression_attribute_names("#s", "status")
            .expression_attribute_values(":s", text(status))
            .expression_attribute_values(":pn", text(if pod_ip.is_empty() { "" } else { "zeroclaw-x" }))
            .expression_attribute_values(":pi", text(pod_ip))
            .expression_attribute_values(":la", text("2026-06-07T08:09:10Z"))
            .send()
            .await
            .unwrap();
    }

    async fn tenant(&self, name: &str) -> Tenant {
        self.driver.tenant_get(&id(name)).await.unwrap().unwrap()
    }

    async fn listed(&self, filter: &Filter) -> Vec<String> {
        let page = self.driver.tenant_list(filter, None, 100).await.unwrap();
        page.items.into_iter().map(|tenant| tenant.id.to_string()).collect()
    }
}

const EVERYBODY: [&str; 7] = ["alice", "bob", "carol", "dave", "erin", "frank", "gina"];

async fn is_listed(kind: Kind) {
    let seed = Seed::filled(kind).await;
    let foreign = "x".repeat(60);
    assert_eq!(seed.listed(&Filter::default()).await, EVERYBODY);
    // `dave` runs nowhere.
    let active = Filter { active: true, ..Filter::default() };
    assert_eq!(seed.listed(&active).await, ["bob", "carol", "gina"]);
    let counts = seed.driver.tenant_counts().await.unwrap();
    assert_eq!((counts["running"], counts["provisioning"], counts["terminated"], counts["idle"]), (1, 1, 1, 4));
    let rows = seed.driver.foreign_list(None, 10).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["Alice_Bot", &foreign]);
    assert_eq!((rows[0].status.as_str(), rows[0].pod.as_deref()), ("running", Some("zeroclaw-Alice_Bot")));
    assert_eq!(seed.driver.foreign_list(Some("Alice_Bot"), 10).await.unwrap().len(), 1);

    let bob = seed.tenant("bob").await;
    assert_eq!(bob.created_at, "2026-01-02T03:04:05.678901Z".parse().unwrap());
    assert_eq!(bob.last_active_at, "2026-05-06T07:08:09Z".parse().unwrap());
    assert_eq!((bob.settings.idle_timeout, bob.lifecycle.generation), (Duration::from_secs(900), Generation(0)));
    let Status::Running { agent } = bob.lifecycle.status else { panic!("bob runs") };
    assert_eq!((agent.workload.0.as_str(), agent.generation), ("zeroclaw-bob", Generation(0)));
    assert_eq!(agent.endpoint, Endpoint::Tcp("10.0.0.7:3000".parse().unwrap()));
    let bot = bob.settings.bot.unwrap();
    assert_eq!(keyring().open("bob/bot_token", &bot.token).unwrap().expose(), "222:BBBB");
    let secret = |bot: &Bot| keyring().open("bob/webhook_secret", &bot.webhook_secret).unwrap().expose().to_owned();
    let again = seed.tenant("bob").await.settings.bot.unwrap();
    assert_eq!(secret(&bot), secret(&again), "whoever reads it expects the same of Telegram");
    let dave = seed.tenant("dave").await.lifecycle.status;
    assert!(matches!(dave, Status::Idle { reason: Some(StopReason::Lost(_)) }), "{dave:?}");
    assert_eq!(seed.tenant("erin").await.settings.idle_timeout, Duration::from_secs(1));
    assert_eq!(seed.tenant("gina").await.settings.bot, None);
    assert_eq!(seed.driver.tenant_get(&id("ghost")).await.unwrap(), None);

    // It goes on as before: its rows are as it wrote them, and it sees no others.
    let mut theirs: Vec<String> = EVERYBODY.iter().map(|&name| name.to_owned()).collect();
    theirs.extend(["Alice_Bot".to_owned(), foreign]);
    theirs.sort();
    assert_eq!(seed.its_list().await, theirs);
    let mut kept = seed.raw("bob").await.unwrap();
    kept.retain(|name, _| !["listed", "active"].contains(&name.as_str()));
    assert_eq!(kept, row("bob", "running", "222:BBBB", "10.0.0.7"));
}

async fn is_taken_over(kind: Kind) {
    let seed = Seed::filled(kind).await;
    let now = "2026-09-01T00:00:00Z".parse().unwrap();
    // `alice` and `frank` have one bot; it is whose row was found first.
    let owner = seed.raw("bot#111").await.unwrap()["owner"].as_s().unwrap().clone();
    let (first, second) = if owner == "alice" { ("alice", "frank") } else { ("frank", "alice") };
    // Woken.
    let tenant = seed.tenant(first).await;
    let next = tenant.after(Event::WakeStarted, now).unwrap();
    let refused = seed.driver.tenant_transition(&tenant.id, Generation(5), &next).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict { what: "tenant", .. }), "{refused:?}");
    assert!(seed.raw(first).await.unwrap().contains_key("bot_token"), "a refused write takes nothing over");
    seed.driver.tenant_transition(&tenant.id, Generation(0), &next).await.unwrap();
    let woken = seed.tenant(first).await;
    assert_eq!(woken.lifecycle, next);
    assert_eq!((woken.created_at, woken.last_active_at), (tenant.created_at, tenant.last_active_at));
    let item = seed.raw(first).await.unwrap();
    assert!(!item.contains_key("bot_token") && !format!("{item:?}").contains("111:AAAA"), "its token is sealed");
    let bot = woken.settings.bot.clone().unwrap();
    assert_eq!((bot.id, bot.webhook_url), (BotId(111), None));
    assert_eq!(keyring().open(&format!("{first}/bot_token"), &bot.token).unwrap().expose(), "111:AAAA");
    for name in row("alice", "idle", "", "").keys() {
        assert!(item.contains_key(name), "{name} is what other tools read");
    }
    assert_eq!(item["idle_timeout_s"], AttributeValue::N("900".to_owned()));
    let repeat = seed.driver.tenant_transition(&tenant.id, Generation(0), &next).await.unwrap_err();
    assert!(matches!(repeat, Error::Conflict { .. }), "{repeat:?}");

    // The other keeps what it has until it gets another.
    let other = seed.tenant(second).await;
    let next = other.after(Event::WakeStarted, now).unwrap();
    let refused = seed.driver.tenant_transition(&other.id, Generation(0), &next).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict { what: "bot", .. }), "{refused:?}");
    let sealed = |text: &str| Sealed(text.to_owned());
    let own = Bot { id: BotId(444), token: sealed("v1:k:t"), webhook_secret: sealed("v1:k:w"), webhook_url: None };
    let patch = |bot: Option<Bot>| SettingsPatch { bot: Some(bot), ..SettingsPatch::default() };
    let configured = seed.driver.tenant_configure(&other.id, patch(Some(own.clone()))).await.unwrap();
    assert_eq!(configured.settings.bot.as_ref(), Some(&own));
    assert!(!seed.raw(second).await.unwrap().contains_key("bot_token"));
    seed.driver.tenant_transition(&other.id, configured.lifecycle.generation, &next).await.unwrap();

    // A bot of a row that nobody has written yet is taken.
    let theirs = Bot { id: BotId(222), ..own };
    let refused = seed.driver.tenant_configure(&id("carol"), patch(Some(theirs))).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict { what: "bot", .. }), "{refused:?}");

    // Touched, updated, deleted.
    seed.driver.tenant_touch(&id("bob"), now).await.unwrap();
    assert_eq!(seed.tenant("bob").await.last_active_at, now);
    assert_eq!(seed.tenant("bob").await.lifecycle.status.label(), "running");
    let patch = SettingsPatch { idle_timeout: Some(Duration::from_secs(60)), ..SettingsPatch::default() };
    assert_eq!(seed.driver.tenant_configure(&id("erin"), patch).await.unwrap().settings.idle_timeout.as_secs(), 60);
    for name in ["dave", "gina", "bob"] {
        let generation = seed.tenant(name).await.lifecycle.generation;
        seed.driver.tenant_remove(&id(name), generation).await.unwrap();
        assert_eq!(seed.raw(name).await, None);
    }
    assert_eq!(seed.listed(&Filter::default()).await, ["alice", "carol", "erin", "frank"]);
    // What an update of an unknown id left is in nobody's way.
    let settings = TenantSettings {
        idle_timeout: Duration::from_secs(9),
        bot: None,
        suspended: None,
        labels: Labels::default(),
        schedules: Schedules::default(),
    };
    let ghost =
        Tenant { id: id("ghost"), created_at: now, last_active_at: now, settings, lifecycle: Lifecycle::new(now) };
    seed.driver.tenant_create(&ghost).await.unwrap();
    assert_eq!(seed.tenant("ghost").await, ghost);

    // Ids that are no tenant's.
    for refused in ["alice", "warm-pool-meta", "bot#111", "nobody's"] {
        let error = seed.driver.foreign_remove(refused).await.unwrap_err();
        assert!(matches!(error, Error::Invalid { .. } | Error::NotFound { .. }), "{refused}: {error:?}");
    }
    seed.driver.foreign_remove("Alice_Bot").await.unwrap();
    assert!(matches!(seed.driver.foreign_remove("Alice_Bot").await, Err(Error::NotFound { .. })));
    assert_eq!(seed.driver.foreign_list(None, 10).await.unwrap().len(), 1);
    assert!(seed.raw("warm-pool-meta").await.is_some());
}

async fn goes_on_beside_us(kind: Kind) {
    let seed = Seed::filled(kind).await;
    let now = "2026-09-01T00:00:00Z".parse().unwrap();
    // A row that it makes later is there at once, and listed after the next look.
    seed.put(row("henry", "running", "555:DDDD", "10.0.0.9")).await;
    assert_eq!(seed.tenant("henry").await.lifecycle.status.label(), "running");
    assert!(!seed.listed(&Filter::default()).await.contains(&"henry".to_owned()));
    assert_eq!(seed.driver.seed_adopt().await.unwrap(), 1);
    assert_eq!(seed.driver.seed_adopt().await.unwrap(), 0);
    assert!(seed.listed(&Filter { active: true, ..Filter::default() }).await.contains(&"henry".to_owned()));

    // It stops what we took over: we see that, and our next write needs no other generation.
    seed.driver.tenant_touch(&id("henry"), now).await.unwrap();
    seed.its_status("henry", "idle", "").await;
    let henry = seed.tenant("henry").await;
    assert_eq!(henry.lifecycle.status, Status::Idle { reason: None });
    let next = henry.after(Event::WakeStarted, now).unwrap();
    seed.driver.tenant_transition(&henry.id, henry.lifecycle.generation, &next).await.unwrap();
    seed.its_status("henry", "running", "10.0.0.10").await;
    let Status::Running { agent } = seed.tenant("henry").await.lifecycle.status else { panic!("henry runs") };
    assert_eq!(agent.endpoint, Endpoint::Tcp("10.0.0.10:3000".parse().unwrap()));

    // It rotates a token that we sealed: the new one counts, and is sealed by our next write.
    let rotate = seed.client.update_item().table_name(&seed.table).key("tenant_id", text("henry"));
    let rotate = rotate.update_expression("SET bot_token = :bt").expression_attribute_values(":bt", text("666:EEEE"));
    rotate.send().await.unwrap();
    assert_eq!(seed.tenant("henry").await.settings.bot.unwrap().id, BotId(666));
    let patch = SettingsPatch { suspended: Some(Some("why".to_owned())), ..SettingsPatch::default() };
    let configured = seed.driver.tenant_configure(&id("henry"), patch).await.unwrap();
    let bot = configured.settings.bot.unwrap();
    assert_eq!(keyring().open("henry/bot_token", &bot.token).unwrap().expose(), "666:EEEE");
    assert!(!seed.raw("henry").await.unwrap().contains_key("bot_token"));
}

on_both! {
    is_listed, its_rows_are_listed_and_left_as_they_are, its_rows_are_listed_and_left_as_they_are_on_dynalite;
    is_taken_over, its_rows_are_woken_changed_and_deleted, its_rows_are_woken_changed_and_deleted_on_dynalite;
    goes_on_beside_us, what_it_writes_beside_us_is_seen, what_it_writes_beside_us_is_seen_on_dynalite;
}
