//! The configuration file: where it is, what it may say, and how one key of it is changed.

use std::{
    collections::BTreeMap,
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use libtenancy::{Error, Result};
use serde::Deserialize;
use toml_edit::{DocumentMut, value};

use super::{Environment, context::Table, user_directory};
use crate::cli::{global::Color, output::Output, quantity, up::UpArgs};

/// The key that names the context in use.
const CURRENT: &str = "current_context";

/// The table of all contexts.
const CONTEXTS: &str = "contexts";

/// The table of `ztm up`.
const UP: &str = "up";

/// What it was called before.
const CURRENT_BEFORE: &str = "context";

/// What the file says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Configuration {
    pub(super) state_dir: Option<PathBuf>,
    pub(super) orchestrator_url: Option<String>,
    pub(super) router_url: Option<String>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) namespace: Option<String>,
    #[serde(alias = "context")]
    pub(super) current_context: Option<String>,
    pub(super) output: Option<Output>,
    pub(super) color: Option<Color>,
    #[serde(deserialize_with = "quantity::deserialize_time")]
    pub(super) request_timeout: Option<Duration>,
    pub(super) up: UpArgs,
    /// What is wrong with `[up]`, which is then as if it said nothing.
    #[serde(skip)]
    pub(super) up_problem: Option<Error>,
    pub(super) contexts: BTreeMap<String, Table>,
}

/// The file, read.
#[derive(Debug, Default)]
pub(super) struct ConfigFile {
    /// Where it is, or would be; `None` if the environment names no place.
    pub(super) path: Option<PathBuf>,
    pub(super) says: Configuration,
}

impl ConfigFile {
    /// Reads `$XDG_CONFIG_HOME/ztm/config.toml`; no file is an empty one.
    pub(super) fn read(environment: Environment<'_>) -> Result<Self> {
        let Some(path) = user_directory(environment, "XDG_CONFIG_HOME", ".config").map(|d| d.join("config.toml"))
        else {
            return Ok(Self::default());
        };
        let says = match std::fs::read_to_string(&path) {
            Ok(text) => parse(&text, &path)?,
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Configuration::default(),
            Err(e) => return Err(Error::io("read", path)(e)),
        };
        Ok(Self { path: Some(path), says })
    }

    /// The file's name, for people.
    pub(super) fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| "config.toml".to_owned(), |path| path.display().to_string())
    }

    /// The keys of `[up]` as they are written; none where there is no file, or no such table.
    pub(super) fn up_written(&self) -> toml::Table {
        let text = self.path.as_ref().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let written = text.parse::<toml::Table>().ok().and_then(|mut all| all.remove(UP));
        written.and_then(|up| up.try_into().ok()).unwrap_or_default()
    }

    /// Makes `name` the context in use. Everything else in the file stays as it is, comments too; whoever reads it meanwhile
    /// finds the old file or the new one.
    pub(super) fn use_context(&self, name: &str) -> Result<()> {
        self.edit(|document| {
            let key = if document.contains_key(CURRENT_BEFORE) { CURRENT_BEFORE } else { CURRENT };
            // Through the item, so that a comment behind the value stays.
            match document.get_mut(key).and_then(toml_edit::Item::as_value_mut) {
                Some(old) => {
                    let decor = old.decor().clone();
                    *old = name.into();
                    *old.decor_mut() = decor;
                }
                None => document[key] = value(name),
            }
            Ok(())
        })
        .map(drop)
    }

    /// What the file would say with another context, as text; nothing is written.
    pub(super) fn with_context(&self, name: &str, table: toml_edit::Table) -> Result<(String, Configuration)> {
        let text = self.edited(|document| {
            let contexts = document.entry(CONTEXTS).or_insert_with(|| {
                // Without a line of its own: its tables have one each.
                let mut contexts = toml_edit::Table::new();
                contexts.set_implicit(true);
                toml_edit::Item::Table(contexts)
            });
            let contexts = contexts.as_table_like_mut();
            let contexts = contexts.ok_or_else(|| Error::invalid("configuration", "`contexts` is not a table"))?;
            contexts.insert(name, toml_edit::Item::Table(table));
            Ok(())
        })?;
        let says = parse(&text, self.path.as_deref().unwrap_or(Path::new("config.toml")))?;
        Ok((text, says))
    }

    /// Writes the file.
    pub(super) fn write(&self, text: &str) -> Result<()> {
        replace(self.place()?, text)
    }

    /// Takes a context out of the file.
    pub(super) fn remove_context(&self, name: &str) -> Result<()> {
        self.edit(|document| {
            let contexts = document.get_mut(CONTEXTS).and_then(toml_edit::Item::as_table_like_mut);
            match contexts.and_then(|contexts| contexts.remove(name)) {
                Some(_) => Ok(()),
                None => Err(Error::not_found("context", name)),
            }
        })
        .map(drop)
    }

    fn place(&self) -> Result<&Path> {
        self.path.as_deref().ok_or_else(|| {
            Error::invalid("configuration", "neither HOME nor XDG_CONFIG_HOME is set, so there is no place for it")
        })
    }

    fn edit(&self, change: impl FnOnce(&mut DocumentMut) -> Result<()>) -> Result<String> {
        let text = self.edited(change)?;
        self.write(&text)?;
        Ok(text)
    }

    fn edited(&self, change: impl FnOnce(&mut DocumentMut) -> Result<()>) -> Result<String> {
        let path = self.place()?;
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => String::new(),
            Err(e) => return Err(Error::io("read", path)(e)),
        };
        let mut document: DocumentMut =
            text.parse().map_err(|e| Error::invalid("configuration", format!("`{}`: {e}", path.display())))?;
        change(&mut document)?;
        Ok(document.to_string())
    }
}

