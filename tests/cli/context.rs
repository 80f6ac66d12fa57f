//! `ztm context`: which control plane, or whose stores, the commands mean.

use insta::assert_snapshot;

use super::{
    invocation::World,
    plane::{Plane, TOKEN, write_token},
};

const FILE: &str = "# my fleets\n\
    [contexts.prod] # careful\ndrivers = 'aws'\n\
    [contexts.prod.dynamodb]\nregion = 'eu-central-1'\n\
    [contexts.prod.redis]\nurl = 'rediss://cache:6379'\ncluster = true\n\
    [contexts.prod.s3]\nbucket = 'states'\n\
    [contexts.half]\ndrivers = 'aws'\n";

#[test]
fn contexts_are_listed_with_what_keeps_one_from_being_used() {
    let world = World::new().config(FILE);
    assert_snapshot!(world.ztm(["context", "list"]), @"
    exit: 0
    --- stdout
    CURRENT  NAME      KIND      TARGET               PROBLEM
    *        embedded  embedded  this machine
             half      -         dynamodb, redis, s3  invalid context: `[contexts.half]` in `[HOME]/.config/ztm/config.toml`: `redis.url` is missing: set it, `redis.url_file`, or REDIS_ADDR (host:port)
             prod      stores    dynamodb, redis, s3
    --- stderr
    ");
    assert_snapshot!(World::new().ztm(["context", "list", "-o", "name"]), @"
    exit: 0
    --- stdout
    embedded
    --- stderr
    ");
}

#[test]
fn a_context_is_chosen_by_flag_environment_and_file_in_this_order() {
    let world = World::new().config(&format!("current_context = 'half'\n{FILE}"));
    let current = |world: &World, args: &[&str]| {
        let args = [&["context", "list", "-o", "json"], args].concat();
        world.ztm(args).ok().json()["current"].clone()
    };
    assert_eq!(current(&world, &[]), serde_json::json!({ "name": "half", "from": "file" }));
    let world = world.variable("ZTM_KUBE_CONTEXT", "other");
    assert_eq!(current(&world, &[])["from"], "ZTM_KUBE_CONTEXT");
    let world = world.variable("ZTM_CONTEXT", "prod");
    assert_eq!(current(&world, &[]), serde_json::json!({ "name": "prod", "from": "ZTM_CONTEXT" }));
    assert_eq!(current(&world, &["--context", "embedded"])["from"], "--context");
}

#[test]
fn a_context_is_made_the_one_in_use_and_the_file_keeps_everything_else() {
    let world = World::new().config(FILE);
    let path = world.home().join(".config/ztm/config.toml");
    for (name, code, why) in [("half", 2, "`redis.url` is missing"), ("nobody", 3, "context `nobody` not found")] {
        let refused = world.ztm(["context", "use", name]);
        assert!(refused.code == Some(code) && refused.stderr.contains(why), "{refused}");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), FILE);
    assert_snapshot!(world.ztm(["context", "use", "prod"]), @"
    exit: 0
    --- stdout
    --- stderr
    `prod` is the context in use now
    ");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("current_context = \"prod\"\n{FILE}"));
    assert_snapshot!(world.ztm(["context", "show"]), @"
    exit: 0
    --- stdout
    Name  prod, in use
    Kind  stores

    KEY                      VALUE                FROM
    deadlines                redis                file
    endpoints                redis                file
    inboxes                  dynamodb             file
    jobs                     redis                file
    leaders                  redis                file
    ledgers                  dynamodb             file
    quotas                   redis                file
    snapshots                s3                   file
    tenants                  dynamodb             file
    wake_locks               redis                file
    workloads                processes            default
    dynamodb.region          eu-central-1         file
    dynamodb.registry_table  tenant-registry      default
    dynamodb.inbox_table     tenant-inbox         default
    dynamodb.ledger_table    tenant-ledger        default
    redis.url                rediss://cache:6379  file
    redis.cluster            true                 file
    redis.namespace                               default
    redis.partitions         1                    default
    s3.bucket                states               file
    s3.path_style            false                default
    --- stderr
    ");
    let shown = world.ztm(["context", "show", "-o", "json"]).ok().json();
    assert_eq!(shown["kind"], "stores");
}

#[test]
fn a_context_is_added_where_it_is_complete_and_removed_where_it_is_not_in_use() {
    let world = World::new();
    let file = world.home().join(".config/ztm/config.toml");
    let text = || std::fs::read_to_string(&file).unwrap_or_default();
    let url = "https://ztm.example.com";
    let token = world.home().join("p.token");
    write_token(&token, TOKEN);
    let file_of_token = token.to_str().unwrap();
    world.ztm(["context", "add", "prod", "--orchestrator-url", url, "--token-file", file_of_token, "--use"]).ok();
    assert_eq!(
        text(),
        format!(
            "current_context = \"prod\"\n[contexts.prod]\norchestrator_url = \"https://ztm.example.com\"\ntoken_file = \"{file_of_token}\"\n"
        )
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    world.ztm(["context", "add", "eks", "--cluster", "--account", "ztm-viewer", "-n", "fleet", "--readonly"]).ok();
    world.ztm(["context", "add", "second", "--state-dir", "/srv/ztm"]).ok();
    let listed = world.ztm(["context", "list", "-o", "name"]).ok();
    assert_eq!(listed.stdout, "embedded\neks\nprod\nsecond\n");
    let shown = world.ztm(["context", "show", "eks", "-o", "json"]).ok().json();
    assert_eq!(shown["kind"], "cluster", "{shown}");

    // What is refused leaves the file as it is.
    let before = text();
    for (line, code) in [
        (&["context", "add", "prod", "--cluster"] as &[&str], 5),
        (&["context", "add", "embedded", "--cluster"], 5),
        (&["context", "add", "new"], 2),
        (&["context", "add", "new", "--orchestrator-url", "ftp://x"], 2),
        (&["context", "add", "new", "--cluster", "--account", "root"], 2),
        (&["context", "add", "n w", "--cluster"], 2),
        (&["context", "add", "new", "--cluster", "--state-dir", "/x", "--orchestrator-url", "http://x"], 2),
        (&["context", "add", "new", "--orchestrator-url", url, "--token-file", "not-there.token"], 2),
        (&["context", "remove", "prod", "--yes"], 5),
        (&["context", "remove", "embedded", "--yes"], 2),
        (&["context", "remove", "nobody", "--yes"], 3),
        (&["context", "remove", "eks"], 2),
    ] {
        let refused = world.ztm(line.iter().copied());
        assert_eq!((refused.code, text() == before), (Some(code), true), "{line:?}: {refused}");
    }
    world.ztm(["context", "remove", "eks", "--yes"]).ok();
    world.ztm(["context", "use", "embedded"]).ok();
    world.ztm(["context", "remove", "prod", "--yes"]).ok();
    assert_eq!(world.ztm(["context", "list", "-o", "name"]).ok().stdout, "embedded\nsecond\n");
}

#[test]
fn a_context_with_a_url_sends_its_own_token_there_and_nowhere_else() {
    let (mine, other) = (Plane::elsewhere(), Plane::elsewhere());
    mine.tenant("alice", |_| ());
    let world = World::new();
    write_token(&world.home().join("token"), TOKEN);
    let world =
        world.config(&format!("[contexts.mine]\norchestrator_url = '{}'\ntoken_file = '../../token'\n", mine.url));
    world.ztm(["tenant", "get", "alice", "--context", "mine"]).ok();
    let elsewhere = ["tenant", "get", "alice", "--context", "mine", "--orchestrator-url", &other.url];
    assert_eq!(world.ztm(elsewhere).code, Some(4));
    assert_eq!(mine.asked(), ["GET /tenants/alice"]);
}

#[test]
fn another_context_of_this_machine_has_tenants_of_its_own() {
    let world = World::new().config("[contexts.second]\nstate_dir = 'second'\n");
    world.ztm(["tenant", "create", "alice", "--context", "second"]).ok();
    assert_eq!(world.ztm(["tenant", "list", "-o", "name", "--context", "second"]).ok().stdout, "alice\n");
    assert_eq!(world.ztm(["tenant", "list", "-o", "name"]).ok().stdout, "");
    assert!(world.home().join(".config/ztm/second").is_dir());
}

#[test]
fn a_store_that_is_not_there_is_named() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let world = World::new()
        .config("[contexts.prod]\ndrivers = 'aws'\ndynamodb.region = 'eu-central-1'\ns3.bucket = 'states'\n")
        .variable("AWS_ACCESS_KEY_ID", "x")
        .variable("AWS_SECRET_ACCESS_KEY", "y")
        .variable("DYNAMODB_ENDPOINT", &format!("http://{nobody}"))
        .variable("REDIS_ADDR", &nobody.to_string());
    let ended = world.ztm(["tenant", "list", "--context", "prod"]);
    assert_eq!(ended.code, Some(7), "{ended}");
    assert!(ended.stderr.contains("redis is unavailable") && ended.stdout.is_empty(), "{ended}");
}
