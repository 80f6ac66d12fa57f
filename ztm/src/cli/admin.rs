//! `ztm admin`.

use clap::{Args, Subcommand};

/// The verbs of `ztm admin`.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Make what the stores of the context lack: the key file, tables, indexes, expiry, the bucket and its rules
    #[command(
        long_about = "Make what the stores of the context lack: the key file, tables, indexes, expiry, the bucket and its rules\n\n\
            Nothing is removed or changed, and a repeat makes nothing; a table that is there with other keys is refused. An index \
            that is added to a table with many items takes minutes. Everybody who uses the same stores needs the same key file: \
            copy it.",
        after_help = "Examples:\n  ztm admin init --dry-run\n  ztm admin init --context production"
    )]
    Init(InitArgs),
    /// Print what AWS asks for bare metal in a region, as the table that `up --prices` takes
    #[command(
        long_about = "Print what AWS asks for bare metal in a region, as the table that `up --prices` takes\n\nAsks the AWS Price List API \
            with the credentials that AWS' own tools would use here; they need the permission `pricing:GetProducts`. The table that \
            ztm was built with has us-east-1 alone. A control plane reads its table when it starts.",
        after_help = "Examples:\n  ztm admin prices --region us-east-1 --region eu-west-1\n  \
            ztm admin prices --region eu-central-1 | tee prices.csv"
    )]
    Prices(PricesArgs),
}

/// `ztm admin prices`.
#[derive(Debug, Args)]
pub struct PricesArgs {
    /// A region, as AWS names it; may be repeated
    #[arg(long = "region", value_name = "REGION", required = true)]
    pub regions: Vec<String>,
}

/// `ztm admin init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Show what is missing, and make nothing
    #[arg(long)]
    pub dry_run: bool,
}
