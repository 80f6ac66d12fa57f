//! Wrong usage: exit status 2, said once, nothing done.

use insta::assert_snapshot;

use super::{invocation::World, plane::Plane};

#[test]
fn f8_an_unknown_output_format_lists_the_formats() {
    assert_snapshot!(World::new().ztm(["tenant", "list", "-o", "xml"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value 'xml' for '--output <FORMAT>': `xml` must be one of: table, wide, json, yaml, name, csv, jsonpath=TEMPLATE

    For more information, try '--help'.
    ");
}

#[test]
fn f8_an_unknown_output_format_in_the_environment_lists_the_formats() {
    assert_snapshot!(World::new().variable("ZTM_OUTPUT", "xml").ztm(["tenant", "list"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: invalid ZTM_OUTPUT: `xml` must be one of: table, wide, json, yaml, name, csv, jsonpath=TEMPLATE
    ");
}

#[test]
fn a_misspelt_command_is_told_what_was_meant() {
    assert_snapshot!(World::new().ztm(["tenant", "lsit"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: unrecognized subcommand 'lsit'

      tip: a similar subcommand exists: 'list'

    Usage: ztm tenant [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
}

#[test]
fn f5_f6_errors_are_json_on_standard_error_only() {
    assert_snapshot!(World::new().ztm(["tenant", "lsit", "-o", "json"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    {"code":"usage","error":"unrecognized subcommand 'lsit'","hint":"`--help` shows what is right"}
    "#);
    assert_snapshot!(World::new().ztm(["-ojson", "tenant", "wait", "alice"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    {"code":"usage","error":"the following required arguments were not provided: --for <STATE>","hint":"`--help` shows what is right"}
    "#);
    assert_snapshot!(World::new().ztm(["tenant", "create", "Alice", "--output=json"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    {"code":"invalid","error":"invalid tenant id: \"Alice\" must be 1 to 40 characters, lower-case letters, digits and inner hyphens"}
    "#);
}

#[test]
fn f10_an_error_is_printed_once() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.fail("GET /tenants/alice", 503, "unavailable", "store is unavailable: database is locked");
    let ended = world.ztm(["tenant", "get", "alice"]);
    assert_eq!(ended.stderr.matches("database is locked").count(), 1, "{ended}");
    assert_snapshot!(ended, @"
    exit: 7
    --- stdout
    --- stderr
    error: control plane is unavailable: store is unavailable: database is locked
    hint: `ztm doctor` checks the way there; `ztm context show` says where that is
    ");
}

#[test]
fn ids_of_every_wrong_shape_are_refused_before_anything_is_asked() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let long = "a".repeat(41);
    for id in ["", "Alice", "al ice", "-alice", "alice-", "al_ice", "é", "../x", "a/b", "warm-pool-meta", long.as_str()]
    {
        let ended = world.ztm(["tenant", "create", "--", id]);
        assert_eq!(ended.code, Some(2), "{id:?}: {ended}");
        assert!(ended.stderr.contains("tenant id"), "{id:?}: {ended}");
    }
    assert_eq!(plane.asked(), [""; 0]);
}

#[test]
fn f11_an_id_that_names_another_resource_is_refused_and_others_are_encoded() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    for id in ["", ".", ".."] {
        assert_eq!(world.ztm(["tenant", "delete", "--yes", "--", id]).code, Some(2));
    }
    assert_eq!(plane.asked(), [""; 0]);
    assert_eq!(world.ztm(["tenant", "get", "a/../b?x=1#y"]).code, Some(3));
    assert_eq!(plane.asked(), ["GET /tenants/a%2F..%2Fb%3Fx%3D1%23y"]);
}

#[test]
fn timeouts_that_make_no_sense_are_refused() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    for seconds in ["-5", "0", "31536000", "abc", "1.5", "500ms", "99999999999999999999"] {
        for verb in ["create", "update"] {
            let ended = world.ztm(["tenant", verb, "alice", "--idle-timeout", seconds]);
            assert_eq!(ended.code, Some(2), "{seconds}: {ended}");
        }
    }
    for wrong in ["0", "-1", "soon"] {
        assert_eq!(world.ztm(["status", &format!("--request-timeout={wrong}")]).code, Some(2));
    }
    assert_eq!(plane.asked(), [""; 0]);
}

#[test]
fn a_token_never_comes_back_in_an_error() {
    let token = "1234567890:AAHxyzAAHxyzAAHxyzAAHxyzAAHxyzAAHxy";
    for args in [
        &["tenant", "create", "alice", token, token][..],
        &["tenant", "update", "alice", token],
        &["tenant", "create", token],
        &["-o", "json", "tenant", "update", "alice", token],
        &[token],
    ] {
        let ended = World::new().ztm(args);
        assert_eq!(ended.code, Some(2), "{ended}");
        assert!(!ended.to_string().contains("AAHxyz"), "{ended}");
    }
}

#[test]
fn help_explains_commands_and_what_holds_for_all() {
    let world = World::new();
    for topic in ztm::cli::help::TOPICS {
        let told = world.ztm(["help", topic.name]).ok();
        assert_eq!((told.stdout.as_str(), told.stderr.as_str()), (topic.text, ""));
        assert!(told.stdout.lines().all(|line| line.chars().count() <= 100), "{told}");
    }
    let create = world.ztm(["help", "tenant", "create"]).ok();
    assert!(create.stdout.contains("Usage: ztm tenant create"), "{create}");
    assert!(world.ztm(["help"]).ok().stdout.contains("Usage: ztm [OPTIONS] <COMMAND>"));
    assert_snapshot!(world.ztm(["help", "tenant", "conjure"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: there is no command or topic `tenant conjure`
    hint: `ztm help` lists the commands; the topics are formatting, exit-codes, environment, contexts, manifests
    ");
}

#[test]
fn an_expression_that_is_only_known_elsewhere_is_refused_with_what_to_write_instead() {
    let refused = World::new().ztm(["tenant", "list", "-o", "jsonpath={range .tenants[*]}{.tenant_id}{end}"]);
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.stderr.contains("`{range .tenants[*]}` is not known here"), "{refused}");
    assert!(refused.stderr.contains("{.tenants[*].tenant_id}"), "{refused}");
}

#[test]
fn a_listing_of_a_tenant_that_is_not_there_is_not_found_unless_the_ledger_remembers_it() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("bob", |_| ());
    let nothing = r#"{"jobs":[],"schedules":[],"rows":[]}"#;
    let report = r#"{"by":"tenant","from":null,"to":null,"lines":[],"total":{"tenant_id":null,"agent_id":null,"day":null,
        "granted":0,"refilled":0,"spent":0,"expired":0,"adjusted":0,"money_micros":null,"settled":0,"reclaimed":0,
        "running_s":0,"idle_s":0,"warm_s":0,"snapshot_bytes":0},"price_micros_per_credit":null}"#;
    for tenant in ["nobody", "bob", "gone"] {
        for status in ["", "&status=dead"] {
            plane.answer(&format!("GET /jobs?tenant={tenant}{status}&limit=1000"), 200, nothing);
        }
        plane.answer(&format!("GET /schedules?tenant={tenant}&limit=1000"), 200, nothing);
        plane.answer(&format!("GET /spend/rows?tenant={tenant}&limit=1000"), 200, nothing);
        plane.answer(&format!("GET /spend/report?by=tenant&tenant={tenant}"), 200, report);
    }
    let lines = [
        &["job", "list"][..],
        &["job", "dead"],
        &["inbox", "list"],
        &["schedule", "list"],
        &["spend", "report", "--tenant"],
        &["spend", "export", "--tenant"],
    ];
    for line in lines {
        let asks = |tenant: &'static str| world.ztm(line.iter().copied().chain([tenant]));
        let refused = asks("nobody");
        assert_eq!(refused.code, Some(3), "{line:?}: {refused}");
        assert!(refused.stderr.contains("hint: "), "{line:?}: {refused}");
        asks("bob").ok();
    }
    let row = serde_json::json!({
        "partition": 0, "incarnation": 1, "seq": 1, "at": "2026-11-25T08:00:00Z", "kind": "grant", "tenant_id": "gone",
        "agent_id": null, "reference": "", "attempt": 0, "granted": 50, "refilled": 0, "held": 0, "spent": 0, "expired": 0,
        "adjusted": 0, "quantity": 0, "label": "", "available_after": 50, "held_after": 0, "hash": "ab",
    });
    plane.answer("GET /spend/rows?tenant=gone&limit=1000", 200, &serde_json::json!({ "rows": [row] }).to_string());
    world.ztm(["spend", "report", "--tenant", "gone"]).ok();
}

#[test]
fn a_file_that_is_not_there_is_wrong_usage_wherever_it_is_named() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    for line in [
        &["apply", "-f", "missing"][..],
        &["job", "submit", "alice", "--cost", "1", "--prompt-file", "missing"],
        &["tenant", "create", "alice", "--bot-token-file", "missing"],
    ] {
        let refused = world.ztm(line.iter().copied());
        assert_eq!(refused.code, Some(2), "{line:?}: {refused}");
        assert!(refused.stderr.contains("cannot open `missing`"), "{line:?}: {refused}");
    }
    assert_eq!(plane.asked(), [""; 0]);
}

#[test]
fn a_number_that_cannot_be_is_told_what_it_must_be() {
    let world = World::new();
    for (line, must) in [
        (&["job", "submit", "a", "x", "--cost", "1", "--priority", "-1"][..], "a whole number from 0 to 9"),
        (&["job", "submit", "a", "x", "--cost", "1", "--attempts", "0"], "a whole number from 1 to 25"),
        (&["logs", "a", "--tail", "-1"], "a whole number from 0 to 10000"),
        (&["up", "--workers", "-1"], "a whole number, 0 or more"),
        (&["up", "--port", "70000"], "a whole number from 0 to 65535"),
        (&["pool", "scale", "-1"], "`-1` is not a number of agents"),
        (&["quota", "set", "a", "--budget", "-3/day"], "invalid budget: "),
        (&["schedule", "set", "a", "m", "--cron", "@daily", "--message", "x", "--chat", "abc"], "a whole number"),
        (&["wait", "tenant/a", "--for", "idle", "--timeout", "999999999999d"], "more than a hundred years"),
    ] {
        let refused = world.ztm(line.iter().copied());
        assert_eq!(refused.code, Some(2), "{line:?}: {refused}");
        assert!(refused.stderr.contains(must), "{line:?}: {refused}");
        assert!(!refused.stderr.contains("unexpected argument"), "{line:?}: {refused}");
    }
}

#[test]
#[ignore = "needs kubectl"]
fn it_is_a_plugin_of_kubectl() {
    let world = World::new();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_ztm"), world.home().join("kubectl-ztm")).unwrap();
    let output = std::process::Command::new("kubectl")
        .args(["ztm", "version", "--client", "-o", "name"])
        .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", world.home().display()))
        .env("HOME", world.home())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), world.ztm(["version", "--client", "-o", "name"]).ok().stdout);
}

#[test]
fn the_help_of_a_command_is_its_own_options_then_its_examples_and_the_global_options_are_a_line() {
    let world = World::new();
    for asked in [&["job", "submit", "--help"][..], &["help", "job", "submit"], &["job", "submit", "-h"]] {
        let help = world.ztm(asked).ok().stdout;
        assert!(!help.contains("--state-dir") && !help.contains("--request-timeout <"), "{help}");
        assert!(help.contains("-o, --output <FORMAT>"), "{help}");
        assert!(help.trim_end().ends_with("`ztm --help` lists them."), "{help}");
        let lines: Vec<&str> = help.lines().collect();
        let place = |text: &str| lines.iter().position(|line| line.trim_start().starts_with(text)).unwrap();
        assert!(place("Examples:") < place("-o, --output") + 5, "{help}");
    }
    // A noun's too, asked for or not.
    for asked in [&["tenant", "--help"][..], &["tenant", "-h"]] {
        let help = world.ztm(asked).ok().stdout;
        assert!(!help.contains("--state-dir") && help.contains("`ztm --help` lists them."), "{help}");
    }
    let whole = world.ztm(["--help"]).ok().stdout;
    for option in ["--state-dir", "--orchestrator-url", "--context", "--request-timeout", "--color", "--verbose"] {
        assert!(whole.contains(option), "{whole}");
    }
    let pages = ztm::generate::man().unwrap();
    let page = pages.iter().find(|(name, _)| name == "ztm-job-submit.1").unwrap();
    assert!(String::from_utf8_lossy(&page.1).contains("ZTM_STATE_DIR"), "the manual is complete");
}

#[test]
fn a_prompt_that_says_nothing_is_refused_before_anything_is_asked() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    for line in [
        &["job", "submit", "alice", "", "--cost", "1"][..],
        &["job", "submit", "alice", "  ", "--cost", "1"],
        &["schedule", "set", "alice", "m", "--cron", "@daily", "--job", "", "--cost", "1"],
        &["schedule", "set", "alice", "m", "--cron", "@daily", "--message", "", "--chat", "1"],
    ] {
        let refused = world.ztm(line.iter().copied());
        assert_eq!(refused.code, Some(2), "{line:?}: {refused}");
        assert!(refused.stderr.contains("it is empty"), "{line:?}: {refused}");
    }
    let piped = world.ztm_reading("\n", &["job", "submit", "alice", "-", "--cost", "1"]);
    assert_eq!(piped.code, Some(2), "{piped}");
    assert_eq!(plane.asked(), [""; 0]);
}

#[test]
fn everything_that_is_missing_is_said_at_once() {
    let refused = World::new().ztm(["job", "submit"]);
    for missing in ["--cost <CREDITS>", "<TENANT>", "<PROMPT>"] {
        assert!(refused.stderr.contains(&format!("\n  {missing}\n")), "{missing}: {refused}");
    }
    let refused = World::new().ztm(["schedule", "set", "alice", "m", "--job", "x"]);
    assert!(
        refused.stderr.contains("--cron <PATTERN>\n") && refused.stderr.contains("--cost <CREDITS>\n"),
        "{refused}"
    );
}

#[test]
fn the_synopsis_of_a_page_has_the_options_before_what_is_named() {
    let pages = ztm::generate::man().unwrap();
    let page = |name: &str| {
        let (_, content) = pages.iter().find(|(file, _)| file == name).unwrap();
        let text = String::from_utf8_lossy(content).replace("\\-", "-");
        let synopsis = text.split(".SH SYNOPSIS\n").nth(1).unwrap().lines().next().unwrap().to_owned();
        synopsis.replace("\\fB", "").replace("\\fR", "")
    };
    assert_eq!(page("ztm-tenant-delete.1").trim(), "ztm tenant delete [OPTIONS] <TENANT>...");
    let submit = page("ztm-job-submit.1");
    assert!(submit.starts_with("ztm job submit [OPTIONS] --cost <CREDITS> <TENANT>"), "{submit}");
    assert_eq!(page("ztm-tenant.1").trim(), "ztm tenant [OPTIONS] <COMMAND>");
}

#[test]
fn a_new_tenant_has_no_label_that_could_be_taken_away() {
    let world = World::new();
    let refused = world.ztm(["tenant", "create", "zed", "--label", "a-"]);
    let says = "`a-` takes a label away, and a new tenant has none: write `a=value`";
    assert!(refused.code == Some(2) && refused.stderr.contains(says), "{refused}");
}

#[test]
fn what_is_suggested_is_shown_and_groups_have_help_and_short_names() {
    let world = World::new();
    let wrong = world.ztm(["tenat"]);
    assert!(wrong.code == Some(2) && wrong.stderr.contains("'tenant'"), "{wrong}");
    assert!(!wrong.stderr.contains("'agent'") && !wrong.stderr.contains("'generate'"), "{wrong}");
    let same = |one: &[&str], other: &[&str]| {
        let (one, other) = (world.ztm(one.iter().copied()).ok(), world.ztm(other.iter().copied()).ok());
        assert_eq!(one.stdout, other.stdout);
        assert!(!one.stdout.is_empty());
    };
    same(&["tenant", "help"], &["help", "tenant"]);
    same(&["tenant", "help", "create"], &["help", "tenant", "create"]);
    same(&["tenant", "state", "help"], &["help", "tenant", "state"]);
    same(&["--state-dir", "x", "-q", "tenant", "help"], &["help", "tenant"]);
    same(&["tenant", "ls", "--help"], &["tenant", "list", "--help"]);
    for group in ["job", "inbox", "schedule", "quota", "node", "context"] {
        same(&[group, "ls", "--help"], &[group, "list", "--help"]);
    }
    same(&["schedule", "rm", "--help"], &["schedule", "delete", "--help"]);
}

#[test]
fn who_has_no_terminal_is_told_how_to_do_without() {
    let world = World::new();
    let refused = world.ztm_reading("ls", &["shell", "alice"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("`ztm exec alice -i -- sh`, without `-t`, needs none"), "{refused}");
}

#[test]
fn nothing_to_do_is_said_and_a_tenant_that_is_not_there_is_not_found() {
    let world = World::new();
    world.ztm(["tenant", "create", "alice"]).ok();
    for (line, none) in [
        (&["job", "retry", "--all-dead"][..], "there are no jobs"),
        (&["inbox", "replay", "--all-dead"], "there are no messages in any inbox"),
    ] {
        let said = world.ztm(line.iter().copied()).ok();
        assert!(said.stderr.contains(none) && said.stderr.lines().count() == 1, "{said}");
        let said = world.ztm(line.iter().chain(&["--tenant", "alice"]).copied()).ok();
        assert!(said.stderr.contains("`alice`"), "{said}");
        assert_eq!(world.ztm(line.iter().chain(&["--tenant", "nope"]).copied()).code, Some(3));
    }
}
