//! `ztm webhook`.

use insta::assert_snapshot;

use super::{invocation::World, plane::Plane};

#[test]
fn f3_a_webhook_is_registered_shown_and_removed() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    assert_snapshot!(world.ztm(["webhook", "register", "alice"]), @"
    exit: 0
    --- stdout
    Tenant   alice
    URL      https://bots.example.com/tg/alice
    Waiting  2
    --- stderr
    ");
    assert_snapshot!(world.ztm(["webhook", "register", "alice", "--base-url", "https://other.example.com/", "-o", "json"]), @r#"
    exit: 0
    --- stdout
    {
      "schema_version": 1,
      "tenant_id": "alice",
      "url": "https://other.example.com/tg/alice",
      "pending_update_count": 2,
      "last_error_message": null
    }
    --- stderr
    "#);
    assert_snapshot!(world.ztm(["webhook", "delete", "alice"]), @"
    exit: 0
    --- stdout
    removed the webhook of alice
    --- stderr
    ");
    assert_snapshot!(world.ztm(["webhook", "info", "alice"]), @"
    exit: 0
    --- stdout
    Tenant   alice
    URL      none is registered
    Waiting  2
    --- stderr
    ");
    assert_snapshot!(world.ztm(["webhook", "info", "bob"]), @"
    exit: 3
    --- stdout
    --- stderr
    error: tenant `bob` not found
    hint: `ztm tenant list` shows the tenants that exist
    ");
    assert_eq!(plane.asked()[1], "POST /admin/webhook/alice");
}

#[test]
fn a_base_url_that_is_none_is_refused_before_anything_is_asked() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    assert_snapshot!(world.ztm(["webhook", "register", "alice", "--base-url", "bots.example.com"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: invalid base_url: it is not a URL: relative URL without a base
    ");
    assert!(plane.asked().is_empty());
}
