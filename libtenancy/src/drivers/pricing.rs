//! What AWS asks for bare metal: the Price List API's `GetProducts`, which is served for all regions by us-east-1.
//!
//! Needs credentials that may `pricing:GetProducts`, and nothing of the account is read. Each product is JSON within the JSON: its
//! attributes, and its terms of sale with a price as a decimal.

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_pricing::{
    Client,
    error::ProvideErrorMetadata,
    types::{Filter, FilterType},
};
use serde::Deserialize;

use crate::{
    clock::{Clock, SystemClock},
    error::{Error, Result},
    fleet::prices::{Prices, micros},
};

/// The name of this part in errors.
const PART: &str = "pricing";

/// Where the API is.
const API_REGION: &str = "us-east-1";

/// What is asked for beside the region: machines of the customer's own, without a licence, that are in use.
const ASKED: [(&str, &str); 6] = [
    ("productFamily", "Compute Instance (bare metal)"),
    ("operatingSystem", "Linux"),
    ("preInstalledSw", "NA"),
    ("tenancy", "Shared"),
    ("capacitystatus", "Used"),
    ("marketoption", "OnDemand"),
];

/// A product, as far as it matters here.
#[derive(Deserialize)]
struct Offer {
    product: Product,
    terms: Terms,
}

#[derive(Deserialize)]
struct Product {
    attributes: Attributes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    instance_type: String,
    region_code: String,
}

#[derive(Deserialize)]
struct Terms {
    #[serde(default, rename = "OnDemand")]
    on_demand: BTreeMap<String, Term>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    price_dimensions: BTreeMap<String, Dimension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dimension {
    unit: String,
    price_per_unit: BTreeMap<String, String>,
}

/// Asks for the on-demand prices of bare metal in these regions. `NotFound` for a region without any; `Refused` and
/// `Unavailable` with what AWS said.
pub async fn prices_fetch(regions: &[String]) -> Result<Prices> {
    super::telegram::install_crypto_provider();
    let config = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(API_REGION)).load().await;
    let client = Client::new(&config);
    let mut by_kind = BTreeMap::new();
    for region in regions {
        let before = by_kind.len();
        region_fetch(&client, region, &mut by_kind).await?;
        if by_kind.len() == before {
            return Err(Error::not_found("price of bare metal in region", region));
        }
    }
    let today = SystemClock::default().now().to_string();
    let today = today.split('T').next().unwrap_or_default();
    Ok(Prices { source: format!("On-demand USD per hour, Linux, bare metal; AWS Price List API, {today}"), by_kind })
}

async fn region_fetch(client: &Client, region: &str, by_kind: &mut BTreeMap<(String, String), u64>) -> Result<()> {
    let filters = ASKED.into_iter().chain([("regionCode", region)]).map(|(field, value)| {
        let filter = Filter::builder().r#type(FilterType::TermMatch).field(field).value(value).build();
        filter.map_err(|error| Error::internal(error.to_string()))
    });
    let filters = filters.collect::<Result<Vec<_>>>()?;
    let asked = client.get_products().service_code("AmazonEC2").format_version("aws_v1").set_filters(Some(filters));
    let mut pages = asked.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| match (error.code(), error.message()) {
            (Some(code), message) => {
                let message = message.unwrap_or("no message");
                Error::Refused { part: PART, reason: format!("{code}: {message}; `pricing:GetProducts` is needed") }
            }
            (None, _) => Error::unavailable(PART, error),
        })?;
        for offer in page.price_list() {
            let (kind, price) = read(offer)?;
            if kind.0 != region {
                return Err(Error::unavailable(PART, format!("a price of {} was sent for {region}", kind.0)));
            }
            if by_kind.insert(kind.clone(), price).is_some_and(|other| other != price) {
                return Err(Error::unavailable(PART, format!("{} in {region} has two prices", kind.1)));
            }
        }
    }
    Ok(())
}

/// The kind of machine, by region and type, and its price.
fn read(offer: &str) -> Result<((String, String), u64)> {
    let wrong = |why: String| Error::unavailable(PART, format!("a product is not understood: {why}"));
    let offer: Offer = serde_json::from_str(offer).map_err(|error| wrong(error.to_string()))?;
    let Attributes { instance_type, region_code } = offer.product.attributes;
    let hourly = offer.terms.on_demand.values().flat_map(|term| term.price_dimensions.values());
    let mut hourly = hourly.filter(|dimension| dimension.unit == "Hrs").filter_map(|d| d.price_per_unit.get("USD"));
    let price = hourly.next().ok_or_else(|| wrong(format!("{instance_type} has no price in US dollars an hour")))?;
    match micros(price) {
        Some(micros) if micros > 0 => Ok(((region_code, instance_type), micros)),
        _ => Err(wrong(format!("{instance_type} costs `{price}`"))),
    }
}
