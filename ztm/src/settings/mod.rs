//! Where values come from: flag, else environment variable, else context, else configuration file, else default; one struct.
//!
//! Everything is resolved before anything is built, so a flag always has its effect. Does not own what can be typed
//! (`cli`) nor what `ztm up` makes of its own flags (`commands::up::plan`).

use std::{ffi::OsString, path::PathBuf, time::Duration};

use libtenancy::{Error, Result, config::Config};

use services::request_id;

use crate::cli::{
    global::{Color, GlobalArgs},
    output::Output,
    quantity,
    up::UpArgs,
};

pub mod context;
mod contexts;
mod file;
mod origins;
mod servers;

pub use context::Kind;
use context::{EMBEDDED, Target};
pub use contexts::{Chosen, Contexts, Listed};
use file::{ConfigFile, Configuration};
pub use origins::{config_file, origins};

/// Everything resolved.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the control plane of this machine keeps its files; absolute.
    pub state_dir: PathBuf,
    /// Which control plane is meant, or whose stores.
    pub context: Target,
    /// An orchestrator elsewhere, without a slash at the end.
    pub orchestrator_url: Option<String>,
    /// Its router, without a slash at the end.
    pub router_url: Option<String>,
    /// The token for the orchestrator.
    pub token_file: Option<PathBuf>,
    /// The Kubernetes namespace, where a flag or the file names one.
    pub namespace: Option<String>,
    /// How to print data.
    pub output: Output,
    /// When to use colour.
    pub color: Color,
    /// How long to wait for an answer, where somebody said it.
    pub request_timeout: Option<Duration>,
    /// Under which id a control plane is asked; one of its own if nobody said it.
    pub request_id: String,
    /// With what the keys of orders begin; each order has a key that nobody else has without it.
    pub idempotency_key: Option<String>,
    /// How much more to say on standard error.
    pub verbose: u8,
    /// Whether to say nothing there but errors.
    pub quiet: bool,
    /// The order that is only to be rehearsed, in the words after `ztm`.
    pub rehearses: Option<String>,
    /// What the file says about `ztm up`.
    pub up: UpArgs,
    /// What is wrong with that, which is then as if the file said nothing of it.
    pub up_problem: Option<String>,
    /// Where `ztm top` keeps what it is to remember.
    pub screen_file: Option<PathBuf>,
    /// The configuration file, whether it is there or not.
    pub config_file: Option<PathBuf>,
    /// What the environment says about the router's public URL.
    pub public_url: Option<String>,
}

/// The environment, as a function so that a test can be one.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The environment, read.
#[derive(Clone, Copy)]
struct Variables<'a>(Environment<'a>);

impl Variables<'_> {
    fn text(self, name: &'static str) -> Result<Option<String>> {
        set(self.0, name).map(|v| v.into_string().map_err(|_| Error::invalid(name, "it is not UTF-8"))).transpose()
    }

    fn path(self, name: &str) -> Option<PathBuf> {
        set(self.0, name).map(PathBuf::from)
    }

    fn output(self) -> Result<Option<Output>> {
        let parsed = |text: String| text.parse().or_else(|_| text.to_lowercase().parse::<Output>());
        self.text("ZTM_OUTPUT")?.map(parsed).transpose().map_err(|why| Error::invalid("ZTM_OUTPUT", why))
    }

    fn choice<T: clap::ValueEnum>(self, name: &'static str) -> Result<Option<T>> {
        self.text(name)?.map(|value| one_of(name, &value.to_lowercase())).transpose()
    }
}

/// How to print, by flag, variable and file.
fn appearance(flags: &GlobalArgs, variables: Variables<'_>, says: &Configuration) -> Result<(Output, Color)> {
    let output = match &flags.output {
        Some(output) => Some(output.clone()),
        None => variables.output()?,
    };
    let color = flags.color.map_or_else(|| variables.choice("ZTM_COLOR"), |color| Ok(Some(color)))?;
    Ok((output.or(says.output.clone()).unwrap_or_default(), color.or(says.color).unwrap_or_default()))
}

/// What keys of orders begin with. `Invalid` unless it is 1 to 128 visible ASCII characters: the rest of a key follows.
fn order_key(key: String) -> Result<String> {
    if key.len() > 128 || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::invalid("ZTM_IDEMPOTENCY_KEY", "it must be 1 to 128 visible ASCII characters"));
    }
    Ok(key)
}

impl Settings {
    /// Resolves the flags against this process' environment and its user's configuration file.
    pub fn resolve(flags: GlobalArgs) -> Result<Self> {
        Self::resolve_in(flags, &|name| std::env::var_os(name))
    }

