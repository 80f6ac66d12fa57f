//! What `ztm admin render` writes is all of `deploy/` for a cluster, and what the real kubectl makes of it is what was said.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

/// The files of a directory and below it, by their names.
fn files(directory: &Path, below: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            names.extend(files(&entry.path(), &format!("{name}/")));
        } else {
            names.insert(name);
        }
    }
    names
}

#[test]
fn the_program_carries_every_file_that_a_cluster_is_given() {
    // What is for machines without a cluster, for making images, and for a container to start from.
    let elsewhere = ["worker.py", "ztm.service", "images/", "plain/entrypoint"];
    let mut expected = files(&deploy(), "");
    expected.retain(|name| !elsewhere.iter().any(|other| name.starts_with(other)));
    let carried: BTreeSet<String> = ztm::render::FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(carried, expected);
    for (name, text) in ztm::render::FILES {
        assert_eq!(std::fs::read_to_string(deploy().join(name)).unwrap(), *text, "{name}");
    }
}

/// Runs `ztm admin render` into this directory.
fn rendered(directory: &Path, more: &[&str]) -> assert_cmd::assert::Assert {
    let mut ztm = assert_cmd::Command::new(env!("CARGO_BIN_EXE_ztm"));
    ztm.env_clear().env("HOME", directory.parent().unwrap());
    let images = ["--image", "registry:5000/mine/ztm:7", "--agent-image", "registry:5000/mine/agent@sha256:abc"];
    ztm.args(["admin", "render", directory.to_str().unwrap()]).args(images).args(more).assert()
}

#[test]
#[ignore = "needs kubectl: tests/run"]
fn kubectl_makes_of_it_what_was_said() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("prod");
    rendered(&directory, &["--bucket", "mine", "--public-url", "https://bots.example", "--karpenter"]).success();
    // Nothing is written over unasked.
    rendered(&directory, &[]).code(2);
    let overlay = std::fs::read_to_string(directory.join("kustomization.yaml")).unwrap();
    // kubectl of the tests is too old to take a directory for a resource.
    std::fs::write(directory.join("kustomization.yaml"), overlay.replace("resources:", "bases:")).unwrap();
    let made = Command::new("kubectl").args(["kustomize", directory.to_str().unwrap()]).output().unwrap();
    let made = String::from_utf8(made.stdout).unwrap();
    let objects: Vec<Value> = serde_saphyr::from_multiple(&made).unwrap();
    let kind = |kind: &str| objects.iter().filter(|one| one["kind"] == kind).collect::<Vec<_>>();
    let images: BTreeSet<&str> = kind("Deployment")
        .iter()
        .map(|one| one["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap())
        .collect();
    assert_eq!(images, BTreeSet::from(["registry:5000/mine/ztm:7"]));
    assert_eq!((kind("NodePool").len(), kind("EC2NodeClass").len()), (1, 1));
    let maps = kind("ConfigMap");
    let config = maps.iter().find_map(|map| map["data"]["config.toml"].as_str().filter(|text| text.contains("[up]")));
    let config = config.unwrap_or_else(|| panic!("{maps:#?}"));
    for line in [
        "bucket = \"mine\"",
        "public_url = \"https://bots.example\"",
        "image = \"registry:5000/mine/agent@sha256:abc\"",
    ] {
        assert!(config.contains(line), "{line}: {config}");
    }
}
