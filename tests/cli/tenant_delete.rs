//! `ztm tenant delete` where nobody can be asked. (Where somebody can: `terminal`.)

use insta::assert_snapshot;

use super::{invocation::World, plane::Plane};

#[test]
fn f7_without_a_terminal_and_without_yes_nothing_is_deleted() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    assert_snapshot!(world.ztm(["tenant", "delete", "alice"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: deleting `alice` needs a confirmation, and there is no terminal to ask on
    hint: pass `--yes` if you mean it
    ");
    assert_snapshot!(world.ztm_reading("alice\n", &["tenant", "delete", "alice", "-o", "json"]), @r#"
    exit: 2
    --- stdout
    --- stderr
    {"code":"usage","error":"deleting `alice` needs a confirmation, and there is no terminal to ask on","hint":"pass `--yes` if you mean it"}
    "#);
    assert!(!plane.asked().iter().any(|line| line.starts_with("DELETE")));
}

#[test]
fn what_an_agent_remembers_is_destroyed_only_on_request() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    plane.tenant("bob", |_| ());
    assert_snapshot!(world.ztm(["tenant", "delete", "alice", "--yes"]), @"
    exit: 0
    --- stdout
    deleted alice; what its agent remembers is kept
    --- stderr
    ");
    assert_snapshot!(world.ztm(["tenant", "delete", "bob", "--yes", "--purge"]), @"
    exit: 0
    --- stdout
    deleted bob; nothing of it is left
    --- stderr
    ");
    let deletions = ["DELETE /tenants/alice?keep_state=true", "DELETE /tenants/bob?keep_state=false"];
    assert_eq!(plane.asked(), deletions);
}

#[test]
fn a_tenant_that_does_not_exist_is_not_asked_about() {
    let mut world = World::new();
    let _plane = Plane::on(&mut world);
    assert_snapshot!(world.ztm(["tenant", "delete", "alice"]), @"
    exit: 3
    --- stdout
    --- stderr
    error: tenant `alice` not found
    hint: `ztm tenant list` shows the tenants that exist
    ");
    assert_eq!(world.ztm(["tenant", "delete", "alice", "--yes"]).code, Some(3));
}

#[test]
fn several_are_deleted_by_one_confirmation_and_one_that_fails_keeps_none_from_it() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    plane.tenant("bob", |_| ());
    assert_snapshot!(world.ztm(["tenant", "delete", "alice", "bob"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: deleting `alice`, `bob` needs a confirmation, and there is no terminal to ask on
    hint: pass `--yes` if you mean it
    ");
    assert_snapshot!(world.ztm(["tenant", "delete", "alice", "ghost", "bob", "alice", "--yes"]), @"
    exit: 3
    --- stdout
    deleted alice; what its agent remembers is kept
    deleted bob; what its agent remembers is kept
    --- stderr
    error: tenant `ghost` not found
    hint: `ztm tenant list` shows the tenants that exist
    ");
    let deletions = plane.asked().iter().filter(|line| line.starts_with("DELETE")).count();
    assert_eq!(deletions, 3);
}

#[test]
fn keeping_and_purging_at_once_is_refused() {
    assert_eq!(World::new().ztm(["tenant", "delete", "alice", "--yes", "--purge", "--keep-state"]).code, Some(2));
}
