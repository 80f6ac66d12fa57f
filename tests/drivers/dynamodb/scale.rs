//! Thousands of tenants: no listing ends with a first page, and what has nothing to do costs the same whoever sleeps.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, PutRequest, WriteRequest},
};
use futures::{TryStreamExt, stream};
use libtenancy::{
    drivers::dynamodb::{DynamoDb, Settings},
    inbox::UpdateKey,
    ports::{
        inboxes::Inboxes,
        tenants::{Filter, Tenants},
    },
    tenant::{BotId, Event, TenantId},
};

use super::{
    seed::row,
    server::{Kind, Server, client, connect, settings},
};
use crate::proxy::{Call, Proxy};

const SIZES: [usize; 3] = [100, 1_000, 5_000];

/// Rows of the first control plane, with something in them: a thousand do not fit into one page.
async fn fill(client: &Client, settings: &Settings, names: &[String]) {
    let put = |name: &String| {
        let mut row = row(name, "idle", "", "");
        row.insert("note".to_owned(), AttributeValue::S("x".repeat(1_000)));
        WriteRequest::builder().put_request(PutRequest::builder().set_item(Some(row)).build().unwrap()).build()
    };
    let batches = names.chunks(25).map(|names| names.iter().map(put).collect::<Vec<_>>());
    stream::iter(batches.map(Ok::<_, aws_sdk_dynamodb::Error>))
        .try_for_each_concurrent(8, async |batch| {
            client.batch_write_item().request_items(&settings.registry_table, batch).send().await?;
            Ok(())
        })
        .await
        .unwrap();
}

async fn all(driver: &DynamoDb, filter: &Filter, page: usize) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = driver.tenant_list(filter, after.as_ref(), page).await.unwrap();
        ids.extend(page.items.into_iter().map(|tenant| tenant.id.to_string()));
        match page.next {
            Some(next) => after = Some(next),
            None => return ids,
        }
    }
}

/// Operations with how often each was called, and how many items were looked at.
fn cost(calls: &[Call]) -> (HashMap<String, usize>, u64) {
    let mut operations = HashMap::new();
    for call in calls {
        *operations.entry(call.operation.clone()).or_default() += 1;
    }
    (operations, calls.iter().map(|call| call.items).sum())
}

/// What the first control plane does at every tick: a scan for who runs, and of that the first page.
async fn its_scan(client: &Client, settings: &Settings) {
    let scan = client.scan().table_name(&settings.registry_table).expression_attribute_names("#s", "status");
    let running = AttributeValue::S("running".to_owned());
    scan.filter_expression("#s = :s").expression_attribute_values(":s", running).send().await.unwrap();
}

#[tokio::test]
#[ignore = "needs moto_server"]
async fn r11_thousands_are_all_listed_and_a_quiet_tick_costs_the_same_at_any_size() {
    let port = Server::shared(Kind::Moto).await.port;
    let proxy = Proxy::before(port).await;
    let mut settings = settings(Kind::Moto, port);
    let direct = client(&settings);
    settings.endpoint = Some(format!("http://127.0.0.1:{}", proxy.port));
    let driver = connect(settings.clone()).await;
    driver.schema_apply().await.unwrap();
    let names: Vec<String> = (0..*SIZES.last().unwrap()).map(|n| format!("t{:05}", n * 37 % 5_000)).collect();
    let (mut before, mut ticks, mut sweeps, mut scans) = (0, Vec::new(), Vec::new(), Vec::new());
    let active = Filter { active: true, ..Filter::default() };
    for size in SIZES {
        fill(&direct, &settings, &names[before..size]).await;
        assert_eq!(driver.seed_adopt().await.unwrap(), u64::try_from(size - before).unwrap());
        if before == 0 {
            for name in &names[..3] {
                let id: TenantId = name.parse().unwrap();
                let tenant = driver.tenant_get(&id).await.unwrap().unwrap();
                let next = tenant.after(Event::WakeStarted, "2026-09-01T00:00:00Z".parse().unwrap()).unwrap();
                driver.tenant_transition(&id, tenant.lifecycle.generation, &next).await.unwrap();
                let key = UpdateKey { tenant: id, bot: BotId(7), update_id: 1 };
                driver.update_put(&key, "{}", 10, tenant.created_at).await.unwrap();
            }
        }
        before = size;
        let mut expected = names[..size].to_vec();
        expected.sort();
        assert_eq!(all(&driver, &Filter::default(), 700).await, expected, "of {size}");

        proxy.calls();
        assert_eq!(all(&driver, &active, 500).await.len(), 3);
        ticks.push(cost(&proxy.calls()));
        assert_eq!(driver.tenants_pending(None, 500).await.unwrap().len(), 3);
        sweeps.push(cost(&proxy.calls()));
        let counts = driver.tenant_counts().await.unwrap();
        assert_eq!((counts["idle"], counts["provisioning"]), (u64::try_from(size - 3).unwrap(), 3));
        let (operations, _) = cost(&proxy.calls());
        assert_eq!(operations.keys().collect::<Vec<_>>(), ["Query"], "counting reads no records");

        let by_proxy = client(&settings);
        its_scan(&by_proxy, &settings).await;
        scans.push(cost(&proxy.calls()).1);
    }
    let calls = HashMap::from([("Query".to_owned(), 1), ("BatchGetItem".to_owned(), 1)]);
    assert_eq!(ticks, vec![(calls, 6); 3], "of each that is active its key and its record, of the others nothing");
    assert!(sweeps.iter().all(|sweep| *sweep == sweeps[0] && sweep.1 <= 6), "of who has messages: {sweeps:?}");
    let [few, some, many] = scans[..] else { panic!("one of each size") };
    // And the item that says that older rows were looked for.
    assert_eq!(few, 101);
    assert!(some < 1_000 && many < 1_000, "it looks at all, and misses what is not on the first page: {scans:?}");
}
