//! `ztm admin prices`, against a double of the AWS Price List API, and `up --prices`.

use std::sync::{Arc, Mutex};

use axum::{Json, Router, extract::State, http::HeaderMap, routing::post};
use libtenancy::fleet::prices::Prices;
use serde_json::{Value, json};

use super::invocation::World;

/// What was asked.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

fn product(region: &str, instance_type: &str, usd: &str) -> String {
    json!({
        "product": {
            "productFamily": "Compute Instance (bare metal)", "sku": "X",
            "attributes": { "instanceType": instance_type, "regionCode": region, "operatingSystem": "Linux", "vcpu": "128" },
        },
        "serviceCode": "AmazonEC2",
        "terms": {
            "OnDemand": { "X.JRTCKXETXF": {
                "offerTermCode": "JRTCKXETXF", "sku": "X", "termAttributes": {},
                "priceDimensions": { "X.JRTCKXETXF.6YS6EN2CT7": {
                    "unit": "Hrs", "beginRange": "0", "endRange": "Inf", "appliesTo": [],
                    "pricePerUnit": { "USD": usd },
                } },
            } },
            "Reserved": { "X.4NA7Y494T4": { "priceDimensions": {} } },
        },
    })
    .to_string()
}

/// Answers for two regions, a product a page.
async fn answer(State(asked): State<Asked>, headers: HeaderMap, body: String) -> Json<Value> {
    let body: Value = serde_json::from_str(&body).unwrap();
    let target = headers["x-amz-target"].to_str().unwrap().to_owned();
    let filters = body["Filters"].as_array().unwrap();
    let region = filters.iter().find(|filter| filter["Field"] == "regionCode").unwrap()["Value"].as_str().unwrap();
    let page: usize = body["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
    let products = match region {
        "eu-west-1" => {
            vec![product(region, "c6i.metal", "6.2000000000"), product(region, "m7i.metal-24xl", "5.4188160000")]
        }
        "eu-central-1" => vec![product(region, "c6i.metal", "6.2080000000")],
        "eu-broken-1" => vec![product(region, "c6i.metal", "0.0000000000")],
        _ => Vec::new(),
    };
    asked.lock().unwrap().push((target, body.clone()));
    let next = (page + 1 < products.len()).then(|| (page + 1).to_string());
    Json(
        json!({ "FormatVersion": "aws_v1", "PriceList": products.get(page..=page).unwrap_or_default(), "NextToken": next }),
    )
}

/// A double of the API, and a world whose commands ask it.
fn stage() -> (tokio::runtime::Runtime, World, Asked) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let asked = Asked::default();
    let app = Router::new().route("/", post(answer)).with_state(asked.clone());
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async move { axum::serve(listener, app).await });
    let world = World::new()
        .variable("AWS_ENDPOINT_URL_PRICING", &url)
        .variable("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .variable("AWS_SECRET_ACCESS_KEY", "secret");
    (runtime, world, asked)
}

#[test]
fn the_prices_of_a_region_are_asked_for_page_by_page_and_are_a_table_that_is_read_again() {
    let (_runtime, world, asked) = stage();
    let run = world.ztm(["admin", "prices", "--region", "eu-west-1", "--region", "eu-central-1"]);
    assert_eq!(run.code, Some(0), "{run}");
    let prices = Prices::parse(&run.stdout).unwrap();
    assert!(prices.source.contains("AWS Price List API, 20"), "{}", prices.source);
    assert_eq!(prices.by_kind.len(), 3);
    assert_eq!(prices.on_demand("eu-west-1", "m7i.metal-24xl"), Some(5_418_816));
    assert_eq!(prices.on_demand("eu-central-1", "c6i.metal"), Some(6_208_000));
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 3, "two pages, and one");
    for (target, body) in asked {
        assert_eq!((target.as_str(), &body["ServiceCode"]), ("AWSPriceListService.GetProducts", &json!("AmazonEC2")));
        let filters = body["Filters"].as_array().unwrap();
        for (field, value) in [("operatingSystem", "Linux"), ("tenancy", "Shared"), ("capacitystatus", "Used")] {
            assert!(filters.contains(&json!({ "Type": "TERM_MATCH", "Field": field, "Value": value })), "{body}");
        }
    }
    let json = world.ztm(["admin", "prices", "--region", "eu-central-1", "-o", "json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["prices"][0]["micro_usd_per_hour"], 6_208_000);
}

#[test]
fn a_region_without_prices_and_an_api_that_is_not_there_are_said() {
    let (_runtime, world, _) = stage();
    let run = world.ztm(["admin", "prices", "--region", "eu-nowhere-9"]);
    assert!(run.code == Some(3) && run.stdout.is_empty() && run.stderr.contains("eu-nowhere-9"), "{run}");
    let run = world.ztm(["admin", "prices", "--region", "eu-broken-1"]);
    assert!(run.code != Some(0) && run.stdout.is_empty() && run.stderr.contains("c6i.metal costs"), "{run}");
    let world = world.variable("AWS_ENDPOINT_URL_PRICING", "http://127.0.0.1:1");
    let run = world.ztm(["admin", "prices", "--region", "eu-west-1"]);
    assert!(run.code != Some(0) && run.stdout.is_empty() && run.stderr.contains("pricing"), "{run}");
}

#[test]
fn a_table_with_a_wrong_line_is_refused_before_anything_starts() {
    let world = World::new();
    let file = world.home().join("prices.csv");
    std::fs::write(&file, "# mine, today\nregion,instance_type,usd_per_hour\neu-west-1,c6i.metal,free\n").unwrap();
    let run = world.ztm(["up", "--prices", file.to_str().unwrap()]);
    assert!(run.code == Some(2) && run.stderr.contains("line 3: `free` is no price"), "{run}");
    let run = world.ztm(["up", "--prices", "nowhere.csv"]);
    assert!(run.code != Some(0) && run.stderr.contains("nowhere.csv"), "{run}");
}
