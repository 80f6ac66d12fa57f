//! What `ztm up` is to run: its flags, then the environment, then the file, then the library's defaults.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
};

use libtenancy::{
    Error, Result,
    config::{Config, Listen},
    fleet::prices::Prices,
    quota::cost_checked,
    stores::Agents,
};

use crate::{
    cli::up::{Part, UpArgs},
    settings::{Settings, base_url},
};

/// What agents in pods run if nothing else is said: what the image is for.
const AGENT_IN_PODS: &str = "zeroclaw --config-dir {state} gateway --port {port}";

/// The seed's ports.
const PORT: u16 = 8080;
const ROUTER_PORT: u16 = 9090;

/// Everything that is checked before anything is started.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) config: Config,
    pub(super) listen: Listen,
    pub(super) only: Option<Part>,
    pub(super) warnings: Vec<String>,
}

impl Plan {
    pub(super) fn make(settings: &Settings, flags: UpArgs) -> Result<Self> {
        let file = settings.up.clone();
        let executable = std::env::current_exe().map_err(Error::io("find", "/proc/self/exe"))?;
        let argv = match (flags.agent.or(file.agent), settings.context.stores.workloads) {
            (Some(command), Agents::Processes) => {
                let mut argv = agent_argv(&command)?;
                argv[0] = find_program(&argv[0])?;
                argv
            }
            (None, Agents::Processes) => built_in_agent(&executable)?,
            // Found in the image, not here.
            (command, Agents::Kubernetes) => agent_argv(command.as_deref().unwrap_or(AGENT_IN_PODS))?,
        };
        let mut config = settings.config(argv)?;
        let agent = &mut config.agent;
        let variables = if flags.agent_env.is_empty() { file.agent_env } else { flags.agent_env };
        for variable in variables {
            let (name, value) = environment_variable(&variable)?;
            agent.env.insert(name, value);
        }
        agent.template =
            flags.agent_template.or(file.agent_template).map(|path| directory("agent_template", &path)).transpose()?;
        agent.secrets =
            flags.agent_secrets.or(file.agent_secrets).map(|path| directory("agent_secrets", &path)).transpose()?;
        if let Some(secrets) = &agent.secrets {
            libtenancy::agent::AgentSecrets::read(secrets)?;
        }
        if let Some(bytes) = flags.agent_memory.or(file.agent_memory) {
            agent.memory_bytes = (bytes > 0).then_some(bytes);
        }
        agent.cpu_millis = flags.agent_cpu.or(file.agent_cpu).or(agent.cpu_millis);
        overwrite(&mut agent.ready_timeout, flags.agent_ready_timeout.or(file.agent_ready_timeout));
        overwrite(&mut agent.turn_timeout, flags.agent_turn_timeout.or(file.agent_turn_timeout));
        overwrite(&mut agent.orphan_timeout, flags.agent_orphan_timeout.or(file.agent_orphan_timeout));
        overwrite(&mut config.warm_pool, flags.warm.or(file.warm));
        overwrite(&mut config.max_running, flags.max_running.or(file.max_running));
        overwrite(&mut config.max_waking, flags.max_waking.or(file.max_waking));
        overwrite(&mut config.max_pending, flags.max_pending.or(file.max_pending));
        overwrite(&mut config.snapshot_interval, flags.snapshot_interval.or(file.snapshot_interval));
        overwrite(&mut config.reconcile_interval, flags.reconcile_interval.or(file.reconcile_interval));
        overwrite(&mut config.drain, flags.drain.or(file.drain));
        overwrite(&mut config.default_quota.rate, flags.default_rate);
        overwrite(&mut config.default_quota.burst, flags.default_burst);
        config.default_quota = config.default_quota.checked()?;
        overwrite(&mut config.job_capacity, flags.job_capacity.or(file.job_capacity));
        overwrite(&mut config.workers, flags.workers.or(file.workers));
        overwrite(&mut config.turn_hold, flags.turn_hold.or(file.turn_hold));
        config.turn_hold = cost_checked("turn_hold", config.turn_hold)?;
        config.price_micros_per_credit = flags.price_per_credit.or(config.price_micros_per_credit);
        if let Some(path) = flags.prices.or(file.prices) {
            config.prices = price_table(&path)?;
        }
        if let Some(url) = flags.telegram_url.or(file.telegram_url) {
            config.telegram_url = base_url("telegram_url", &url)?;
        }
        config.telegram_plain_http = flags.telegram_plain_http || file.telegram_plain_http;
        config.public_url = flags
            .public_url
            .or_else(|| settings.public_url.clone())
            .or(file.public_url)
            .map(|url| base_url("public_url", &url))
            .transpose()?;
        let address = |ip: Option<IpAddr>, port| SocketAddr::new(ip.unwrap_or(Ipv4Addr::LOCALHOST.into()), port);
        let listen = Listen {
            orchestrator: address(flags.listen.or(file.listen), flags.port.or(file.port).unwrap_or(PORT)),
            router: address(
                flags.router_listen.or(file.router_listen),
                flags.router_port.or(file.router_port).unwrap_or(ROUTER_PORT),
            ),
        };
        let warnings = check(&config, listen)?;
        let only = flags.only;
        if only == Some(Part::Router) && !config.stores.is_shared() {
            let reason = "the records of this context are in its state directory: nobody could be told of what arrives";
            return Err(Error::invalid("only", reason));
        }
        Ok(Self { config, listen, only, warnings })
    }
}

