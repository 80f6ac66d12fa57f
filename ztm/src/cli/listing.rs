//! The flags that every listing takes.

use clap::Args;

use crate::listing::{Condition, Order};

/// Which rows of a listing, in which order.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Listing options")]
pub struct ListingArgs {
    /// Sort by a field of the JSON, as in `last_active_at` or `last_wake.total_ms`; after a minus the other way round
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    pub sort_by: Option<Order>,

    /// Only rows of which this holds: `FIELD=VALUE`, `!=`, `<`, `>`, or `FIELD~TEXT` (has the text in it); may be given
    /// several times
    #[arg(long, value_name = "CONDITION")]
    pub filter: Vec<Condition>,

    /// No line with the names of the columns
    #[arg(long)]
    pub no_headers: bool,
}
