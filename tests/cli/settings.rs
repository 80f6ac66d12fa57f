//! Where values come from, seen from outside: what reaches the wire. (The whole matrix is beside `ztm::settings`.)

use insta::assert_snapshot;

use super::{
    invocation::World,
    plane::{Plane, TOKEN, write_token},
};

#[test]
fn f1_an_orchestrators_url_and_token_are_used_from_flag_environment_and_file() {
    let plane = Plane::elsewhere();
    plane.tenant("alice", |_| ());
    let world = World::new();
    let token = world.home().join("token").display().to_string();
    write_token(world.home().join("token").as_path(), TOKEN);

    let flags = ["tenant", "get", "alice", "--orchestrator-url", &plane.url, "--token-file", &token];
    world.ztm(flags).ok();

    let world = world.variable("ZTM_ORCHESTRATOR_URL", &plane.url).variable("ZTM_TOKEN_FILE", &token);
    world.ztm(["tenant", "get", "alice"]).ok();

    let file = World::new().config(&format!("orchestrator_url = '{}'\ntoken_file = '{token}'\n", plane.url));
    file.ztm(["tenant", "get", "alice"]).ok();
    assert_eq!(plane.asked(), ["GET /tenants/alice"; 3]);
}

#[test]
fn f1_a_flag_beats_the_environment_on_the_wire() {
    let (wanted, other) = (Plane::elsewhere(), Plane::elsewhere());
    let world = World::new().variable("ZTM_ORCHESTRATOR_URL", &other.url);
    // Before and after the command's name.
    assert_eq!(world.ztm(["--orchestrator-url", &wanted.url, "tenant", "list"]).code, Some(4));
    assert_eq!(world.ztm(["tenant", "list", "--orchestrator-url", &wanted.url]).code, Some(4));
    assert_eq!(wanted.asked().len(), 2);
    assert!(other.asked().is_empty());
}

#[test]
fn the_token_of_this_machines_control_plane_goes_nowhere_else() {
    let mut world = World::new();
    let own = Plane::on(&mut world);
    let other = Plane::elsewhere();
    assert_eq!(world.ztm(["tenant", "list", "--orchestrator-url", &other.url]).code, Some(4));
    world.ztm(["tenant", "list", "--orchestrator-url", &own.url]).ok();
}

