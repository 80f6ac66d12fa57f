//! Contexts that only look.

use super::{
    every_leaf::{examples, leaves},
    invocation::World,
    order_list::{NO_ORDERS, orders},
    plane::{Plane, TOKEN, write_token},
};

/// What a dry run of its own has, or none, and changes something all the same.
const OTHER_ORDERS: [&str; 6] = ["admin init", "apply", "bench", "down", "import", "up"];

/// A world with a control plane elsewhere, `far`, and another state directory, `second`; both are only looked at.
fn only_looked_at() -> (World, Plane) {
    let plane = Plane::elsewhere();
    let world = World::new();
    write_token(&world.home().join("token"), TOKEN);
    let url = &plane.url;
    let far = format!("[contexts.far]\norchestrator_url = '{url}'\ntoken_file = '../../token'\nreadonly = true\n");
    let world = world.config(&format!("{far}[contexts.second]\nstate_dir = 'second'\nreadonly = true\n"));
    plane.tenant("alice", |_| ());
    (world, plane)
}

#[test]
fn every_order_is_refused_before_anything_is_asked_or_made() {
    let (world, plane) = only_looked_at();
    let orders: Vec<String> =
        orders().into_iter().map(|(order, _)| order).chain(OTHER_ORDERS.map(str::to_owned)).collect();
    assert!(OTHER_ORDERS.iter().all(|order| NO_ORDERS.contains(order)));
    let leaves = leaves();
    for order in &orders {
        let (path, command) = leaves.iter().find(|(path, _)| path.join(" ") == *order).unwrap();
        let own =
            |words: &Vec<String>| words.get(1..=path.len()) == Some(path) && words.iter().all(|w| w != "--dry-run");
        let example = examples(command).into_iter().find(own).unwrap_or_else(|| panic!("`{order}` has no example"));
        for context in ["far", "second"] {
            let mut words = example[1..].to_vec();
            match words.iter().position(|word| word == "--context") {
                Some(place) => context.clone_into(&mut words[place + 1]),
                None => drop(words.splice(0..0, ["--context", context].map(str::to_owned))),
            }
            let refused = world.ztm(&words);
            let says = format!("error: forbidden: context `{context}` is read-only\nhint: ");
            assert_eq!((refused.code, refused.stdout.as_str()), (Some(4), ""), "{example:?}: {refused}");
            assert!(refused.stderr.starts_with(&says), "{example:?}: {refused}");
            assert!(refused.stderr.contains(&format!("take `readonly` out of `[contexts.{context}]`")), "{refused}");
        }
    }
    assert_eq!(plane.asked(), [""; 0]);
    assert!(!world.home().join(".config/ztm/second").exists());
}

#[test]
fn what_only_looks_is_not_refused_and_rehearsals_go_on() {
    let (world, plane) = only_looked_at();
    for line in [&["tenant", "list"][..], &["tenant", "get", "alice"], &["inbox", "list"], &["status"]] {
        world.ztm(line.iter().copied().chain(["--context", "far"])).ok();
    }
    world.ztm(["bench", "--dry-run", "--context", "far"]).ok();
    assert!(plane.asked().iter().all(|line| line.starts_with("GET ")), "{:?}", plane.asked());
    plane.answer("POST /dry-run/stop/alice", 200, r#"{"dry_run": true, "would": "stop tenant `alice`"}"#);
    for flag in ["--dry-run", "--dry-run=server"] {
        let said = world.ztm(["tenant", "stop", "alice", flag, "--context", "far"]).ok();
        assert_eq!(said.stderr, "nothing was done; it would stop tenant `alice`\n", "{said}");
    }
    assert_eq!(plane.asked().last().unwrap(), "POST /dry-run/stop/alice");
    // Stores without a control plane too.
    world.ztm(["tenant", "list", "--context", "second"]).ok();
    let said = world.ztm(["tenant", "create", "bob", "--dry-run=server", "--context", "second"]).ok();
    assert!(said.stderr.contains("nothing was done; it would "), "{said}");
    assert_eq!(world.ztm(["tenant", "list", "--context", "second", "-o", "name"]).ok().stdout, "");
}
