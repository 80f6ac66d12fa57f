//! Where values come from, as a matrix.

use std::{collections::HashMap, path::Path};

use libtenancy::{credits::MicroCredits, demand::PoolSize};

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
    [up]\nport = 1\nwarm = '2..7'\ndrain = '2m'\nagent_memory = '1Gi'\n\
    default_rate = '0.5'\ndefault_burst = 60\nprice_per_credit = 0.002\n";

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
    assert_eq!(
        (up.port, up.warm, up.drain),
        (Some(1), Some(PoolSize { min: 2, max: 7 }), Some(Duration::from_mins(2)))
    );
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
        ("output = 'xml'\n", "line 1 (`output`): `xml` must be one of: table, wide"),
        ("request_timeout = 0\n", "longer than 0"),
        ("output = \n", "line 1"),
    ] {
        let error = World::new().file(text).resolve(GlobalArgs::default()).unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{text:?}: {error}");
    }
    // What is wrong with `[up]` is for `ztm up` to say; nothing of it is heeded.
    for (text, expected) in [
        ("[up]\nwarn = 3\n", "line 2 (`warn`): unknown field `warn`"),
        ("[up]\ndrain = '-1s'\n", "is negative"),
        ("[up]\nport = 3\ndefault_rate = nan\n", "at most six decimals"),
        ("[up]\ndefault_rate = 0.0000001\n", "at most six decimals"),
        ("[up]\nturn_hold = 'nan'\n", "at most six decimals"),
        ("[up]\nprice_per_credit = -1\n", "is negative"),
    ] {
        let settings = World::new().file(text).resolve(GlobalArgs::default()).unwrap();
        let problem = settings.up_problem.unwrap();
        assert!(problem.contains(expected) && settings.up.port.is_none(), "{text:?}: {problem}");
    }
}