fn overwrite<T>(default: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *default = value;
    }
}

/// What contradicts itself is refused; what may be meant, but rarely is, is returned as warnings.
fn check(config: &Config, listen: Listen) -> Result<Vec<String>> {
    for (name, limit) in [("max_running", config.max_running), ("max_waking", config.max_waking)] {
        if limit == 0 {
            return Err(Error::invalid(name, "it must be at least 1, or nothing ever runs"));
        }
    }
    if config.max_pending == 0 {
        return Err(Error::invalid("max_pending", "it must be at least 1, or no message is ever accepted"));
    }
    for (name, time) in [
        ("snapshot_interval", config.snapshot_interval),
        ("reconcile_interval", config.reconcile_interval),
        ("agent_ready_timeout", config.agent.ready_timeout),
        ("agent_turn_timeout", config.agent.turn_timeout),
        ("agent_orphan_timeout", config.agent.orphan_timeout),
    ] {
        if time.is_zero() {
            return Err(Error::invalid(name, "it must be longer than 0"));
        }
    }
    if listen.orchestrator == listen.router && listen.router.port() != 0 {
        return Err(Error::invalid("router_port", format!("the orchestrator has {} already", listen.router)));
    }
    let mut warnings = Vec::new();
    if !listen.orchestrator.ip().is_loopback() {
        warnings.push(format!(
            "the orchestrator's API on {} speaks plain HTTP: its token and bots' tokens can be read on the way",
            listen.orchestrator
        ));
    }
    if config.telegram_plain_http && config.telegram_url.starts_with("http://") {
        warnings
            .push("bots' tokens go to Telegram's API in plain text; whoever sees the network can read them".to_owned());
    }
    if config.public_url.as_ref().is_some_and(|url| url.starts_with("http://"))
        && config.telegram_url.starts_with("https://api.telegram.org")
    {
        warnings.push("Telegram delivers to https:// only; it will refuse this public URL".to_owned());
    }
    Ok(warnings)
}

/// This executable as an agent.
fn built_in_agent(executable: &Path) -> Result<Vec<String>> {
    let program = executable.to_str().ok_or_else(|| {
        Error::invalid("agent", format!("the path of this program, `{}`, is not UTF-8", executable.display()))
    })?;
    Ok([program, "agent", "--port", "{port}", "--state-dir", "{state}"].map(str::to_owned).to_vec())
}

/// Splits a command line as a shell would, without one.
fn agent_argv(command: &str) -> Result<Vec<String>> {
    let argv = shell_words::split(command).map_err(|e| Error::invalid("agent", format!("{e} in `{command}`")))?;
    if argv.first().is_none_or(String::is_empty) {
        return Err(Error::invalid("agent", "it names no program"));
    }
    Ok(argv)
}

