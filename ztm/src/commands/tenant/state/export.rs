//! `ztm tenant state export`.

use std::{fs::File, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use anyhow::{Context as _, Result};
use futures::TryStreamExt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use libtenancy::Error;
use sha2::{Digest, Sha256};

use crate::{
    cli::state::ExportArgs,
    client::Export,
    commands::{Context, random_name},
    exit::Usage,
    view::tenant::Exported,
};

/// Copies an archive into a new file, whole or not at all, or to standard output.
pub async fn export(ctx: &Context, args: &ExportArgs) -> Result<()> {
    let to_stdout = args.file == Path::new("-");
    if to_stdout && ctx.printer.is_terminal() {
        let hint = Some("name a file, or pipe it: `--file - | tar --zstd -t`".to_owned());
        return Err(Usage { message: "an archive is not for a terminal".to_owned(), hint }.into());
    }
    if !to_stdout && args.file.symlink_metadata().is_ok() {
        return Err(Error::AlreadyExists { what: "file", name: args.file.display().to_string() }.into());
    }
    let export = ctx.client().await?.state_export(&args.tenant, args.archive.as_deref()).await?;
    let (bytes, sha256) = (export.bytes, export.sha256.clone());
    let target = if ctx.printer.draws_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {bytes_per_sec}")?;
    let bar = ProgressBar::with_draw_target(Some(bytes), target).with_style(style);
    if to_stdout {
        copy(export, &bar, |piece| ctx.printer.bytes(piece)).await?;
        bar.finish_and_clear();
        return Ok(());
    }
    let directory = args.file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = directory.join(format!(".ztm-export-{}", random_name()?));
    let written = async {
        let failed = || format!("cannot write `{}`", args.file.display());
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&draft).with_context(failed)?;
        copy(export, &bar, |piece| file.write_all(piece).with_context(failed)).await?;
        file.sync_all().with_context(failed)?;
        // Refuses to replace what somebody put there meanwhile.
        std::fs::hard_link(&draft, &args.file).with_context(failed)
    };
    let written = written.await;
    let _ = std::fs::remove_file(&draft);
    bar.finish_and_clear();
    written?;
    let file = args.file.display().to_string();
    ctx.printer.show(&Exported { tenant_id: args.tenant.clone(), file, bytes, sha256 })
}

/// Takes the content as it comes, and fails unless it is what was announced.
async fn copy(mut export: Export, bar: &ProgressBar, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut hash = Sha256::new();
    while let Some(piece) = export.content.try_next().await.context("the archive broke off")? {
        hash.update(&piece);
        take(&piece)?;
        bar.inc(piece.len().try_into().unwrap_or_default());
    }
    let arrived = hex::encode(hash.finalize());
    anyhow::ensure!(
        arrived == export.sha256,
        "what arrived is not the archive: SHA-256 {arrived}, not {}",
        export.sha256
    );
    Ok(())
}