/// Reads the file's text; errors name the file, the line and the key. What is wrong in `[up]` alone concerns `ztm up` alone.
fn parse(text: &str, path: &Path) -> Result<Configuration> {
    parse_whole(text, path).or_else(|error| {
        let rest = text.parse::<DocumentMut>().ok().and_then(|mut document| {
            document.remove(UP)?;
            toml::from_str::<Configuration>(&document.to_string()).ok()
        });
        match rest {
            Some(rest) => Ok(Configuration { up_problem: Some(error), ..rest }),
            None => Err(error),
        }
    })
}

fn parse_whole(text: &str, path: &Path) -> Result<Configuration> {
    toml::from_str(text).map_err(|e| {
        let line = e.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        let key = e
            .span()
            .and_then(|_| text.lines().nth(line - 1))
            .and_then(|l| l.split_once('='))
            .map(|(key, _)| key.trim().to_owned());
        let why = match key.as_deref().and_then(|key| key.rsplit('.').next()) {
            Some("password") => {
                "a password does not belong here; write it into a file of mode 0600 and name that as `password_file`"
                    .to_owned()
            }
            _ => e.message().trim().replace('\n', "; "),
        };
        let key = key.map(|key| format!(" (`{key}`)")).unwrap_or_default();
        Error::invalid("configuration", format!("`{}` line {line}{key}: {why}", path.display()))
    })
}

/// Replaces a file, whole or not at all, with its mode; through a symbolic link. Makes its directory where missing.
fn replace(path: &Path, text: &str) -> Result<()> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let directory = target.parent().unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(Error::io("make", directory))?;
    let mode = std::fs::metadata(&target).map_or(0o600, |file| file.permissions().mode() & 0o777);
    let draft = directory.join(format!(".config.toml.{}", std::process::id()));
    let written = (|| {
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&draft)?;
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&draft, &target)
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    written.map_err(Error::io("write", target))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, ConfigFile) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ztm/config.toml");
        if !text.is_empty() {
            std::fs::create_dir(dir.path().join("ztm")).unwrap();
            std::fs::write(&path, text).unwrap();
        }
        let home = dir.path().as_os_str().to_owned();
        let read = ConfigFile::read(&|name| (name == "XDG_CONFIG_HOME").then(|| home.clone())).unwrap();
        (dir, read)
    }

    fn after(text: &str) -> String {
        let (_dir, file) = file(text);
        file.use_context("prod").unwrap();
        std::fs::read_to_string(file.path.unwrap()).unwrap()
    }

    #[test]
    fn using_a_context_changes_one_value_and_keeps_everything_else() {
        assert_eq!(after(""), "current_context = \"prod\"\n");
        let contexts = "\n# mine\n[contexts.prod] # keep\norchestrator_url = 'http://x' \n";
        assert_eq!(
            after(&format!("output = 'json' # always\ncurrent_context = 'old' # for now\n{contexts}")),
            format!("output = 'json' # always\ncurrent_context = \"prod\" # for now\n{contexts}")
        );
        assert_eq!(
            after(&format!("output = 'json'\n{contexts}")),
            format!("output = 'json'\ncurrent_context = \"prod\"\n{contexts}")
        );
        assert_eq!(after("context = 'old'\n"), "context = \"prod\"\n", "the key's older name stays");
    }

    #[test]
    fn a_symbolic_link_and_the_mode_stay() {
        let (dir, file) = file("output = 'json'\n");
        let path = file.path.clone().unwrap();
        let target = dir.path().join("dotfiles.toml");
        std::fs::rename(&path, &target).unwrap();
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&target, &path).unwrap();
        file.use_context("prod").unwrap();
        assert!(path.is_symlink());
        assert!(std::fs::read_to_string(&target).unwrap().ends_with("current_context = \"prod\"\n"));
        assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