/// The absolute path of a program, by its path or on PATH: agents run elsewhere, with another PATH.
fn find_program(program: &str) -> Result<String> {
    use std::os::unix::fs::PermissionsExt;
    let runs = |path: &Path| {
        std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    let found = if program.contains('/') {
        Some(Path::new(program).to_owned()).filter(|path| runs(path))
    } else {
        std::env::var_os("PATH").and_then(|all| std::env::split_paths(&all).map(|p| p.join(program)).find(|p| runs(p)))
    };
    let found = found.ok_or_else(|| Error::invalid("agent", format!("there is no program `{program}` to run")))?;
    let absolute = std::path::absolute(&found).map_err(Error::io("find", &found))?;
    absolute
        .into_os_string()
        .into_string()
        .map_err(|path| Error::invalid("agent", format!("the path `{}` is not UTF-8", Path::new(&path).display())))
}

fn environment_variable(text: &str) -> Result<(String, String)> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !text.contains('\0') => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Error::invalid("agent_env", format!("`{text}` must be NAME=VALUE"))),
    }
}

fn price_table(path: &Path) -> Result<Prices> {
    let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
    Prices::parse(&text).map_err(|error| match error {
        Error::Invalid { field, reason } => Error::invalid(field, format!("`{}` {reason}", path.display())),
        other => other,
    })
}