#[test]
fn f1_a_context_and_a_namespace_are_not_silently_ignored() {
    let mut world = World::new();
    let _plane = Plane::on(&mut world);
    assert_snapshot!(world.ztm(["tenant", "list", "--context", "prod-eks"]), @"
    exit: 3
    --- stdout
    --- stderr
    error: context `prod-eks` not found
    hint: `ztm context list` shows the contexts; without `--context`, ZTM_CONTEXT and ZTM_KUBE_CONTEXT it is the file's
    ");
    assert_snapshot!(world.ztm(["tenant", "list", "--context", "embedded", "-n", "production"]), @"
    exit: 0
    --- stdout
    --- stderr
    warning: `--namespace` has no effect: there is no cluster in this context
    there are no tenants; `ztm tenant create` makes one
    ");
}

#[test]
fn a_wrong_key_in_the_configuration_file_is_named() {
    assert_snapshot!(World::new().config("output = 'json'\nstatedir = '/x'\n").ztm(["tenant", "list"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: invalid configuration: `[HOME]/.config/ztm/config.toml` line 2 (`statedir`): unknown field `statedir`, expected one of `state_dir`, `orchestrator_url`, `router_url`, `token_file`, `namespace`, `context`, `current_context`, `output`, `color`, `request_timeout`, `up`, `contexts`
    ");
}

#[test]
fn a_token_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let token = world.state_dir().join("token");
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_snapshot!(world.ztm(["tenant", "list"]), @"
    exit: 4
    --- stdout
    --- stderr
    error: forbidden: `[HOME]/.local/state/ztm/token` is open to others (mode 644); `chmod 600` it
    ");
    assert!(plane.asked().is_empty());
}

#[test]
fn a_wrong_token_is_told_how_to_pass_the_right_one() {
    let mut world = World::new();
    let _plane = Plane::on(&mut world);
    write_token(&world.state_dir().join("token"), "wrong");
    assert_snapshot!(world.ztm(["tenant", "list"]), @"
    exit: 4
    --- stdout
    --- stderr
    error: not authenticated
    hint: pass the token file of the control plane with `--token-file` or ZTM_TOKEN_FILE
    ");
}

#[test]
fn an_orchestrator_that_does_not_answer_is_unavailable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let silent = World::new().ztm(["tenant", "list", "--orchestrator-url", &url, "--request-timeout", "100ms"]);
    assert_eq!(silent.code, Some(6), "{silent}");
    drop(listener);
    let gone = World::new().ztm(["tenant", "list", "--orchestrator-url", &url]);
    assert_eq!(gone.code, Some(7), "{gone}");
    assert!(gone.stderr.contains("control plane is unavailable"), "{gone}");
}

#[test]
fn an_answer_of_something_else_is_no_crash() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.answer("GET /tenants/alice", 200, "<html>hello</html>");
    let ended = world.ztm(["tenant", "get", "alice"]);
    assert_eq!(ended.code, Some(7), "{ended}");
    plane.answer("GET /tenants/alice", 502, "<html>bad gateway</html>");
    assert_eq!(world.ztm(["tenant", "get", "alice"]).code, Some(7));
    // A proxy that sends elsewhere is not followed: the token would go along.
    let other = Plane::elsewhere();
    plane.answer("GET /tenants/alice", 302, "");
    assert_ne!(world.ztm(["tenant", "get", "alice"]).code, Some(0));
    assert!(other.asked().is_empty());
}

#[test]
fn every_setting_says_who_said_it_and_the_first_who_may_goes_first() {
    // By who says it, from the last that is heard to the first.
    let config = "color = 'never'\nnamespace = 'filed'\nrequest_timeout = 9\nstate_dir = '/filed'\n\
        orchestrator_url = 'http://filed'\nrouter_url = 'http://filed-r'\ntoken_file = '/filed.token'\n\
        [contexts.far]\norchestrator_url = 'http://contexts'\nrouter_url = 'http://contexts-r'\ntoken_file = '/contexts.token'\n";
    let variables = [
        ("ZTM_STATE_DIR", "/varied"),
        ("ZTM_ORCHESTRATOR_URL", "http://varied"),
        ("ZTM_ROUTER_URL", "http://varied-r"),
        ("ZTM_TOKEN_FILE", "/varied.token"),
        ("ZTM_NAMESPACE", "varied"),
        ("ZTM_COLOR", "auto"),
        ("ZTM_REQUEST_TIMEOUT", "7s"),
    ];
    let flags = [
        ["--state-dir", "/flagged"],
        ["--orchestrator-url", "http://flagged"],
        ["--router-url", "http://flagged-r"],
        ["--token-file", "/flagged.token"],
        ["--namespace", "flagged"],
        ["--color", "always"],
        ["--request-timeout", "5s"],
    ];
    let keys = ["state_dir", "orchestrator_url", "router_url", "token_file", "namespace", "color", "request_timeout"];
    let view = |world: &World, flags: &[&str]| {
        let shown = world.ztm(["config", "view", "-o", "json"].iter().chain(flags).copied()).ok().json();
        let find = |key: &str| {
            let all = shown["settings"].as_array().unwrap();
            let value = all.iter().find(|value| value["key"] == key).unwrap_or_else(|| panic!("{key}: {shown:#}"));
            (value["value"].as_str().unwrap().to_owned(), value["from"].as_str().unwrap().to_owned())
        };
        keys.map(find)
    };
    let varied = |world: World| variables.iter().fold(world, |world, (name, value)| world.variable(name, value));
    let by_file = view(&World::new().config(config), &[]);
    assert!(by_file.iter().all(|(_, from)| from == "file"), "{by_file:?}");
    let by_context = view(&World::new().config(config), &["--context", "far"]);
    assert_eq!(by_context[1], ("http://contexts".to_owned(), "context far".to_owned()));
    assert_eq!(by_context[3], ("/contexts.token".to_owned(), "context far".to_owned()));
    for context in [&[] as &[&str], &["--context", "far"]] {
        let by_variable = view(&varied(World::new().config(config)), context);
        for ((value, from), (name, said)) in by_variable.iter().zip(variables) {
            assert!(value.starts_with(said) && from == name, "{by_variable:?}");
        }
        let all: Vec<&str> = flags.iter().flatten().chain(context).copied().collect();
        let by_flag = view(&varied(World::new().config(config)), &all);
        for ((value, from), [name, said]) in by_flag.iter().zip(flags) {
            assert!(value.starts_with(said) && from == name, "{by_flag:?}");
        }
    }
    let bare = World::new().ztm(["config", "view", "--show-origin"]).ok();
    assert!(bare.stdout.contains("default") && !bare.stdout.contains("orchestrator_url"), "{bare}");
}

#[test]
fn what_up_heeds_is_shown_with_who_says_it() {
    let world = World::new()
        .config("[up]\nwarm = '2..5'\nagent_env = ['A=b']\npublic_url = 'https://filed'\n")
        .variable("ROUTER_PUBLIC_URL", "https://varied");
    let shown = world.ztm(["config", "view", "-o", "json"]).ok().json();
    let find = |key: &str| {
        let value = shown["settings"].as_array().unwrap().iter().find(|value| value["key"] == key);
        let value = value.unwrap_or_else(|| panic!("{key}: {shown:#}"));
        (value["value"].as_str().unwrap().to_owned(), value["from"].as_str().unwrap().to_owned())
    };
    for (key, value, from) in [
        ("request_timeout", "30s; 5m for what waits for an agent", "default"),
        ("up.warm", "2..5", "file"),
        ("up.agent_env", r#"["A=b"]"#, "file"),
        ("up.public_url", "https://varied", "ROUTER_PUBLIC_URL"),
        ("up.port", "8080", "default"),
        ("up.agent_turn_timeout", "10m", "default"),
        ("up.telegram_url", "https://api.telegram.org", "default"),
        ("up.telegram_plain_http", "false", "default"),
        ("up.prices", "EC2's bare metal in us-east-1", "default"),
        ("up.agent_template", "none", "default"),
    ] {
        assert_eq!(find(key), (value.to_owned(), from.to_owned()), "{key}");
    }
    assert!(!shown.to_string().contains("up.detach"), "{shown:#}");
}

#[test]
fn what_is_wrong_with_up_stops_only_up() {
    let world = World::new().config("output = 'wide'\n\n[up]\nwarmth = 3\nport = 7\n");
    let (down, without) = (world.ztm(["down"]), World::new().ztm(["down"]));
    assert_eq!((down.code, &down.stdout), (without.code, &without.stdout), "{down}");
    assert!(down.stderr.starts_with("warning: `[up]` is ignored: "), "{down}");
    let up = world.ztm(["up"]);
    assert_eq!((up.code, up.stdout.as_str()), (Some(2), ""), "{up}");
    for says in ["config.toml` line 4 (`warmth`): unknown field", "hint: `ztm up --help`"] {
        assert!(up.stderr.contains(says), "{up}");
    }
    assert!(!world.state_dir().exists(), "it was refused before anything was begun");
    let view = world.ztm(["config", "view", "--show-origin"]).ok();
    assert!(view.stderr.contains("`[up]` is ignored") && view.stdout.contains("wide"), "{view}");
    let ignored = view.stdout.lines().filter(|line| line.contains("up.") && line.contains("file")).count();
    assert_eq!(ignored, 0, "what is ignored is not in force: {view}");
    assert_eq!(world.ztm(["context", "list"]).code, Some(0));
    // What is wrong elsewhere stops all of them, also beside it.
    let wrong = World::new().config("outputt = 'wide'\n[up]\nwarmth = 3\n").ztm(["down"]);
    assert!(wrong.code == Some(2) && wrong.stderr.contains("outputt"), "{wrong}");
}
