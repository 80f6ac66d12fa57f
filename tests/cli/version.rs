//! `ztm version`.

use insta::assert_snapshot;

use super::{invocation::World, plane::Plane};

#[test]
fn the_version_needs_no_control_plane() {
    let mut world = World::new();
    world.hide(env!("CARGO_PKG_VERSION"), "[VERSION]");
    assert_snapshot!(world.ztm(["version"]), @"
    exit: 0
    --- stdout
    ztm [VERSION]
    --- stderr
    ");
    assert_snapshot!(world.ztm(["--version"]), @"
    exit: 0
    --- stdout
    ztm [VERSION]
    --- stderr
    ");
    assert_eq!(world.ztm(["version", "-o", "json"]).ok().json()["server"], serde_json::Value::Null);
    assert!(!world.state_dir().exists(), "asking for the version made a state directory");
}

#[test]
fn both_versions_are_shown_where_a_control_plane_answers() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    world.hide(env!("CARGO_PKG_VERSION"), "[VERSION]");
    assert_snapshot!(world.ztm(["version"]), @"
    exit: 0
    --- stdout
    ztm [VERSION]
    control plane [VERSION]
    --- stderr
    ");
    plane.fail("GET /status", 503, "unavailable", "store is unavailable");
    assert_snapshot!(world.ztm(["version"]), @"
    exit: 0
    --- stdout
    ztm [VERSION]
    --- stderr
    warning: the control plane did not say its version: store is unavailable: the control plane says so
    ");
    assert_snapshot!(world.ztm(["version", "--client"]), @"
    exit: 0
    --- stdout
    ztm [VERSION]
    --- stderr
    ");
}
