//! `ztm spend export`.

use anyhow::Result;

use crate::{cli::global::Output, cli::spend::ExportArgs, commands::Context, exit::Usage, view::spend};

/// Writes the ledger's rows, page by page as they come.
pub async fn export(ctx: &Context, args: ExportArgs) -> Result<()> {
    let rows = super::rows(args.rows);
    let csv = match ctx.printer.output() {
        Output::Csv | Output::Table => true,
        Output::Json => false,
        Output::Wide | Output::Name => {
            let hint = Some("write `-o csv` or `-o json`".to_owned());
            return Err(Usage { message: "rows are exported as CSV or JSON".to_owned(), hint }.into());
        }
    };
    let client = ctx.client()?;
    let mut after = None;
    if csv {
        ctx.printer.bytes(spend::ROW_HEADER.as_bytes())?;
    }
    loop {
        let page = client.spend_rows(&rows, after.as_deref()).await?;
        for row in &page.rows {
            if csv {
                ctx.printer.bytes(spend::row_csv(row).as_bytes())?;
            } else {
                ctx.printer.json_line(row)?;
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
