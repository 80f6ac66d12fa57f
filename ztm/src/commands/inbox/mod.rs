//! `ztm inbox`.

use std::future::Future;

use anyhow::Result;
use libtenancy::Error;

use crate::{commands::Context, view::inbox::Done};

pub mod drop;
pub mod list;
pub mod replay;

/// Does the same to each update, prints those it was done to, and fails with the first failure. One that fails does not
/// keep the others from it.
async fn each<F: Future<Output = Result<(), Error>>>(
    ctx: &Context,
    done: &'static str,
    updates: Vec<String>,
    act: impl Fn(String) -> F,
) -> Result<()> {
    let mut did = Vec::new();
    let mut rehearsed = Vec::new();
    let mut failed: Option<Error> = None;
    for update in updates {
        match act(update.clone()).await {
            Ok(()) => did.push(update),
            Err(Error::Rehearsed { would }) => rehearsed.push(would),
            Err(error) => {
                if let Some(earlier) = failed.replace(error) {
                    ctx.printer.warn(&earlier.chain());
                }
            }
        }
    }
    if !rehearsed.is_empty() && failed.is_none() {
        return Err(Error::Rehearsed { would: rehearsed.join(", ") }.into());
    }
    if !did.is_empty() || failed.is_none() {
        ctx.printer.show(&Done { done, updates: did })?;
    }
    failed.map_or(Ok(()), |error| Err(error.into()))
}
