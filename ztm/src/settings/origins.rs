//! Where each setting comes from, for whoever wonders: `ztm config view`.

use std::{ffi::OsString, path::Path};

use clap::CommandFactory;
use libtenancy::Result;

use super::{
    Environment, Settings,
    context::{EMBEDDED, Value},
    contexts,
    file::ConfigFile,
    set,
};
use crate::cli::{Cli, global::GlobalArgs};

/// Who may say a value, the first that does.
struct Sayings<'a> {
    flag: bool,
    variable: &'a str,
    context: bool,
    file: bool,
}

/// Every setting that has a value, and who says it.
pub fn origins(flags: &GlobalArgs, environment: Environment<'_>) -> Result<Vec<Value>> {
    let settings = Settings::resolve_in(flags.clone(), environment)?;
    let file = ConfigFile::read(environment)?;
    let chosen = contexts::chosen(flags.context.as_deref(), super::Variables(environment), &file)?;
    let says = &file.says;
    let target = &settings.context;
    // What stands at the top of the file is the control plane of this machine.
    let top = target.name == EMBEDDED;
    let named = |variable: &str| set(environment, variable).is_some();
    let mut values = vec![Value { key: "context".to_owned(), value: chosen.name, from: chosen.from.to_owned() }];
    let mut add = |key: &str, value: Option<String>, by: Sayings<'_>| {
        let Some(value) = value else { return };
        let from = if by.flag {
            format!("--{}", key.replace('_', "-"))
        } else if named(by.variable) {
            by.variable.to_owned()
        } else if by.context {
            format!("context {}", target.name)
        } else if by.file {
            "file".to_owned()
        } else {
            "default".to_owned()
        };
        values.push(Value { key: key.to_owned(), value, from });
    };
    let shown = |path: &Path| path.display().to_string();
    let by = |flag, variable, context, file| Sayings { flag, variable, context, file };
    add(
        "state_dir",
        Some(shown(&settings.state_dir)),
        by(flags.state_dir.is_some(), "ZTM_STATE_DIR", target.state_dir.is_some(), top && says.state_dir.is_some()),
    );
    add(
        "orchestrator_url",
        settings.orchestrator_url.clone(),
        by(
            flags.orchestrator_url.is_some(),
            "ZTM_ORCHESTRATOR_URL",
            target.orchestrator_url.is_some(),
            top && says.orchestrator_url.is_some(),
        ),
    );
    add(
        "router_url",
        settings.router_url.clone(),
        by(flags.router_url.is_some(), "ZTM_ROUTER_URL", target.router_url.is_some(), top && says.router_url.is_some()),
    );
    add(
        "token_file",
        settings.token_file.as_deref().map(shown),
        by(flags.token_file.is_some(), "ZTM_TOKEN_FILE", target.token_file.is_some(), top && says.token_file.is_some()),
    );
    add(
        "namespace",
        settings.namespace.clone(),
        by(flags.namespace.is_some(), "ZTM_NAMESPACE", false, says.namespace.is_some()),
    );
    add("output", Some(settings.output.name()), by(flags.output.is_some(), "ZTM_OUTPUT", false, says.output.is_some()));
    add(
        "color",
        Some(format!("{:?}", settings.color).to_lowercase()),
        by(flags.color.is_some(), "ZTM_COLOR", false, says.color.is_some()),
    );
    add(
        "request_timeout",
        Some(settings.request_timeout.map_or_else(|| default_of("request_timeout"), |time| format!("{time:?}"))),
        by(flags.request_timeout.is_some(), "ZTM_REQUEST_TIMEOUT", false, says.request_timeout.is_some()),
    );
    values.extend(of_up(&settings, &file, environment));
    Ok(values)
}

/// What `ztm up` would heed without a flag of its own: every option of it that a file can say.
fn of_up(settings: &Settings, file: &ConfigFile, environment: Environment<'_>) -> Vec<Value> {
    let written = if settings.up_problem.is_none() { file.up_written() } else { toml::Table::new() };
    let mut values = Vec::new();
    for arg in options(Cli::command().find_subcommand("up")) {
        let key = arg.get_id().as_str();
        if UNWRITTEN.contains(&key) || arg.is_global_set() {
            continue;
        }
        let by_file = written.get(key).map(|value| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (value, "file".to_owned())
        });
        let variable =
            ["ZTM_PUBLIC_URL", "ROUTER_PUBLIC_URL"].into_iter().find(|name| set(environment, name).is_some());
        let by_variable = || Some((settings.public_url.clone()?, variable?.to_owned()));
        let said = if key == "public_url" { by_variable().or(by_file) } else { by_file };
        let default = || (said_default(arg), "default".to_owned());
        let (value, from) = said.unwrap_or_else(default);
        values.push(Value { key: format!("up.{key}"), value, from });
    }
    values
}

/// The options of `ztm up` that are for one run, and in no file.
const UNWRITTEN: [&str; 4] = ["only", "detach", "detached", "help"];

fn options(command: Option<&clap::Command>) -> impl Iterator<Item = &clap::Arg> {
    command.into_iter().flat_map(clap::Command::get_arguments)
}

/// The default that a global option's help says.
fn default_of(id: &str) -> String {
    Cli::command().get_arguments().find(|arg| arg.get_id() == id).map(said_default).unwrap_or_default()
}

/// The default that an option's help says: `none` where it says none, and `false` of a flag.
fn said_default(arg: &clap::Arg) -> String {
    let help = [arg.get_long_help(), arg.get_help()].into_iter().flatten().map(ToString::to_string);
    let said = help.filter_map(|text| {
        let (_, rest) = text.split_once("[default: ")?;
        Some(rest.split_once(']')?.0.trim_matches(['<', '>', '`']).to_owned())
    });
    let unsaid = if arg.get_action().takes_values() { "none" } else { "false" };
    said.into_iter().next().unwrap_or_else(|| unsaid.to_owned())
}

/// The configuration file that an environment names.
pub fn config_file(environment: &dyn Fn(&str) -> Option<OsString>) -> Result<String> {
    ConfigFile::read(environment).map(|file| file.name())
}
