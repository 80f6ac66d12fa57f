//! Generated files that are committed: they are what the present source generates.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod deb;
mod manifests;
mod render;

use std::{collections::BTreeMap, path::Path};

use ztm::generate::{self, Generated};

/// Compares a directory with what is generated; the failure says how to bring it up to date.
fn assert_current(directory: &str, generated: Vec<Generated>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(directory);
    let expected: BTreeMap<String, Vec<u8>> = generated.into_iter().collect();
    let committed: BTreeMap<String, Vec<u8>> = std::fs::read_dir(&path)
        .into_iter()
        .flatten()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
        })
        .collect();
    let mut wrong: Vec<String> = Vec::new();
    for (name, content) in &expected {
        match committed.get(name) {
            None => wrong.push(format!("{name} is missing")),
            Some(committed) if committed != content => wrong.push(format!("{name} is not current")),
            Some(_) => {}
        }
    }
    wrong.extend(
        committed.keys().filter(|name| !expected.contains_key(*name)).map(|name| format!("{name} is left over")),
    );
    assert!(
        wrong.is_empty(),
        "{wrong:#?}\nbring them up to date with:\n  rm -r {directory}; \
         cargo run -p ztm -- generate {directory} {directory}"
    );
}

#[test]
fn the_man_pages_are_current() {
    assert_current("man", generate::man().unwrap());
}

#[test]
fn the_completions_are_current() {
    assert_current("completions", generate::completions().unwrap());
}

#[test]
fn no_generated_file_names_this_machine() {
    let home = std::env::var("HOME").unwrap_or_default();
    for (name, content) in generate::man().unwrap().into_iter().chain(generate::completions().unwrap()) {
        let text = String::from_utf8(content).unwrap();
        assert!(home.len() < 2 || !text.contains(&format!("{home}/")), "{name}");
        assert!(!text.contains(env!("CARGO_MANIFEST_DIR")), "{name}");
    }
}
