//! `ztm spend`.

use anyhow::Result;

use crate::{cli::spend::RowArgs, client::Rows, exit::Usage};

pub mod audit;
pub mod export;
pub mod report;

/// Which rows are meant; refuses times that nothing is between.
fn rows(args: RowArgs) -> Result<Rows> {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from >= to
    {
        let message = format!("`--from` ({from}) must be earlier than `--to` ({to})");
        let hint = "the earlier time is `--from`; a date as `--to` is all of that day".to_owned();
        return Err(Usage { message, hint: Some(hint) }.into());
    }
    Ok(Rows { tenant: args.tenant, from: args.from, to: args.to })
}
