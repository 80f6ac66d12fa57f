//! `ztm admin`.

use std::path::PathBuf;

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
    /// Write what a cluster is given, for `kubectl apply -k`: the control plane, its rights, its configuration
    #[command(
        long_about = "Write what a cluster is given, for `kubectl apply -k`: the control plane, its rights, its configuration\n\nThe files \
            that ztm is shipped with are below `base/`, and what is this cluster's own is an overlay on them. No secret is in it: README, \
            \"Agents as pods\", says which ones the cluster needs.",
        after_help = "Examples:\n  ztm admin render prod/ --image ztm:1 --agent-image ztm-agent:1 --bucket my-states\n  \
            ztm admin render prod/ --image ztm:1 --agent-image ztm-agent:1 --karpenter\n  kubectl apply -k prod/"
    )]
    Render(Box<RenderArgs>),
}

/// `ztm admin render`.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// Where to write
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,

    /// The control plane's image: NAME, NAME:TAG or NAME@DIGEST
    #[arg(long, value_name = "IMAGE")]
    pub image: String,

    /// The agents' image
    #[arg(long, value_name = "IMAGE")]
    pub agent_image: String,

    /// The bucket of archives
    #[arg(long, value_name = "NAME")]
    pub bucket: Option<String>,

    /// The registry's table
    #[arg(long, value_name = "NAME")]
    pub table: Option<String>,

    /// Another Redis than the one that is shipped
    #[arg(long, value_name = "URL")]
    pub redis_url: Option<String>,

    /// Where Telegram reaches the routers
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,

    /// The runtime class of agents; an empty one is the cluster's own
    #[arg(long, value_name = "CLASS")]
    pub runtime_class: Option<String>,

    /// With a pool of metal machines that Karpenter makes
    #[arg(long)]
    pub karpenter: bool,

    /// The agents' image is without agentd
    #[arg(long)]
    pub plain: bool,

    /// Write over what is there
    #[arg(short, long)]
    pub yes: bool,
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
