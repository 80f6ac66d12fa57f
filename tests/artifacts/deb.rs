//! The Debian package that `cargo deb -p ztm` makes: made of the binary that is tested, unpacked, and looked at.

use std::{collections::BTreeSet, path::Path, process::Command};

/// The file names of a directory.
fn names(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).unwrap_or_else(|e| panic!("{}: {e}", directory.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
#[ignore = "needs cargo-deb, dpkg-deb: tests/run"]
fn the_package_has_the_command_its_pages_and_its_completions() {
    let cargo_deb = std::env::var_os("ZTM_TEST_CARGO_DEB").expect("ZTM_TEST_CARGO_DEB: tests/run sets it");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let directory = tempfile::tempdir().unwrap();
    let (deb, unpacked) = (directory.path().join("ztm.deb"), directory.path().join("unpacked"));
    let made = Command::new(cargo_deb)
        .args(["-p", "ztm", "--no-build", "--no-strip", "--fast", "--profile", "dev", "--offline", "--output"])
        .arg(&deb)
        .current_dir(&root)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let unpack = Command::new("dpkg-deb").arg("-x").args([&deb, &unpacked]).status().unwrap();
    assert!(unpack.success());
    let share = unpacked.join("usr/share");
    let pages: BTreeSet<String> =
        names(&share.join("man/man1")).union(&names(&share.join("man/man7"))).cloned().collect();
    let expected: BTreeSet<String> = names(&root.join("man")).iter().map(|name| format!("{name}.gz")).collect();
    assert_eq!(pages, expected);
    for file in [
        "bash-completion/completions/ztm",
        "zsh/vendor-completions/_ztm",
        "fish/vendor_completions.d/ztm.fish",
        "doc/ztm/copyright",
        "doc/ztm/README.md",
        "../lib/systemd/system/ztm.service",
    ] {
        assert!(share.join(file).is_file(), "{file}");
    }
    let mut ztm = Command::new(unpacked.join("usr/bin/ztm"));
    let version = ztm.arg("version").env_clear().env("HOME", directory.path()).output().unwrap();
    let said = String::from_utf8(version.stdout).unwrap();
    assert!(version.status.success() && said.contains(env!("CARGO_PKG_VERSION")), "{said}");
    let fields = Command::new("dpkg-deb").arg("-I").arg(&deb).output().unwrap();
    let fields = String::from_utf8(fields.stdout).unwrap();
    let version = concat!("Version: ", env!("CARGO_PKG_VERSION"));
    assert!(fields.contains("Package: ztm") && fields.contains(version) && fields.contains("libc6"), "{fields}");
}
