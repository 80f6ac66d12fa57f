//! The programs that the control plane starts from this same executable.

use std::ffi::OsString;

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

/// Become an agent program (started by `agentd`)
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct AgentdExecArgs {
    /// What `agentd` says
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<OsString>,
}
