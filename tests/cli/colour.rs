//! Colour: on a terminal, where it is wanted, and never elsewhere.

use super::{invocation::World, plane::Plane, terminal::Terminal};

const ESCAPE: char = '\u{1b}';

fn running(world: &mut World) -> Plane {
    let plane = Plane::on(world);
    plane.tenant("alice", |tenant| "running".clone_into(&mut tenant.status));
    plane
}

#[test]
fn f9_nothing_is_coloured_where_no_terminal_is() {
    let mut world = World::new();
    let _plane = running(&mut world);
    for args in [&["tenant", "list"][..], &["tenant", "get", "nobody"], &["tenant", "--help"], &["nonsense"]] {
        let ended = world.ztm(args);
        assert!(!ended.to_string().contains(ESCAPE), "{args:?}: {ended}");
    }
}

#[test]
fn f9_colour_follows_flag_environment_and_terminal_in_this_order() {
    for (variable, args, coloured) in [
        (None, &["tenant", "list"][..], true),
        (None, &["tenant", "list", "--color", "never"], false),
        (Some(("NO_COLOR", "1")), &["tenant", "list"], false),
        (Some(("NO_COLOR", "")), &["tenant", "list"], true),
        (Some(("NO_COLOR", "1")), &["tenant", "list", "--color", "always"], true),
        (Some(("TERM", "dumb")), &["tenant", "list"], false),
        (Some(("ZTM_COLOR", "never")), &["tenant", "list"], false),
        (None, &["tenant", "list", "-o", "json"], false),
        (None, &["tenant", "list", "-o", "name"], false),
    ] {
        let mut world = World::new();
        if let Some((name, value)) = variable {
            world = world.variable(name, value);
        }
        let _plane = running(&mut world);
        let (code, screen) = Terminal::start(&world, args).ends();
        assert_eq!(code, Some(0), "{screen}");
        assert_eq!(screen.contains(ESCAPE), coloured, "{variable:?} {args:?}: {screen:?}");
    }
}

#[test]
fn colour_can_be_had_without_a_terminal() {
    let mut world = World::new();
    let _plane = running(&mut world);
    assert!(world.ztm(["tenant", "list", "--color", "always"]).ok().stdout.contains(ESCAPE));
    let mut world = World::new().variable("CLICOLOR_FORCE", "1");
    let _plane = running(&mut world);
    assert!(world.ztm(["tenant", "list"]).ok().stdout.contains(ESCAPE));
}