    /// Resolves the flags against an environment, and the configuration file which that names.
    pub fn resolve_in(flags: GlobalArgs, environment: Environment<'_>) -> Result<Self> {
        let file = ConfigFile::read(environment)?;
        let variables = Variables(environment);
        let (output, color) = appearance(&flags, variables, &file.says)?;
        let chosen = contexts::chosen(flags.context.as_deref(), variables, &file)?;
        let context = contexts::target(&chosen.name, &file, environment)?;
        let config_file = file.path.clone();
        let file = file.says;
        // What stands at the top of the file is the control plane of this machine.
        let top = (context.name == EMBEDDED).then_some(&file);

        let request_timeout = match flags.request_timeout {
            Some(timeout) => Some(timeout),
            None => variables
                .text("ZTM_REQUEST_TIMEOUT")?
                .map(|v| quantity::timeout(&v).map_err(|why| Error::invalid("ZTM_REQUEST_TIMEOUT", why)))
                .transpose()?
                .or(file.request_timeout),
        };
        if request_timeout == Some(Duration::ZERO) {
            return Err(Error::invalid("request_timeout", "it must be longer than 0"));
        }
        let said = flags.state_dir.or(variables.path("ZTM_STATE_DIR"));
        let said = said.or(context.state_dir.clone()).or_else(|| top.and_then(|top| top.state_dir.clone()));
        let state_dir = match said {
            Some(path) => path,
            None => state_directory(environment, &context)?,
        };
        let elsewhere = flags.orchestrator_url.or(variables.text("ZTM_ORCHESTRATOR_URL")?);
        // The token of a context's orchestrator is for that one only.
        let own = elsewhere.as_ref().is_none_or(|url| context.orchestrator_url.as_ref() == Some(url));
        let token_file = flags.token_file.or(variables.path("ZTM_TOKEN_FILE"));
        let token_file = token_file.or(context.token_file.clone().filter(|_| own));
        let orchestrator_url = elsewhere.or(context.orchestrator_url.clone());
        let router_url = flags.router_url.or(variables.text("ZTM_ROUTER_URL")?);
        let router_url = router_url.or(context.router_url.clone().filter(|_| own));
        let orchestrator_url = orchestrator_url.or_else(|| top.and_then(|top| top.orchestrator_url.clone()));
        let router_url = router_url.or_else(|| top.and_then(|top| top.router_url.clone()));
        let token_file = token_file.or_else(|| top.and_then(|top| top.token_file.clone()));
        Ok(Self {
            state_dir: std::path::absolute(&state_dir).map_err(Error::io("find", state_dir))?,
            orchestrator_url: orchestrator_url.map(|url| base_url("orchestrator_url", &url)).transpose()?,
            router_url: router_url.map(|url| base_url("router_url", &url)).transpose()?,
            token_file,
            context,
            namespace: flags.namespace.or(variables.text("ZTM_NAMESPACE")?).or(file.namespace),
            output,
            color,
            request_timeout,
            request_id: match variables.text("ZTM_REQUEST_ID")? {
                Some(id) => request_id::checked(id)?,
                None => request_id::random(),
            },
            idempotency_key: variables.text("ZTM_IDEMPOTENCY_KEY")?.map(order_key).transpose()?,
            verbose: flags.verbose,
            quiet: flags.quiet,
            rehearses: flags.rehearses,
            up: file.up,
            up_problem: file.up_problem.map(|error| error.chain()),
            screen_file: user_directory(environment, "XDG_CONFIG_HOME", ".config").map(|dir| dir.join("top.toml")),
            config_file,
            public_url: match variables.text("ZTM_PUBLIC_URL")? {
                Some(url) => Some(url),
                None => variables.text("ROUTER_PUBLIC_URL")?,
            },
        })
    }
}

impl Settings {
    /// What a control plane of this context, and a handle on its stores, begin with; `agent_argv` is its agent's command.
    /// `Invalid` if the file's quota is not acceptable.
    pub fn config(&self, agent_argv: Vec<String>) -> Result<Config> {
        let mut config = Config::new(self.state_dir.clone(), agent_argv);
        config.stores = self.context.stores;
        config.servers = self.context.servers.clone();
        config.key_file.clone_from(&self.context.key_file);
        let quota = &mut config.default_quota;
        quota.rate = self.up.default_rate.unwrap_or(quota.rate);
        quota.burst = self.up.default_burst.unwrap_or(quota.burst);
        config.default_quota = quota.checked()?;
        config.price_micros_per_credit = self.up.price_per_credit;
        Ok(config)
    }
}

/// Where a control plane keeps its files on this machine if nobody says. Agents of different records in one directory would
/// be taken for nobody's, so every context with stores has a directory of its own.
fn state_directory(environment: Environment<'_>, context: &Target) -> Result<PathBuf> {
    let base = user_directory(environment, "XDG_STATE_HOME", ".local/state").ok_or_else(|| {
        Error::invalid("state_dir", "neither HOME nor XDG_STATE_HOME is set; name one with `--state-dir`")
    })?;
    if context.kind != Kind::Stores {
        return Ok(base);
    }
    if context.name.starts_with('.') || context.name.contains(['/', '\0']) {
        let why = format!("context `{}` cannot be a directory's name; say `state_dir` in it", context.name);
        return Err(Error::invalid("state_dir", why));
    }
    Ok(base.join("contexts").join(&context.name))
}

/// A variable that is set to something.
fn set(environment: Environment<'_>, name: &str) -> Option<OsString> {
    environment(name).filter(|value| !value.is_empty())
}

/// The user's directory for ztm under an XDG base directory. A relative base is ignored, as XDG asks.
fn user_directory(environment: Environment<'_>, variable: &str, below_home: &str) -> Option<PathBuf> {
    set(environment, variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| set(environment, "HOME").map(|home| PathBuf::from(home).join(below_home)))
        .map(|base| base.join("ztm"))
}

fn one_of<T: clap::ValueEnum>(name: &'static str, value: &str) -> Result<T> {
    T::from_str(value, true).map_err(|_| {
        let values: Vec<_> =
            T::value_variants().iter().filter_map(T::to_possible_value).filter(|v| !v.is_hide_set()).collect();
        let values: Vec<_> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
        Error::invalid(name, format!("`{value}` must be one of: {}", values.join(", ")))
    })
}

/// A base URL: http or https, a host, nothing that would end up in a log or be lost (user, query, fragment).
pub(crate) fn base_url(field: &'static str, text: &str) -> Result<String> {
    let url = reqwest::Url::parse(text).map_err(|e| Error::invalid(field, format!("it is not a URL: {e}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(Error::invalid(field, "it must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::invalid(field, "it must not carry a user or a password; use `--token-file`"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Error::invalid(field, "it must have neither a query nor a fragment"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests;
