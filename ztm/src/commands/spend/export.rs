//! `ztm spend export`.

use anyhow::Result;

use crate::{
    cli::{output::Output, spend::ExportArgs},
    commands::Context,
    view::spend,
};

/// Writes the ledger's rows, page by page as they come.
pub async fn export(ctx: &Context, args: ExportArgs) -> Result<()> {
    let rows = super::rows(args.rows)?;
    let client = ctx.client().await?;
    // What is wrong with the question is said before the header is.
    let mut page = client.spend_rows(&rows, None).await?;
    if let (true, Some(tenant)) = (page.rows.is_empty(), &rows.tenant) {
        client.tenant_known(tenant).await?;
    }
    let mut text = String::new();
    if *format(ctx) == Output::Csv {
        text.push_str(spend::ROW_HEADER);
    }
    let mut left = args.limit.unwrap_or(usize::MAX);
    loop {
        for row in page.rows.iter().take(left) {
            match format(ctx) {
                Output::Json => text.push_str(&serde_json::to_string(row)?),
                Output::Name => text.push_str(&spend::row_name(row)),
                _ => text.push_str(&spend::row_csv(row)),
            }
            text.push('\n');
        }
        // One write a page.
        ctx.printer.bytes(text.as_bytes())?;
        text.clear();
        if page.rows.len() > left || (page.rows.len() == left && page.next.is_some()) {
            ctx.printer.left_out("the rows after these");
            return Ok(());
        }
        left -= page.rows.len();
        let Some(next) = page.next else { return Ok(()) };
        page = client.spend_rows(&rows, Some(&next)).await?;
    }
}

/// Rows are too many and too wide for a table.
fn format(ctx: &Context) -> &Output {
    match ctx.printer.output() {
        format @ (Output::Json | Output::Name) => format,
        _ => &Output::Csv,
    }
}
