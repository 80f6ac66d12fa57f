//! A worker on a host of its own: `ORCHESTRATOR_ADDR=http://… ZTM_TOKEN_FILE=… worker [SLOTS]`.
//!
//! Ends at SIGTERM or SIGINT once what runs is finished, for at most 30 s.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use services::{
    auth::token_read,
    worker::{self, remote::Remote},
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How long what runs may take to finish.
const DRAIN: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let url = std::env::var("ORCHESTRATOR_ADDR").context("ORCHESTRATOR_ADDR must be the orchestrator's URL")?;
    let token_file: PathBuf =
        std::env::var_os("ZTM_TOKEN_FILE").context("ZTM_TOKEN_FILE must name the file with the token")?.into();
    let slots: usize = match std::env::args().nth(1) {
        Some(slots) => slots.parse().context("SLOTS must be a number")?,
        None => 4,
    };
    anyhow::ensure!((1..=1_000).contains(&slots), "SLOTS must be from 1 to 1000");
    libtenancy::drivers::telegram::install_crypto_provider();
    let desk = Arc::new(Remote::new(&url, token_read(&token_file)?)?);
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = CancellationToken::new();
    let end = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {} _ = interrupt.recv() => {} }
        end.cancel();
    });
    worker::run(desk, slots, DRAIN, shutdown).await?;
    Ok(())
}
