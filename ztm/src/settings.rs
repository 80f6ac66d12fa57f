//! Where values come from: flag, else environment variable, else configuration file, else default; one struct.
//!
//! Everything is resolved before anything is built, so a flag always has its effect. Does not own what can be typed
//! (`cli`) nor what `ztm up` makes of its own flags (`commands::up::plan`).

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use libtenancy::{Error, Result};
use serde::Deserialize;

use crate::cli::{
    global::{Color, GlobalArgs, Output},
    quantity,
    up::UpArgs,
};

/// The context that means the control plane of this machine.
pub const EMBEDDED: &str = "embedded";

/// Everything resolved.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the embedded control plane keeps everything; absolute.
    pub state_dir: PathBuf,
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
    /// How much more to say on standard error.
    pub verbose: u8,
    /// Whether to say nothing there but errors.
    pub quiet: bool,
    /// What the file says about `ztm up`.
    pub up: UpArgs,
    /// What the environment says about the router's public URL.
    pub public_url: Option<String>,
}

/// The configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Configuration {
    state_dir: Option<PathBuf>,
    orchestrator_url: Option<String>,
    router_url: Option<String>,
    token_file: Option<PathBuf>,
    namespace: Option<String>,
    context: Option<String>,
    output: Option<Output>,
    color: Option<Color>,
    #[serde(deserialize_with = "quantity::deserialize_time")]
    request_timeout: Option<Duration>,
    up: UpArgs,
}

/// The environment, as a function so that a test can be one.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

impl Settings {
    /// Resolves the flags against this process' environment and its user's configuration file.
    pub fn resolve(flags: GlobalArgs) -> Result<Self> {
        Self::resolve_in(flags, &|name| std::env::var_os(name))
    }

    /// Resolves the flags against an environment, and the configuration file which that names.
    pub fn resolve_in(flags: GlobalArgs, environment: Environment<'_>) -> Result<Self> {
        let file = Configuration::read(environment)?;
        let text = |name: &'static str| -> Result<Option<String>> {
            set(environment, name)
                .map(|v| v.into_string().map_err(|_| Error::invalid(name, "it is not UTF-8")))
                .transpose()
        };
        let path = |name: &'static str| set(environment, name).map(PathBuf::from);
        let choice = |name: &'static str| -> Result<Option<String>> { Ok(text(name)?.map(|v| v.to_lowercase())) };

        let context = flags.context.or(text("ZTM_KUBE_CONTEXT")?).or(file.context);
        if let Some(name) = context.filter(|name| name != EMBEDDED) {
            return Err(Error::NotFound { what: "context", name });
        }
        let output = match flags.output {
            Some(output) => Some(output),
            None => choice("ZTM_OUTPUT")?.map(|v| one_of("ZTM_OUTPUT", &v)).transpose()?,
        };
        let color = match flags.color {
            Some(color) => Some(color),
            None => choice("ZTM_COLOR")?.map(|v| one_of("ZTM_COLOR", &v)).transpose()?,
        };
        let request_timeout = match flags.request_timeout {
            Some(timeout) => Some(timeout),
            None => text("ZTM_REQUEST_TIMEOUT")?
                .map(|v| quantity::timeout(&v).map_err(|why| Error::invalid("ZTM_REQUEST_TIMEOUT", why)))
                .transpose()?
                .or(file.request_timeout),
        };
        if request_timeout == Some(Duration::ZERO) {
            return Err(Error::invalid("request_timeout", "it must be longer than 0"));
        }
        let state_dir = match flags.state_dir.or(path("ZTM_STATE_DIR")).or(file.state_dir) {
            Some(path) => path,
            None => user_directory(environment, "XDG_STATE_HOME", ".local/state").ok_or_else(|| {
                Error::invalid("state_dir", "neither HOME nor XDG_STATE_HOME is set; name one with `--state-dir`")
            })?,
        };
        let orchestrator_url = flags.orchestrator_url.or(text("ZTM_ORCHESTRATOR_URL")?).or(file.orchestrator_url);
        let router_url = flags.router_url.or(text("ZTM_ROUTER_URL")?).or(file.router_url);
        Ok(Self {
            state_dir: std::path::absolute(&state_dir).map_err(Error::io("find", state_dir))?,
            orchestrator_url: orchestrator_url.map(|url| base_url("orchestrator_url", &url)).transpose()?,
            router_url: router_url.map(|url| base_url("router_url", &url)).transpose()?,
            token_file: flags.token_file.or(path("ZTM_TOKEN_FILE")).or(file.token_file),
            namespace: flags.namespace.or(file.namespace),
            output: output.or(file.output).unwrap_or_default(),
            color: color.or(file.color).unwrap_or_default(),
            request_timeout,
            verbose: flags.verbose,
            quiet: flags.quiet,
            up: file.up,
            public_url: match text("ZTM_PUBLIC_URL")? {
                Some(url) => Some(url),
                None => text("ROUTER_PUBLIC_URL")?,
            },
        })
    }
}

