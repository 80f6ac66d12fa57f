//! `ztm tenant logs`.

use anyhow::{Context as _, Result};
use futures::TryStreamExt;
use serde::Serialize;

use crate::{cli::tenant::LogsArgs, commands::Context, printer::Printer, view::plain};

/// The longest line that is kept in memory; a longer one is printed in pieces.
const LONGEST_LINE: usize = 64 * 1024;

/// One line of a log, under `-o json`.
#[derive(Serialize)]
struct Line<'a> {
    tenant_id: &'a str,
    line: &'a str,
}

/// Prints the log of a tenant's agent. What an agent writes does not reach the terminal's controls.
pub async fn logs(ctx: &Context, args: &LogsArgs) -> Result<()> {
    let mut log = ctx.client().await?.tenant_logs(&args.tenant, args.tail, args.follow).await?;
    let json = ctx.printer.output().is_document();
    let mut rest = Vec::new();
    while let Some(chunk) = log.try_next().await.context("the log broke off")? {
        if !json && !ctx.printer.is_terminal() {
            ctx.printer.bytes(&chunk)?;
            continue;
        }
        rest.extend_from_slice(&chunk);
        while let Some(end) =
            rest.iter().position(|&b| b == b'\n').or((rest.len() > LONGEST_LINE).then_some(LONGEST_LINE))
        {
            let line: Vec<u8> = rest.drain(..=end).collect();
            print(&ctx.printer, &args.tenant, &line, json)?;
        }
    }
    if rest.is_empty() { Ok(()) } else { print(&ctx.printer, &args.tenant, &rest, json) }
}

fn print(printer: &Printer, tenant_id: &str, line: &[u8], json: bool) -> Result<()> {
    let text = String::from_utf8_lossy(line);
    let line = text.trim_end_matches(['\r', '\n']);
    if json {
        printer.json_line(&Line { tenant_id, line })
    } else {
        printer.bytes(format!("{}\n", plain(line)).as_bytes())
    }
}
