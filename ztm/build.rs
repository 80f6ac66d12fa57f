//! How the command is linked.

use std::{env, process::Command};

/// From this version on the loader of glibc knows packed relocations (`DT_RELR`).
const KNOWS_RELR: (u32, u32) = (2, 36);

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let [host, target, profile] = ["HOST", "TARGET", "PROFILE"].map(|name| env::var(name).unwrap_or_default());
    // A release is a sixteenth smaller by it. What is built for elsewhere may meet an older loader.
    if profile == "release" && host == target && glibc().is_some_and(|version| version >= KNOWS_RELR) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of this machine's glibc; `None` where there is another library.
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