impl Configuration {
    /// Reads `$XDG_CONFIG_HOME/ztm/config.toml`; no file is an empty one.
    fn read(environment: Environment<'_>) -> Result<Self> {
        let Some(path) = user_directory(environment, "XDG_CONFIG_HOME", ".config").map(|d| d.join("config.toml"))
        else {
            return Ok(Self::default());
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                Ok(Self::default())
            }
            Err(e) => Err(Error::io("read", path)(e)),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self> {
        toml::from_str(text).map_err(|e| {
            let line = e.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let key = e
                .span()
                .and_then(|_| text.lines().nth(line - 1))
                .and_then(|l| l.split_once('='))
                .map(|(key, _)| format!(" (`{}`)", key.trim()))
                .unwrap_or_default();
            let why = e.message().trim().replace('\n', "; ");
            Error::invalid("configuration", format!("`{}` line {line}{key}: {why}", path.display()))
        })
    }
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
mod tests {
    use std::collections::HashMap;

    use libtenancy::credits::MicroCredits;

    use super::*;

    struct World {
        home: tempfile::TempDir,
        variables: HashMap<&'static str, OsString>,
    }

    impl World {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            let variables = HashMap::from([("HOME", home.path().as_os_str().to_owned())]);
            Self { home, variables }
        }
        fn variable(mut self, name: &'static str, value: &str) -> Self {
            self.variables.insert(name, value.into());
            self
        }
        fn file(self, text: &str) -> Self {
            let directory = self.home.path().join(".config/ztm");
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(directory.join("config.toml"), text).unwrap();
            self
        }
        fn resolve(&self, flags: GlobalArgs) -> Result<Settings> {
            Settings::resolve_in(flags, &|name| self.variables.get(name).cloned())
        }
    }

    const FILE: &str = "state_dir = '/file'\norchestrator_url = 'http://file'\nrouter_url = 'http://file-r'\n\
        token_file = '/file.token'\nnamespace = 'file'\noutput = 'name'\ncolor = 'never'\nrequest_timeout = 3\n\
        [up]\nport = 1\nwarm = 7\ndrain = '2m'\nagent_memory = '1Gi'\n\
        default_rate = '0.5'\ndefault_burst = 60\nprice_per_credit = '0.002'\n";

    fn environment(world: World) -> World {
        world
            .variable("ZTM_STATE_DIR", "/env")
            .variable("ZTM_ORCHESTRATOR_URL", "http://env/")
            .variable("ZTM_ROUTER_URL", "http://env-r")
            .variable("ZTM_TOKEN_FILE", "/env.token")
            .variable("ZTM_OUTPUT", "WIDE")
            .variable("ZTM_COLOR", "always")
            .variable("ZTM_REQUEST_TIMEOUT", "2s")
    }

    fn flags() -> GlobalArgs {
        GlobalArgs {
            state_dir: Some("/flag".into()),
            orchestrator_url: Some("http://flag".into()),
            router_url: Some("https://flag-r/base/".into()),
            token_file: Some("/flag.token".into()),
            namespace: Some("flag".into()),
            output: Some(Output::Json),
            color: Some(Color::Auto),
            request_timeout: Some(Duration::from_secs(1)),
            ..GlobalArgs::default()
        }
    }

    fn summary(s: &Settings) -> String {
        format!(
            "{} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            s.state_dir.display(),
            s.orchestrator_url.as_deref().unwrap_or("-"),
            s.router_url.as_deref().unwrap_or("-"),
            s.token_file.as_deref().unwrap_or(Path::new("-")),
            s.namespace.as_deref().unwrap_or("-"),
            s.output,
            s.color,
            s.request_timeout,
        )
    }

    #[test]
    fn f1_a_flag_beats_the_environment_beats_the_file_beats_the_default() {
        let bare = World::new();
        let home = bare.home.path().display().to_string();
        assert_eq!(
            summary(&bare.resolve(GlobalArgs::default()).unwrap()).replace(&home, "~"),
            r#"~/.local/state/ztm "-" "-" "-" "-" Table Auto None"#
        );
        let file = World::new().file(FILE);
        assert_eq!(
            summary(&file.resolve(GlobalArgs::default()).unwrap()),
            r#"/file "http://file" "http://file-r" "/file.token" "file" Name Never Some(3s)"#
        );
        let both = environment(World::new().file(FILE));
        assert_eq!(
            summary(&both.resolve(GlobalArgs::default()).unwrap()),
            r#"/env "http://env" "http://env-r" "/env.token" "file" Wide Always Some(2s)"#
        );
        assert_eq!(
            summary(&both.resolve(flags()).unwrap()),
            r#"/flag "http://flag" "https://flag-r/base" "/flag.token" "flag" Json Auto Some(1s)"#
        );
    }

    #[test]
    fn the_file_can_hold_the_flags_of_up() {
        let up = World::new().file(FILE).resolve(GlobalArgs::default()).unwrap().up;
        assert_eq!((up.port, up.warm, up.drain), (Some(1), Some(7), Some(Duration::from_mins(2))));
        assert_eq!(up.agent_memory, Some(1 << 30));
        assert_eq!((up.default_rate, up.default_burst), (Some(MicroCredits(500_000)), Some(MicroCredits::credits(60))));
        assert_eq!(up.price_per_credit, Some(2_000));
    }

    #[test]
    fn xdg_directories_are_used_and_relative_ones_ignored() {
        let world = World::new().variable("XDG_STATE_HOME", "/xdg");
        assert_eq!(world.resolve(GlobalArgs::default()).unwrap().state_dir, Path::new("/xdg/ztm"));
        let world = World::new().variable("XDG_STATE_HOME", "xdg");
        assert!(world.resolve(GlobalArgs::default()).unwrap().state_dir.starts_with(world.home.path()));
    }

    #[test]
    fn an_empty_variable_is_no_variable() {
        let world = World::new().variable("ZTM_STATE_DIR", "").variable("ZTM_ORCHESTRATOR_URL", "");
        let settings = world.resolve(GlobalArgs::default()).unwrap();
        assert!(settings.orchestrator_url.is_none());
        assert!(settings.state_dir.ends_with(".local/state/ztm"));
    }

    #[test]
    fn a_wrong_key_or_value_in_the_file_is_named_with_its_line() {
        for (text, expected) in [
            ("output = 'json'\nstatedir = '/x'\n", "line 2 (`statedir`): unknown field `statedir`"),
            ("output = 'yaml'\n", "line 1 (`output`): unknown variant `yaml`"),
            ("[up]\nwarn = 3\n", "line 2 (`warn`): unknown field `warn`"),
            ("[up]\ndrain = '-1s'\n", "is negative"),
            ("[up]\ndefault_rate = 0.5\n", "a decimal one in quotes"),
            ("[up]\nturn_hold = 'nan'\n", "at most six decimals"),
            ("[up]\nprice_per_credit = -1\n", "is negative"),
            ("request_timeout = 0\n", "longer than 0"),
            ("output = \n", "line 1"),
        ] {
            let error = World::new().file(text).resolve(GlobalArgs::default()).unwrap_err();
            assert!(matches!(error, Error::Invalid { .. }), "{error}");
            assert!(error.to_string().contains(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_wrong_variable_is_named() {
        for (name, value) in [
            ("ZTM_OUTPUT", "yaml"),
            ("ZTM_COLOR", "mauve"),
            ("ZTM_REQUEST_TIMEOUT", "0"),
            ("ZTM_REQUEST_TIMEOUT", "soon"),
        ] {
            let error = World::new().variable(name, value).resolve(GlobalArgs::default()).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn urls_that_would_leak_or_mislead_are_refused() {
        for url in
            ["localhost:8080", "ftp://x", "http://u:p@x", "http://x?token=1", "http://x#f", "nonsense", "http://"]
        {
            assert!(base_url("orchestrator_url", url).is_err(), "{url}");
        }
    }

    #[test]
    fn f1_a_context_that_does_not_exist_is_not_ignored() {
        let world = World::new().variable("ZTM_KUBE_CONTEXT", "prod-eks");
        assert!(matches!(world.resolve(GlobalArgs::default()), Err(Error::NotFound { what: "context", .. })));
        let embedded = GlobalArgs { context: Some(EMBEDDED.into()), ..GlobalArgs::default() };
        assert!(world.resolve(embedded).is_ok());
    }
}
