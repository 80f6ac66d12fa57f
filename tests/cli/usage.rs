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
    hint: `ztm help` lists the commands; the topics are formatting, exit-codes, environment, contexts
    ");
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
