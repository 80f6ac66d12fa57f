//! `ztm spend`.

use crate::{cli::spend::RowArgs, client::Rows};

pub mod audit;
pub mod export;
pub mod report;

fn rows(args: RowArgs) -> Rows {
    Rows { tenant: args.tenant, from: args.from, to: args.to }
}
