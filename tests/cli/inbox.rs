//! `ztm inbox`.

use insta::assert_snapshot;

use super::{invocation::World, plane::Plane};

fn full(world: &mut World) -> Plane {
    let plane = Plane::on(world);
    plane.update("alice", 1, "dead", Some("the agent of `alice` failed: \u{1b}[31mboom"));
    plane.update("alice", 2, "pending", None);
    plane.update("bob", 1, "handled", None);
    plane
}

#[test]
fn updates_are_listed_without_their_content() {
    let mut world = World::new();
    let plane = full(&mut world);
    assert_snapshot!(world.ztm(["inbox", "list"]), @r"
    exit: 0
    --- stdout
    UPDATE     STAGE    AGE  ATTEMPTS  LAST ERROR
    alice/7/1  dead     3d          1  the agent of `alice` failed: \u{1b}[31mboom
    alice/7/2  pending  3d          0  -
    bob/7/1    handled  3d          0  -
    --- stderr
    ");
    assert_snapshot!(world.ztm(["inbox", "list", "alice", "--stage", "dead", "-o", "name"]), @"
    exit: 0
    --- stdout
    alice/7/1
    --- stderr
    ");
    assert_eq!(plane.asked().last().unwrap(), "GET /inbox?tenant=alice&stage=dead&limit=1000");
    assert_snapshot!(world.ztm(["inbox", "list", "--stage", "handeld"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value 'handeld' for '--stage <STAGE>'
      [possible values: pending, replied, handled, dead, dropped]

      tip: a similar value exists: 'handled'

    For more information, try '--help'.
    ");
}

#[test]
fn dead_updates_are_replayed_one_or_all() {
    let mut world = World::new();
    let plane = full(&mut world);
    assert_snapshot!(world.ztm(["inbox", "replay", "alice/7/1"]), @"
    exit: 0
    --- stdout
    replayed alice/7/1
    --- stderr
    ");
    assert_eq!(plane.last_body(), serde_json::json!({ "update": "alice/7/1" }));
    plane.update("carol", 5, "dead", None);
    assert_snapshot!(world.ztm(["inbox", "replay", "--all-dead", "-o", "json"]), @r#"
    exit: 0
    --- stdout
    {
      "schema_version": 1,
      "done": "replayed",
      "updates": [
        "carol/7/5"
      ]
    }
    --- stderr
    "#);
}

#[test]
fn one_that_fails_does_not_keep_the_others_from_it() {
    let mut world = World::new();
    let _plane = full(&mut world);
    assert_snapshot!(world.ztm(["inbox", "replay", "bob/7/1", "alice/7/1", "alice/7/9"]), @"
    exit: 3
    --- stdout
    replayed alice/7/1
    --- stderr
    warning: update `bob/7/1`: it is handled
    error: update `alice/7/9` not found
    ");
}

#[test]
fn f7_an_update_is_dropped_only_after_a_confirmation() {
    let mut world = World::new();
    let plane = full(&mut world);
    assert_snapshot!(world.ztm(["inbox", "drop", "alice/7/2"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: dropping `alice/7/2` needs a confirmation, and there is no terminal to ask on
    hint: pass `--yes` if you mean it
    ");
    assert!(plane.asked().is_empty());
    assert_snapshot!(world.ztm(["inbox", "drop", "alice/7/2", "--yes"]), @"
    exit: 0
    --- stdout
    dropped alice/7/2
    --- stderr
    ");
}

#[test]
fn what_is_no_update_is_refused_before_anything_is_asked() {
    let mut world = World::new();
    let plane = full(&mut world);
    assert_snapshot!(world.ztm(["inbox", "replay", "alice/7/1", "alice/seven"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: invalid update: `alice/seven` must be TENANT/BOT/UPDATE, as `ztm inbox list -o name` prints
    ");
    for args in [&["inbox", "drop", "--yes"][..], &["inbox", "replay"], &["inbox", "replay", "--tenant", "alice"]] {
        assert_eq!(world.ztm(args).code, Some(2), "{args:?}");
    }
    assert!(plane.asked().is_empty());
}
