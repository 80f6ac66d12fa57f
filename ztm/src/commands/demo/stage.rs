//! The demo's stage: a directory, a double of Telegram, and a control plane in a process of its own, so that it can be
//! killed.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, bail};
use libtenancy::{
    api::{CreateTenant, StatusView, TenantView},
    clock::Stopwatch,
};
use services::doubles::telegram::Double;
use tokio::process::{Child, Command};

use crate::{client::Client, settings::Settings};

/// How long anything may take.
pub(super) const BOUND: Duration = Duration::from_secs(60);

/// One tenant of the demo, and the person who writes to it.
pub(super) struct Actor {
    pub(super) id: String,
    pub(super) token: String,
    pub(super) chat: i64,
}

impl Actor {
    pub(super) fn new(index: usize) -> Self {
        let number = 900_000 + index;
        Self {
            id: format!("tenant-{}", index + 1),
            token: format!("{number}:demo-bot-of-tenant-{}-0123456789abcdef", index + 1),
            chat: i64::try_from(1_000 + index).unwrap_or(i64::MAX),
        }
    }
}

/// The control plane under demonstration.
pub(super) struct Stage {
    pub(super) double: Double,
    pub(super) state_dir: PathBuf,
    settings: Settings,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl Stage {
    /// `agent` and `template` as for `ztm up`.
    pub(super) async fn set(
        dir: &Path,
        settings: &Settings,
        agent: Option<&str>,
        template: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let double = Double::start(([127, 0, 0, 1], 0).into()).await.context("cannot start the double of Telegram")?;
        let state_dir = dir.join("state");
        // The router's port must outlive the control plane: the webhooks name it.
        let router_port = free_port()?;
        let mut arguments: Vec<String> = [
            "up",
            "--port",
            "0",
            "--router-port",
            &router_port.to_string(),
            "--warm",
            "1",
            "--telegram-url",
            &double.url(),
            "--public-url",
            &format!("http://127.0.0.1:{router_port}"),
            "--reconcile-interval",
            "5s",
        ]
        .map(str::to_owned)
        .into();
        for (flag, value) in
            [("--agent", agent.map(str::to_owned)), ("--agent-template", template.map(|t| t.display().to_string()))]
        {
            if let Some(value) = value {
                arguments.extend([flag.to_owned(), value]);
            }
        }
        let settings = Settings {
            state_dir: state_dir.clone(),
            orchestrator_url: None,
            router_url: None,
            token_file: None,
            ..settings.clone()
        };
        Ok(Self { double, state_dir, settings, arguments, child: None })
    }

    /// Starts the control plane and waits until it is ready; how long that took.
    pub(super) async fn up(&mut self) -> anyhow::Result<Duration> {
        let watch = Stopwatch::start();
        std::fs::create_dir_all(&self.state_dir)?;
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log())?;
        let mut child = Command::new("/proc/self/exe")
            .args(["--state-dir".as_ref(), self.state_dir.as_os_str()])
            .args(&self.arguments)
            // The demo is the same for everybody: no configuration of the user's reaches it.
            .env("XDG_CONFIG_HOME", &self.state_dir)
            // Ctrl-C is for the demo, which then ends the control plane in order: out of the terminal's reach.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the control plane")?;
        while watch.elapsed() < BOUND {
            if let Some(status) = child.try_wait()? {
                let log = std::fs::read_to_string(self.log()).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(5).collect();
                bail!(
                    "the control plane ended with {status}: {}",
                    last.into_iter().rev().collect::<Vec<_>>().join("\n")
                );
            }
            if self.client().await.is_ok_and(|client| matches!(client, Client::Http(_)))
                && self.client().await?.plane("the demo")?.ready().await.is_ok()
            {
                self.child = Some(child);
                return Ok(watch.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bail!("the control plane did not become ready within {BOUND:?}")
    }

    /// Kills the control plane as nothing can be handled: SIGKILL.
    pub(super) async fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await.context("cannot kill the control plane")?;
        }
        Ok(())
    }

    /// Ends the control plane in order: agents are saved and stopped.
    pub(super) async fn down(&mut self) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        if let Some(holder) = crate::discovery::Holder::find(&self.state_dir)? {
            holder.signal(rustix::process::Signal::TERM)?;
        }
        tokio::time::timeout(BOUND, child.wait()).await.context("the control plane did not end")??;
        Ok(())
    }

    /// How many tenants have a live agent.
    pub(super) fn agents_alive(&self) -> usize {
        crate::discovery::agents_alive(&self.state_dir)
    }

    pub(super) fn log(&self) -> PathBuf {
        self.state_dir.with_file_name("ztm-up.log")
    }

    /// The state directory of an actor's agent.
    pub(super) fn agent_state(&self, actor: &Actor) -> PathBuf {
        self.state_dir.join("tenants").join(&actor.id).join("state")
    }

    pub(super) async fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::connect(&self.settings).await?)
    }

    pub(super) async fn create(&self, actor: &Actor, idle_timeout_s: i64) -> anyhow::Result<()> {
        self.double.bot_add(&actor.token)?;
        let new = CreateTenant {
            tenant_id: actor.id.clone(),
            bot_token: Some(actor.token.clone()),
            idle_timeout_s: Some(idle_timeout_s),
            ..CreateTenant::default()
        };
        self.client().await?.tenant_create(new).await?;
        self.double.wait_webhook(&actor.token, BOUND).await?;
        Ok(())
    }

    pub(super) async fn status(&self) -> anyhow::Result<StatusView> {
        Ok(self.client().await?.status().await?)
    }

    pub(super) async fn tenant(&self, id: &str) -> anyhow::Result<TenantView> {
        Ok(self.client().await?.tenant_get(id).await?)
    }

    /// Waits until the tenant is idle, and returns why.
    pub(super) async fn wait_idle(&self, id: &str) -> anyhow::Result<TenantView> {
        let client = self.client().await?;
        let waiting = async {
            loop {
                let tenant = client.tenant_get(id).await?;
                if tenant.status == "idle" {
                    return Ok(tenant);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(BOUND, waiting).await.with_context(|| format!("`{id}` did not fall idle"))?
    }
}

/// A port of loopback that was free a moment ago.
fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
