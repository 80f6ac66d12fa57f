//! A worker on a host of its own: `worker [--orchestrator URL] [--token-file PATH] [--slots N]`.
//!
//! Without the flags: `ORCHESTRATOR_ADDR`, `ZTM_TOKEN_FILE` and 4 slots. Ends at SIGTERM or SIGINT once what runs is
//! finished, for at most 30 s. Logs to standard error; `ZTM_LOG` says what.

use std::{ffi::OsString, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, ensure};
use services::{
    auth::token_read,
    worker::{self, remote::Remote},
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// How long what runs may take to finish.
const DRAIN: Duration = Duration::from_secs(30);

const SLOTS: usize = 4;

struct Settings {
    orchestrator: String,
    token_file: OsString,
    slots: usize,
}

impl Settings {
    fn read(mut arguments: impl Iterator<Item = OsString>) -> Result<Self> {
        let mut orchestrator = std::env::var_os("ORCHESTRATOR_ADDR");
        let mut token_file = std::env::var_os("ZTM_TOKEN_FILE");
        let mut slots = SLOTS;
        while let Some(flag) = arguments.next() {
            let flag = flag.to_string_lossy().into_owned();
            let mut value = || arguments.next().with_context(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--orchestrator" => orchestrator = Some(value()?),
                "--token-file" => token_file = Some(value()?),
                "--slots" => {
                    slots = value()?.to_str().and_then(|n| n.parse().ok()).context("--slots must be a number")?;
                }
                other => {
                    return Err(anyhow!(
                        "{other} is not known; usage: worker [--orchestrator URL] [--token-file PATH] [--slots N]"
                    ));
                }
            }
        }
        ensure!((1..=1_000).contains(&slots), "--slots must be from 1 to 1000");
        let orchestrator =
            orchestrator.context("ORCHESTRATOR_ADDR or --orchestrator must be the orchestrator's URL")?;
        Ok(Self {
            orchestrator: orchestrator.into_string().map_err(|_| anyhow!("the orchestrator's URL must be UTF-8"))?,
            token_file: token_file.context("ZTM_TOKEN_FILE or --token-file must name the file with the token")?,
            slots,
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let filter = EnvFilter::try_from_env("ZTM_LOG").unwrap_or_else(|_| EnvFilter::new("warn,services=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
    let settings = Settings::read(std::env::args_os().skip(1))?;
    libtenancy::drivers::telegram::install_crypto_provider();
    let desk = Remote::new(&settings.orchestrator, token_read(settings.token_file.as_ref())?)?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = CancellationToken::new();
    let working = worker::run(Arc::new(desk), settings.slots, DRAIN, shutdown.clone());
    let ending = async {
        tokio::select! { _ = terminate.recv() => {} _ = interrupt.recv() => {} }
        shutdown.cancel();
        std::future::pending().await
    };
    tokio::select! { ended = working => Ok(ended?), never = ending => never }
}
