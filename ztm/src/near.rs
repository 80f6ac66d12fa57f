//! Names like one that was typed, for whoever mistyped it.

use std::time::Duration;

use libtenancy::{Error, tenant::TenantId};

use crate::{client::Client, exit::Near, settings::Settings};

/// How long an error may wait for names.
const BUDGET: Duration = Duration::from_millis(500);

/// How many names are looked at: the first, and the first that begin like it.
const LOOKED_AT: usize = 500;

/// How many are said.
const SAID: usize = 3;

/// How alike a name must be, of 1: two letters of five that changed places are.
const ALIKE: f64 = 0.8;

/// The most alike of these names, the most alike first.
fn alike(typed: &str, names: Vec<String>) -> Vec<String> {
    let likeness = |name: String| (strsim::jaro(typed, &name), name);
    let mut names: Vec<(f64, String)> = names.into_iter().map(likeness).filter(|(like, _)| *like > ALIKE).collect();
    names.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    names.dedup();
    names.into_iter().take(SAID).map(|(_, name)| name).collect()
}

/// The same error; where it says that there is no such tenant and others are called like it, with their names.
pub async fn suggested(settings: &Settings, error: anyhow::Error) -> anyhow::Error {
    let Some(Error::NotFound { what: what @ "tenant", name }) = error.downcast_ref::<Error>() else { return error };
    let typed = name.clone();
    if typed.parse::<TenantId>().is_err() {
        return error;
    }
    let asked = async {
        let client = Client::connect(settings).await.ok()?;
        let first: String = typed.chars().take(1).collect();
        let mut names = client.tenant_names(&first, LOOKED_AT).await.ok()?;
        names.extend(client.tenant_names("", LOOKED_AT).await.ok()?);
        Some(alike(&typed, names))
    };
    match tokio::time::timeout(BUDGET, asked).await {
        Ok(Some(names)) if !names.is_empty() => Near { error: Error::not_found(what, &typed), names }.into(),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_is_said_the_most_alike_first() {
        let names = || ["alice", "alicia", "bob", "carol", "malice"].map(str::to_owned).to_vec();
        assert_eq!(alike("alise", names())[0], "alice");
        assert_eq!(alike("laice", names())[0], "alice");
        assert_eq!(alike("zzz", names()), Vec::<String>::new());
        assert_eq!(alike("bbo", names()), Vec::<String>::new(), "of three letters two are too many");
    }
}
