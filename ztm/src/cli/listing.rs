//! The flags that every listing takes.

use clap::Args;

use super::quantity;
use crate::listing::{Condition, Order};

/// Which rows of a listing, in which order.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Listing options")]
pub struct ListingArgs {
    /// Sort by a column, as in `age`, or a field of the JSON, as in `last_wake.total_ms`; after a minus the other way round
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    pub sort_by: Option<Order>,

    /// Only rows of which this holds: `FIELD=VALUE`, `!=`, `<`, `>`, or `FIELD~TEXT` (has the text in it); may be given
    /// several times
    #[arg(long, value_name = "CONDITION")]
    pub filter: Vec<Condition>,

    /// At most so many rows: the first ones, in the order that they have; what is left out is said
    #[arg(long, value_name = "N", value_parser = quantity::whole::<usize>(1, quantity::MANY))]
    pub limit: Option<usize>,

    /// No line with the names of the columns
    #[arg(long)]
    pub no_headers: bool,
}
