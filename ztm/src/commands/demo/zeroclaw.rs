//! ZeroClaw as the demo's agent: how it is recognised, the model it speaks to, and what it remembers.
//!
//! Its configuration is `deploy/zeroclaw/config.toml`, pointed at a model of the demo's own. Only ZeroClaw's own rows are
//! read, never written.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use anyhow::Context;
use libtenancy::secret::write_private_once;
use rusqlite::{Connection, OpenFlags};
use services::doubles::llm;

/// What operators start from.
const CONFIG: &str = include_str!("../../../../deploy/zeroclaw/config.toml");

/// Where ZeroClaw keeps its memory, below its state directory.
const MEMORY: &str = "workspace/memory/brain.db";

/// Whether an agent's command line runs ZeroClaw: by its program's name.
pub(super) fn is_meant(command: &str) -> bool {
    let words = shell_words::split(command).unwrap_or_default();
    words.first().is_some_and(|program| Path::new(program).file_name().is_some_and(|name| name == "zeroclaw"))
}

/// A model that answers while this lives, and a template whose ZeroClaw asks it.
pub(super) struct Equipment {
    pub(super) template: PathBuf,
    _model: llm::Double,
}

impl Equipment {
    /// Starts the model on a free port of loopback, and writes the template below `dir`.
    pub(super) async fn make(dir: &Path) -> anyhow::Result<Self> {
        let model = llm::Double::start(([127, 0, 0, 1], 0).into()).await.context("cannot start a model")?;
        let template = dir.join("zeroclaw");
        std::fs::create_dir(&template).context("cannot write a template")?;
        // For its owner only: ZeroClaw warns of a configuration that others can read.
        write_private_once(&template.join("config.toml"), config(&model.url())?.as_bytes())?;
        Ok(Self { template, _model: model })
    }
}

/// The configuration for the model at `url`.
fn config(url: &str) -> anyhow::Result<String> {
    let mut config: toml::Table = toml::from_str(CONFIG)?;
    config.insert("default_provider".to_owned(), format!("custom:{url}").into());
    config.insert("default_model".to_owned(), llm::MODEL.into());
    Ok(toml::to_string(&config)?)
}

/// Every message that the ZeroClaw of a state directory remembers, running or not.
pub(super) fn remembered(state: &Path) -> rusqlite::Result<HashSet<String>> {
    let memory = Connection::open_with_flags(state.join(MEMORY), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    memory.prepare("SELECT content FROM memories")?.query_map([], |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeroclaw_is_known_by_its_programs_name_wherever_it_lies() {
        for command in ["zeroclaw gateway", "/opt/my\\ tools/zeroclaw --config-dir {state} gateway --port {port}"] {
            assert!(is_meant(command), "{command}");
        }
        for command in ["", "zeroclaw-next gateway", "sh -c zeroclaw", "'open", "/zeroclaw/agent"] {
            assert!(!is_meant(command), "{command}");
        }
    }

    #[test]
    fn the_demos_configuration_differs_from_the_operators_in_its_model_alone() {
        let mut ours: toml::Table = toml::from_str(&config("http://127.0.0.1:9/v1").unwrap()).unwrap();
        let theirs: toml::Table = toml::from_str(CONFIG).unwrap();
        assert_eq!(ours["default_provider"].as_str(), Some("custom:http://127.0.0.1:9/v1"));
        for name in ["default_provider", "default_model"] {
            ours.insert(name.to_owned(), theirs[name].clone());
        }
        assert_eq!(ours, theirs);
    }
}
