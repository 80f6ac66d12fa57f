//! The contexts of the file: which is in use, what there are, and choosing another.

use libtenancy::{Error, Result, drivers::kubernetes::tunnel::has_context};
use serde::Serialize;

use super::{
    Color, Environment, GlobalArgs, Output, Variables, appearance,
    context::{EMBEDDED, Place, Target},
    file::ConfigFile,
};

/// The context in use, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chosen {
    /// Its name.
    pub name: String,
    /// `--context`, the name of an environment variable, `file` or `default`.
    pub from: &'static str,
}

/// A context in a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Whether it is in use.
    pub current: bool,
    /// What it is; `None` if that cannot be told.
    pub kind: Option<&'static str>,
    /// What tells it from others.
    pub target: String,
    /// Why it cannot be used.
    pub problem: Option<String>,
}

/// The contexts, for the commands that look at them: they work also when the one in use does not.
pub struct Contexts<'a> {
    file: ConfigFile,
    environment: Environment<'a>,
    chosen: Chosen,
    /// How to print.
    pub appearance: (Output, Color),
}

/// Which context the flag, the environment or the file asks for.
pub(super) fn chosen(flag: Option<&str>, variables: Variables<'_>, file: &ConfigFile) -> Result<Chosen> {
    let found = |name: String, from| Ok(Chosen { name, from });
    if let Some(name) = flag {
        return found(name.to_owned(), "--context");
    }
    for variable in ["ZTM_CONTEXT", "ZTM_KUBE_CONTEXT"] {
        if let Some(name) = variables.text(variable)? {
            return found(name, variable);
        }
    }
    match &file.says.current_context {
        Some(name) => found(name.clone(), "file"),
        None => found(EMBEDDED.to_owned(), "default"),
    }
}

/// The context of a name, complete. `NotFound`; `Invalid` if it says too little, or contradicts itself.
pub(super) fn target(name: &str, file: &ConfigFile, environment: Environment<'_>) -> Result<Target> {
    let table = file.says.contexts.get(name);
    let place = Place { name, file: file.path.as_deref().unwrap_or(std::path::Path::new("config.toml")) };
    if name == EMBEDDED {
        return match table {
            None => Ok(Target::embedded()),
            Some(_) => Err(place.wrong(format!(
                "`{EMBEDDED}` is the control plane of this machine, whose settings stand at the top of the file; choose another name"
            ))),
        };
    }
    match table {
        Some(table) => table.resolve(place, environment),
        // As the first control plane's command had it.
        None if has_context(name) => Ok(Target::cluster(name)),
        None => Err(Error::not_found("context", name)),
    }
}

impl<'a> Contexts<'a> {
    /// Reads the file.
    pub fn read(flags: &GlobalArgs, environment: Environment<'a>) -> Result<Self> {
        let file = ConfigFile::read(environment)?;
        let variables = Variables(environment);
        let appearance = appearance(flags, variables, &file.says)?;
        let chosen = chosen(flags.context.as_deref(), variables, &file)?;
        Ok(Self { file, environment, chosen, appearance })
    }

    /// The one in use, whether it exists or not.
    pub fn current(&self) -> &Chosen {
        &self.chosen
    }

    /// The file's name, for people.
    pub fn file(&self) -> String {
        self.file.name()
    }

    /// All there are, in order of name, that of this machine first.
    pub fn list(&self) -> Vec<Listed> {
        let names = self.file.says.contexts.iter().filter(|(name, _)| *name != EMBEDDED);
        let tables = names.map(|(name, table)| (name.as_str(), Some(table)));
        std::iter::once((EMBEDDED, None))
            .chain(tables)
            .map(|(name, table)| {
                let target = target(name, &self.file, self.environment);
                Listed {
                    name: name.to_owned(),
                    current: name == self.chosen.name,
                    kind: target.as_ref().ok().map(|target| target.kind.label()),
                    target: table.map_or_else(|| "this machine".to_owned(), super::context::Table::summary),
                    problem: target.err().map(|error| error.chain()),
                }
            })
            .collect()
    }

    /// One, or the one in use, complete. `NotFound`; `Invalid`.
    pub fn target(&self, name: Option<&str>) -> Result<Target> {
        target(name.unwrap_or(&self.chosen.name), &self.file, self.environment)
    }

    /// Adds one, if it is complete; the file is not touched otherwise. `AlreadyExists`; `Invalid`.
    pub fn add(&self, name: &str, table: toml_edit::Table) -> Result<Target> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@:/".contains(c);
        if name.is_empty() || name.len() > 253 || !name.chars().all(plain) || name.starts_with('.') {
            return Err(Error::invalid("context", format!("{name:?} must be letters, digits and any of `-_.@:/`")));
        }
        if name == EMBEDDED || self.file.says.contexts.contains_key(name) {
            return Err(Error::AlreadyExists { what: "context", name: name.to_owned() });
        }
        let (text, says) = self.file.with_context(name, table)?;
        let would_be = ConfigFile { path: self.file.path.clone(), says };
        let target = target(name, &would_be, self.environment)?;
        self.file.write(&text)?;
        Ok(target)
    }

    /// Makes one that was added a moment ago the context in use.
    pub fn use_context_of_file(&self, name: &str) -> Result<()> {
        self.file.use_context(name)
    }

    /// Whether one may be removed. `NotFound`; `Conflict` if it is in use; `Invalid` if it is no file's.
    pub fn removable(&self, name: &str) -> Result<()> {
        if name == EMBEDDED {
            let why =
                format!("`{EMBEDDED}` is the control plane of this machine, which no file names: it cannot be removed");
            return Err(Error::invalid("context", why));
        }
        if !self.file.says.contexts.contains_key(name) {
            return Err(Error::not_found("context", name));
        }
        if self.chosen.name == name {
            return Err(Error::conflict("context", name, format!("it is in use (by {})", self.chosen.from)));
        }
        Ok(())
    }

    /// Removes one that is not in use. `NotFound`; `Conflict`.
    pub fn remove(&self, name: &str) -> Result<()> {
        self.removable(name)?;
        self.file.remove_context(name)
    }

    /// Makes one the context in use, if it is complete; the file is not touched otherwise.
    pub fn use_context(&self, name: &str) -> Result<Target> {
        let target = self.target(Some(name))?;
        self.file.use_context(name)?;
        Ok(target)
    }
}