fn directory(field: &'static str, path: &Path) -> Result<std::path::PathBuf> {
    let absolute = std::path::absolute(path).map_err(Error::io("find", path))?;
    let kind = std::fs::metadata(&absolute).map_err(Error::io("open", &absolute))?;
    if !kind.is_dir() {
        return Err(Error::invalid(field, format!("`{}` is not a directory", path.display())));
    }
    Ok(absolute)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use libtenancy::{credits::MicroCredits, demand::PoolSize, quota::Quota};

    use super::*;
    use crate::cli::global::GlobalArgs;

    fn settings(up: UpArgs, public_url: Option<&str>) -> Settings {
        let flags = GlobalArgs { state_dir: Some("/s".into()), ..GlobalArgs::default() };
        Settings { up, public_url: public_url.map(str::to_owned), ..Settings::resolve_in(flags, &|_| None).unwrap() }
    }

    #[test]
    fn defaults_are_the_librarys_on_the_seeds_ports_on_loopback() {
        let plan = Plan::make(&settings(UpArgs::default(), None), UpArgs::default()).unwrap();
        let library = Config::new("/s".into(), plan.config.agent.argv.clone());
        assert_eq!(format!("{:?}", plan.config), format!("{library:?}"));
        assert_eq!(plan.listen.orchestrator.to_string(), "127.0.0.1:8080");
        assert_eq!(plan.listen.router.to_string(), "127.0.0.1:9090");
        assert_eq!(plan.config.agent.argv[1..], ["agent", "--port", "{port}", "--state-dir", "{state}"]);
        assert!(plan.warnings.is_empty());
    }

    #[test]
    fn a_flag_of_up_beats_the_environment_beats_the_file() {
        let file = UpArgs {
            port: Some(1),
            router_port: Some(2),
            warm: Some(PoolSize::fixed(3)),
            public_url: Some("https://file".into()),
            ..UpArgs::default()
        };
        let flags = UpArgs { port: Some(10), drain: Some(Duration::from_secs(9)), ..UpArgs::default() };
        let plan = Plan::make(&settings(file.clone(), Some("https://env/")), flags.clone()).unwrap();
        assert_eq!(
            (plan.listen.orchestrator.port(), plan.listen.router.port(), plan.config.warm_pool),
            (10, 2, PoolSize::fixed(3))
        );
        assert_eq!(plan.config.drain, Duration::from_secs(9));
        assert_eq!(plan.config.public_url.as_deref(), Some("https://env"));
        let flags = UpArgs { public_url: Some("https://flag".into()), ..flags };
        let plan = Plan::make(&settings(file.clone(), Some("https://env")), flags).unwrap();
        assert_eq!(plan.config.public_url.as_deref(), Some("https://flag"));
        let plan = Plan::make(&settings(file, None), UpArgs::default()).unwrap();
        assert_eq!(plan.config.public_url.as_deref(), Some("https://file"));
    }

    #[test]
    fn the_job_planes_settings_come_from_flags_and_the_file_and_are_checked() {
        let file = UpArgs {
            default_rate: Some(MicroCredits(500_000)),
            workers: Some(0),
            job_capacity: Some(8),
            price_per_credit: Some(2_000),
            ..UpArgs::default()
        };
        let flags = UpArgs { job_capacity: Some(2), turn_hold: Some(MicroCredits::credits(3)), ..UpArgs::default() };
        let config = Plan::make(&settings(file, None), flags).unwrap().config;
        let default = Config::new("/s".into(), Vec::new()).default_quota;
        assert_eq!(config.default_quota, Quota { rate: MicroCredits(500_000), ..default });
        assert_eq!((config.workers, config.job_capacity), (0, 2));
        assert_eq!((config.turn_hold, config.price_micros_per_credit), (MicroCredits::credits(3), Some(2_000)));
        for (field, flags) in [
            ("rate", UpArgs { default_rate: Some(MicroCredits::credits(8_001)), ..UpArgs::default() }),
            ("burst", UpArgs { default_burst: Some(MicroCredits(-1)), ..UpArgs::default() }),
            ("turn_hold", UpArgs { turn_hold: Some(MicroCredits::ZERO), ..UpArgs::default() }),
        ] {
            let refused = Plan::make(&settings(UpArgs::default(), None), flags).unwrap_err();
            assert!(matches!(refused, Error::Invalid { field: named, .. } if named == field), "{refused}");
        }
    }

    #[test]
    fn an_agents_command_is_split_without_a_shell() {
        let agent = |command: &str| {
            let flags = UpArgs { agent: Some(command.to_owned()), ..UpArgs::default() };
            Plan::make(&settings(UpArgs::default(), None), flags).map(|plan| plan.config.agent.argv)
        };
        assert_eq!(agent("/bin/sh -c 'exec x; y' {port} $HOME").unwrap()[1..], ["-c", "exec x; y", "{port}", "$HOME"]);
        assert!(agent("sh {port}").unwrap()[0].starts_with('/'));
        for wrong in ["", "   ", "''", "/bin/sh 'open", "/nonexistent/agent", "no-such-program-xyz", "/etc/passwd"] {
            assert!(matches!(agent(wrong), Err(Error::Invalid { field: "agent", .. })), "{wrong:?}");
        }
    }

    #[test]
    fn what_can_never_work_is_refused_by_name() {
        let refused = |flags: UpArgs| match Plan::make(&settings(UpArgs::default(), None), flags) {
            Err(Error::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(UpArgs { max_running: Some(0), ..UpArgs::default() }), "max_running");
        assert_eq!(refused(UpArgs { max_pending: Some(0), ..UpArgs::default() }), "max_pending");
        assert_eq!(
            refused(UpArgs { drain: None, snapshot_interval: Some(Duration::ZERO), ..UpArgs::default() }),
            "snapshot_interval"
        );
        assert_eq!(refused(UpArgs { router_port: Some(8080), ..UpArgs::default() }), "router_port");
        assert_eq!(refused(UpArgs { telegram_url: Some("telegram".into()), ..UpArgs::default() }), "telegram_url");
        assert_eq!(refused(UpArgs { public_url: Some("https://u:p@x".into()), ..UpArgs::default() }), "public_url");
        assert_eq!(refused(UpArgs { agent_env: vec!["=x".into()], ..UpArgs::default() }), "agent_env");
        assert_eq!(
            refused(UpArgs { agent_template: Some("/etc/passwd".into()), ..UpArgs::default() }),
            "agent_template"
        );
    }

    #[test]
    fn a_limit_of_nothing_is_no_limit_and_any_port_may_be_free_twice() {
        let flags = UpArgs { agent_memory: Some(0), port: Some(0), router_port: Some(0), ..UpArgs::default() };
        let plan = Plan::make(&settings(UpArgs::default(), None), flags).unwrap();
        assert_eq!(plan.config.agent.memory_bytes, None);
    }

    #[test]
    fn an_api_that_others_can_reach_is_warned_about() {
        let flags = UpArgs { listen: Some("0.0.0.0".parse().unwrap()), ..UpArgs::default() };
        let plan = Plan::make(&settings(UpArgs::default(), None), flags).unwrap();
        assert_eq!(plan.warnings.len(), 1);
    }
}