#[test]
fn a_wrong_variable_is_named() {
    for (name, value) in
        [("ZTM_OUTPUT", "xml"), ("ZTM_COLOR", "mauve"), ("ZTM_REQUEST_TIMEOUT", "0"), ("ZTM_REQUEST_TIMEOUT", "soon")]
    {
        let error = World::new().variable(name, value).resolve(GlobalArgs::default()).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn urls_that_would_leak_or_mislead_are_refused() {
    for url in ["localhost:8080", "ftp://x", "http://u:p@x", "http://x?token=1", "http://x#f", "nonsense", "http://"] {
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

fn context(name: &str) -> GlobalArgs {
    GlobalArgs { context: Some(name.into()), ..GlobalArgs::default() }
}

const CONTEXTS: &str = "current_context = 'cloud'\n\
    [contexts.far]\norchestrator_url = 'https://far/'\nrouter_url = 'https://far-r'\ntoken_file = 'far.token'\nreadonly = true\n\
    [contexts.second]\nstate_dir = 'second'\n\
    [contexts.cloud]\ndrivers = 'aws'\nkey_file = '/keys'\n\
    [contexts.cloud.dynamodb]\nregion = 'eu-central-1'\n\
    [contexts.cloud.redis]\nurl = 'redis://cache:6379'\nnamespace = 'blue'\n\
    [contexts.cloud.s3]\nbucket = 'states'\n";

#[test]
fn a_context_is_a_control_plane_elsewhere_one_of_this_machine_or_stores() {
    let world = World::new().file(CONTEXTS);
    let beside = world.home.path().join(".config/ztm");
    let far = world.resolve(context("far")).unwrap();
    assert_eq!(far.context.kind, Kind::Url);
    assert_eq!(far.orchestrator_url.as_deref(), Some("https://far"));
    assert_eq!(far.token_file, Some(beside.join("far.token")));
    assert!(far.context.readonly && !world.resolve(context("second")).unwrap().context.readonly);
    let second = world.resolve(context("second")).unwrap();
    assert_eq!((second.context.kind, second.state_dir), (Kind::Embedded, beside.join("second")));
    let cloud = world.resolve(GlobalArgs::default()).unwrap();
    assert_eq!((cloud.context.kind, cloud.context.name.as_str()), (Kind::Stores, "cloud"));
    assert!(cloud.state_dir.ends_with(".local/state/ztm/contexts/cloud"), "{}", cloud.state_dir.display());
    assert_eq!(cloud.context.key_file.as_deref(), Some(Path::new("/keys")));
    let servers = &cloud.context.servers;
    assert_eq!(servers.dynamodb.as_ref().unwrap().registry_table, "tenant-registry");
    assert_eq!(servers.redis.as_ref().unwrap().url.expose(), "redis://cache:6379");
    assert_eq!(servers.s3.as_ref().unwrap().bucket, "states");
    assert_eq!(servers.fingerprint(), "dynamodb:eu-central-1/tenant-registry redis:blue s3:states");
}

#[test]
fn the_first_control_planes_variables_go_before_the_context() {
    let world = World::new()
        .file(CONTEXTS)
        .variable("DYNAMODB_TABLE", "registry")
        .variable("DYNAMODB_ENDPOINT", "http://127.0.0.1:8000")
        .variable("REDIS_ADDR", "127.0.0.1:7000")
        .variable("S3_BUCKET", "mine");
    let servers = world.resolve(GlobalArgs::default()).unwrap().context.servers;
    let dynamodb = servers.dynamodb.unwrap();
    assert_eq!(dynamodb.endpoint.as_deref(), Some("http://127.0.0.1:8000"));
    assert_eq!(dynamodb.registry_table, "registry");
    assert_eq!(servers.redis.unwrap().url.expose(), "redis://127.0.0.1:7000");
    assert_eq!(servers.s3.unwrap().bucket, "mine");
}

#[test]
fn a_password_of_redis_is_read_from_a_file_that_only_its_owner_reads() {
    let text = "[contexts.c]\ndrivers = 'aws'\ns3.bucket = 'b'\n\
        [contexts.c.redis]\nurl = 'rediss://cache:6379'\nusername = 'ztm'\npassword_file = 'redis.password'\n";
    let world = World::new().file(text);
    let path = world.home.path().join(".config/ztm/redis.password");
    std::fs::write(&path, "p@ss word\n").unwrap();
    let mode = |mode| {
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    mode(0o644);
    let refused = world.resolve(context("c")).unwrap_err().to_string();
    assert!(refused.contains("`redis.password_file`"), "{refused}");
    mode(0o600);
    let target = world.resolve(context("c")).unwrap().context;
    assert_eq!(target.servers.redis.unwrap().url.expose(), "rediss://ztm:p%40ss%20word@cache:6379");
    assert!(target.values.iter().all(|value| !value.value.contains("p@ss") && !value.value.contains("p%40ss")));
}

#[test]
fn a_context_that_says_too_little_or_two_things_at_once_is_refused_by_its_key() {
    let pods = "drivers = 'aws'\nworkloads = 'kubernetes'\nredis.url = 'redis://x'\ns3.bucket = 'b'\n";
    let volume = format!("{pods}kubernetes = {{ image = 'i', state_volume = 's3' }}\n");
    let unknown = format!("{pods}kubernetes = {{ image = 'i', agentd = false, state_volume = 'nfs' }}\n");
    for (text, expected) in [
        (volume.as_str(), "`kubernetes.state_volume` is for images without agentd"),
        (unknown.as_str(), "`kubernetes.state_volume` = `nfs`: it must be \"s3\" or \"none\""),
        ("", "neither where a control plane is"),
        ("drivers = 'gcp'\n", "unknown variant `gcp`"),
        ("driver = 'aws'\n", "unknown field `driver`"),
        ("drivers = 'aws'\norchestrator_url = 'http://x'\n", "`orchestrator_url` and `drivers` exclude each other"),
        ("orchestrator_url = 'http://x'\nstate_dir = '/x'\n", "`orchestrator_url` and `state_dir` exclude"),
        ("token_file = '/x'\nstate_dir = '/x'\n", "`token_file` needs `orchestrator_url`"),
        ("drivers = 'aws'\n", "`redis.url` is missing"),
        ("drivers = 'aws'\nredis.url = 'redis://x'\n", "`s3.bucket` is missing"),
        ("drivers = 'aws'\nredis.url = 'x:1'\n", "redis.url must be redis://"),
        ("drivers = 'aws'\nredis.url = 'redis://u:p@x'\n", "holds a password"),
        ("drivers = 'aws'\nredis.password = 'p'\n", "a password does not belong here"),
        ("drivers = 'aws'\nredis.url = 'redis://x,redis://y'\n", "say `redis.cluster = true`"),
        ("drivers = 'aws'\nredis.url = 'redis://x'\nredis.namespace = 'A'\n", "`redis.namespace` must be"),
        ("drivers = 'aws'\nredis.url = 'redis://x'\nredis.partitions = 0\n", "`redis.partitions` must be"),
        ("drivers = 'aws'\ndynamodb.endpoint = 'x'\n", "`dynamodb.endpoint`"),
        ("drivers = 'aws'\ndynamodb.inbox_table = 'tenant-registry'\n", "three different names"),
        ("inboxes = 'dynamodb'\n", "`tenants`: `inboxes` are kept where others reach them"),
        ("drivers = 'aws'\nleaders = 'sqlite'\n", "`leaders`: it must be \"redis\" or \"kubernetes\""),
        ("state_dir = '/x'\ns3.bucket = 'b'\n", "nothing is kept there"),
        ("state_dir = '/x'\nkubernetes.namespace = 'b'\n", "nothing is kept there"),
    ] {
        let error = World::new().file(&format!("[contexts.c]\n{text}")).resolve(context("c")).unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{text:?}: {error}");
    }
}

#[test]
fn a_broken_context_keeps_no_other_from_being_used() {
    let world = World::new().file(&format!("{CONTEXTS}[contexts.broken]\n"));
    assert!(world.resolve(context("far")).is_ok());
    assert!(world.resolve(context("broken")).is_err());
    let environment = |name: &str| world.variables.get(name).cloned();
    let list = Contexts::read(&GlobalArgs::default(), &environment).unwrap().list();
    let told: Vec<_> = list.iter().map(|c| (c.name.as_str(), c.kind, c.current, c.problem.is_some())).collect();
    assert_eq!(
        told,
        [
            ("embedded", Some("embedded"), false, false),
            ("broken", None, false, true),
            ("cloud", Some("stores"), true, false),
            ("far", Some("url"), false, false),
            ("second", Some("embedded"), false, false),
        ]
    );
}
