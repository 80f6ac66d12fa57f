//! `ztm agent`.

use clap::Args;

/// Run the small built-in agent
///
/// `POST /webhook {"message"}` → `{"response"}` and `GET /health` on 127.0.0.1, with its memory in `--state-dir`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ztm agent --port 3000 --state-dir ./memory")]
pub struct AgentArgs {
    /// The port to listen on
    #[arg(long, value_name = "PORT")]
    pub port: u16,
}
