//! Every case of a suite is in its macro's list, so that none is written and never run.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What is in a directory, if it is there.
fn files(dir: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(dir).into_iter().flatten().map(|file| file.unwrap().path())
}

#[test]
fn every_case_is_in_its_macros_list() {
    let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/conformance");
    let mut lists = 0;
    for suite in files(&suites).filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let source = fs::read_to_string(&suite).unwrap();
        let port = suite.file_stem().unwrap().display();
        let Some((_, list)) = source.split_once("conformance_tests!(") else { continue };
        let (_, list) = list.split_once("], [").unwrap();
        let (list, _) = list.split_once("]);").unwrap();
        let mut listed: Vec<&str> = list.split(',').map(str::trim).filter(|case| !case.is_empty()).collect();
        // A suite's cases are in its own file and in those of the directory beside it.
        let parts: Vec<String> =
            files(&suite.with_extension("")).map(|part| fs::read_to_string(part).unwrap()).collect();
        let mut written: Vec<&str> = [&source]
            .into_iter()
            .chain(&parts)
            .flat_map(|source| source.split("\npub async fn ").skip(1))
            .filter_map(|case| case.split(['(', '<']).next())
            .collect();
        listed.sort_unstable();
        written.sort_unstable();
        assert_eq!(listed, written, "{port}");
        lists += 1;
    }
    assert!(lists >= 11, "only {lists} suites found");
}
