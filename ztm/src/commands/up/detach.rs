//! `ztm up --detach`: the same command once more, in a session of its own, with its log in a file.
//!
//! The child says that it is ready by printing where it listens (one JSON document) on its standard output, which is a pipe
//! to its parent; the end of that pipe without it means that it failed. No waiting for files to appear.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, Result};
use libtenancy::{Error, api::ErrorBody, clock::Stopwatch};
use tokio::io::AsyncReadExt;

use crate::{client::Client, commands::Context, discovery::Up, exit::Passed};

/// How long the background process may take to be ready, agents of an earlier control plane adopted.
const PATIENCE: Duration = Duration::from_mins(1);

/// The log's size at which a new one is begun, keeping the old as `up.log.1`.
const LONGEST_LOG: u64 = 16 << 20;

/// How much of the log a failure shows.
const TAIL: u64 = 2_000;

/// Starts the control plane in the background, waits until it is ready, and says where it is and where it logs.
pub(super) async fn detach(ctx: &Context) -> Result<()> {
    let state_dir = &ctx.settings.state_dir;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(state_dir).map_err(Error::io("make", state_dir))?;
    let (log, path) = open_log(state_dir)?;
    let begin = log.metadata().map_err(Error::io("open", &path))?.len();

    let mut child = tokio::process::Command::new("/proc/self/exe")
        .args(std::env::args_os().skip(1))
        .args(["--detached", "--output", "json", "--color", "never"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .context("cannot start the background process")?;
    let mut out = child.stdout.take().context("the background process has no standard output")?;

    let watch = Stopwatch::start();
    let Ok(said) = tokio::time::timeout(PATIENCE, first_document(&mut out)).await else {
        child.start_kill().context("cannot end the background process, which is not ready")?;
        child.wait().await?;
        return Err(not_ready(&path, begin)
            .context(Error::Timeout { what: "the start of the control plane".to_owned(), after: watch.elapsed() }));
    };
    let Some(up) = said? else {
        // It has printed its error to the log, in JSON; its exit status is ours.
        let status = child.wait().await?;
        return Err(failed(&path, begin, status.code()));
    };
    match Client::connect(&ctx.settings).await? {
        Client::Http(http) => http.ready().await?,
        Client::Direct(_) => return Err(not_ready(&path, begin)),
    }
    ctx.printer.note(&format!("running in the background; its log is `{}`, `ztm down` ends it", path.display()));
    ctx.printer.show(&up)
}

/// The document that says where it listens; `None` if the process ended without.
async fn first_document(out: &mut (impl AsyncReadExt + Unpin)) -> Result<Option<Up>> {
    let mut text = Vec::new();
    loop {
        if out.read_buf(&mut text).await? == 0 {
            return Ok(None);
        }
        match serde_json::from_slice(&text) {
            Ok(up) => return Ok(Some(up)),
            Err(e) if e.is_eof() => {}
            Err(e) => return Err(anyhow::Error::new(e).context("the background process said something else")),
        }
    }
}

fn open_log(state_dir: &Path) -> Result<(File, PathBuf), Error> {
    let path = state_dir.join("up.log");
    if std::fs::metadata(&path).is_ok_and(|log| log.len() > LONGEST_LOG) {
        std::fs::rename(&path, state_dir.join("up.log.1")).map_err(Error::io("rename", &path))?;
    }
    let log = File::options().append(true).create(true).mode(0o600).open(&path).map_err(Error::io("open", &path))?;
    Ok((log, path))
}

/// What the background process logged since `begin`, the end of it.
fn tail(path: &Path, begin: u64) -> String {
    let read = || -> std::io::Result<String> {
        let mut log = File::open(path)?;
        let end = log.metadata()?.len();
        log.seek(SeekFrom::Start(begin.max(end.saturating_sub(TAIL))))?;
        let mut text = Vec::new();
        log.take(TAIL).read_to_end(&mut text)?;
        Ok(String::from_utf8_lossy(&text).trim().to_owned())
    };
    read().unwrap_or_default()
}

fn not_ready(path: &Path, begin: u64) -> anyhow::Error {
    anyhow::anyhow!("it did not become ready; its log `{}` ends with: {}", path.display(), tail(path, begin))
}

/// The error that the background process ended with, as far as its last words can be understood.
fn failed(path: &Path, begin: u64, exit: Option<i32>) -> anyhow::Error {
    let tail = tail(path, begin);
    match tail.lines().last().and_then(|line| serde_json::from_str::<ErrorBody>(line).ok()) {
        Some(said) => Passed { exit, code: said.code, message: said.error, hint: said.hint }.into(),
        None => anyhow::anyhow!("the background process ended; its log `{}` ends with: {tail}", path.display()),
    }
}
