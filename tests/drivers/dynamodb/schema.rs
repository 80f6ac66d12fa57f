//! Tables, indexes and expiry: what is missing is told, made once, and never changed.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TimeToLiveStatus,
};
use libtenancy::{
    drivers::dynamodb::{DynamoDb, Settings, schema::Step},
    error::Error,
    ports::probes::Verdict,
};

use super::server::{Kind, Server, client, connect, settings};
use crate::probes::only;

/// Makes a table with one key, as the first control plane had it.
pub(crate) async fn plain_table(settings: &Settings, name: &str, key: &str) {
    client(settings)
        .create_table()
        .table_name(name)
        .attribute_definitions(
            AttributeDefinition::builder().attribute_name(key).attribute_type(ScalarAttributeType::S).build().unwrap(),
        )
        .key_schema(KeySchemaElement::builder().attribute_name(key).key_type(KeyType::Hash).build().unwrap())
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .unwrap();
}

async fn driver(kind: Kind) -> (DynamoDb, Settings) {
    let settings = settings(kind, Server::shared(kind).await.port);
    (connect(settings.clone()).await, settings)
}

async fn from_nothing(kind: Kind) {
    let (driver, settings) = driver(kind).await;
    let create = |table: &str| Step::CreateTable { table: table.to_owned() };
    let mut expected = vec![create(&settings.registry_table), create(&settings.inbox_table)];
    if settings.time_to_live {
        expected.push(Step::ExpireItems { table: settings.inbox_table.clone(), attribute: "expires_at".to_owned() });
    }
    expected.push(create(&settings.ledger_table));
    assert_eq!(driver.schema_plan().await.unwrap(), expected);
    assert_eq!(driver.schema_plan().await.unwrap(), expected, "a plan changes nothing");
    let (first, second) = tokio::join!(driver.schema_apply(), driver.schema_apply());
    assert_eq!(first.unwrap(), expected);
    second.unwrap();
    assert_eq!(driver.schema_plan().await.unwrap(), []);
    assert_eq!(driver.schema_apply().await.unwrap(), []);
    let described = client(&settings).describe_table().table_name(&settings.registry_table).send().await.unwrap();
    let billing = described.table().unwrap().billing_mode_summary().and_then(|summary| summary.billing_mode());
    assert_eq!(billing, Some(&BillingMode::PayPerRequest));
    if settings.time_to_live {
        let expiry = client(&settings).describe_time_to_live().table_name(&settings.inbox_table).send().await.unwrap();
        let expiry = expiry.time_to_live_description.unwrap();
        assert_eq!(expiry.time_to_live_status(), Some(&TimeToLiveStatus::Enabled));
    }
}

#[tokio::test]
#[ignore = "needs moto_server"]
async fn a_table_that_is_there_gets_its_indexes_and_keeps_its_items() {
    let (driver, settings) = driver(Kind::Moto).await;
    assert!(Kind::Moto.adds_indexes());
    plain_table(&settings, &settings.registry_table, "tenant_id").await;
    let item = || AttributeValue::S("acme".to_owned());
    let put = client(&settings).put_item().table_name(&settings.registry_table).item("tenant_id", item());
    put.send().await.unwrap();
    let plan = driver.schema_plan().await.unwrap();
    let add = |index: &str| Step::AddIndex { table: settings.registry_table.clone(), index: index.to_owned() };
    assert_eq!(plan[..2], [add("by-id"), add("active")]);
    assert_eq!(driver.schema_apply().await.unwrap(), plan);
    assert_eq!(driver.schema_plan().await.unwrap(), []);
    let get = client(&settings).get_item().table_name(&settings.registry_table).key("tenant_id", item());
    assert!(get.send().await.unwrap().item.is_some());
}

async fn with_other_keys(kind: Kind) {
    let (driver, settings) = driver(kind).await;
    plain_table(&settings, &settings.registry_table, "name").await;
    let refused = driver.schema_plan().await.unwrap_err();
    assert!(matches!(&refused, Error::Invalid { field: "table", reason } if reason.contains("registry")), "{refused}");
    driver.schema_apply().await.unwrap_err();
    let tables = client(&settings).list_tables().limit(100).send().await.unwrap();
    assert!(!tables.table_names().contains(&settings.inbox_table), "nothing is made beside a table that is not ours");
}

async fn probed(kind: Kind) {
    let (driver, own) = driver(kind).await;
    let found = only(&driver).await.unwrap();
    assert_eq!((found.verdict, found.hint.as_deref()), (Verdict::Fail, Some("`ztm admin init` makes it")), "{found:?}");
    assert!(found.text.contains(&format!("create table `{}`", own.registry_table)), "{found:?}");
    driver.schema_apply().await.unwrap();
    let found = only(&driver).await.unwrap();
    assert_eq!((found.verdict, found.hint), (Verdict::Ok, None), "{}", found.text);

    let (driver, own) = self::driver(kind).await;
    plain_table(&own, &own.registry_table, "name").await;
    let found = only(&driver).await.unwrap();
    assert!(found.verdict == Verdict::Fail && found.text.contains("with other keys than ours"), "{found:?}");
}

#[tokio::test]
#[ignore = "needs moto_server"]
async fn a_table_whose_items_never_expire_is_warned_of() {
    let (_, own) = driver(Kind::Moto).await;
    let without = connect(Settings { time_to_live: false, ..own.clone() }).await;
    without.schema_apply().await.unwrap();
    let found = only(&connect(own.clone()).await).await.unwrap();
    assert_eq!(found.verdict, Verdict::Warn, "{found:?}");
    assert!(found.text.contains(&format!("expire items of table `{}`", own.inbox_table)), "{found:?}");
}

on_both! {
    probed, tables_that_are_missing_or_others_are_found, tables_that_are_missing_or_others_are_found_on_dynalite;
    from_nothing, tables_are_made_from_nothing_and_once, tables_are_made_from_nothing_and_once_on_dynalite;
    with_other_keys, a_table_with_other_keys_is_refused, a_table_with_other_keys_is_refused_on_dynalite;
}
