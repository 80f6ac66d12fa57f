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

#[test]
fn what_the_url_is_missing_from_is_named() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    plane.fail("POST /admin/webhook/alice", 400, "invalid", "invalid base_url: no public URL is configured");
    let refused = world.ztm(["webhook", "register", "alice"]);
    assert_eq!(refused.code, Some(2), "{refused}");
    for way in ["--base-url", "--public-url", "public_url", "ZTM_PUBLIC_URL"] {
        assert!(
            refused.stderr.lines().any(|line| line.starts_with("hint: ") && line.contains(way)),
            "{way}: {refused}"
        );
    }
    // Whoever has named one needs no hint that one can be named.
    let other = world.ztm(["webhook", "register", "alice", "--base-url", "https://x.example.com"]);
    assert!(other.code == Some(2) && !other.stderr.contains("hint: name it"), "{other}");
}
