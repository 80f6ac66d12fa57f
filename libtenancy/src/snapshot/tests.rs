use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use proptest::prelude::*;
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::{
    archive::{FORMAT, MANIFEST},
    scan::{escape, stays_inside},
    *,
};
use crate::error::Error;

fn meta() -> Meta {
    Meta { tenant: "acme".parse().unwrap(), generation: Generation(7), taken_at: Timestamp::from_micros(42) }
}

static ACME: std::sync::LazyLock<TenantId> = std::sync::LazyLock::new(|| "acme".parse().unwrap());

fn known(sha256: &str) -> Known<'_> {
    Known { sha256: Some(sha256), tenant: &ACME }
}

struct Room {
    dir: tempfile::TempDir,
}

impl Room {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("state")).unwrap();
        Self { dir }
    }
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
    fn state(&self) -> PathBuf {
        self.path("state")
    }
    fn take(&self) -> Taken {
        take(&self.state(), &self.path("out"), &meta(), None).unwrap().unwrap()
    }
    fn archive(&self, taken: &Taken) -> PathBuf {
        self.path("out").join(&taken.snapshot.file)
    }
}

fn count(path: &Path) -> i64 {
    Connection::open(path).unwrap().query_row("SELECT count(*) FROM m", [], |row| row.get(0)).unwrap()
}

#[test]
fn rows_that_are_only_in_the_write_ahead_log_are_in_the_snapshot() {
    let room = Room::new();
    let path = room.state().join("brain.db");
    let live = Connection::open(&path).unwrap();
    live.execute_batch("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE m (t TEXT)").unwrap();
    for _ in 0..100 {
        live.execute("INSERT INTO m VALUES ('x')", []).unwrap();
    }
    assert!(fs::metadata(room.state().join("brain.db-wal")).unwrap().len() > 100_000);
    let taken = room.take();
    restore(&room.archive(&taken), known(&taken.snapshot.sha256), &room.path("back")).unwrap();
    assert_eq!(count(&room.path("back").join("brain.db")), 100);
    assert!(!room.path("back").join("brain.db-shm").exists());
    drop(live);
}

#[test]
fn a_state_comes_back_as_it_was_with_links_modes_and_odd_names() {
    use std::os::unix::{ffi::OsStrExt, fs::PermissionsExt};
    let room = Room::new();
    let state = room.state();
    fs::create_dir_all(state.join("a/empty")).unwrap();
    fs::write(state.join("a/file"), "content").unwrap();
    fs::set_permissions(state.join("a/file"), fs::Permissions::from_mode(0o640)).unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"od\xffd %");
    fs::write(state.join(odd), "odd").unwrap();
    let long = format!("{}/{}", "d".repeat(200), "f".repeat(200));
    fs::create_dir(state.join("d".repeat(200))).unwrap();
    fs::write(state.join(&long), "long").unwrap();
    std::os::unix::fs::symlink("file", state.join("a/link")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", state.join("outside")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(state.join("socket")).unwrap();

    let taken = room.take();
    let back = room.path("back");
    let manifest = restore(&room.archive(&taken), known(&taken.snapshot.sha256), &back).unwrap().manifest;
    assert_eq!(manifest.meta, meta());
    assert_eq!(fs::read_to_string(back.join("a/link")).unwrap(), "content");
    assert_eq!(fs::metadata(back.join("a/file")).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(back.join("a/empty").is_dir());
    assert_eq!(fs::read_to_string(back.join(odd)).unwrap(), "odd");
    assert_eq!(fs::read_to_string(back.join(long)).unwrap(), "long");
    let skipped: Vec<&str> = manifest.skipped.iter().map(|s| s.path.as_str()).collect();
    assert_eq!(skipped, ["outside", "socket"]);
    assert!(!back.join("outside").exists() && !back.join("socket").exists());
}

#[test]
fn an_unchanged_state_is_not_taken_again_and_an_empty_one_never() {
    let room = Room::new();
    let out = room.path("out");
    assert!(take(&room.state(), &out, &meta(), None).unwrap().is_none());
    fs::write(room.state().join("f"), "1").unwrap();
    // A modification long past can be told from a later one.
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(room.state().join("f")).unwrap().set_modified(long_ago).unwrap();
    let first = room.take();
    assert!(take(&room.state(), &out, &meta(), first.fingerprint.as_ref()).unwrap().is_none());
    fs::write(room.state().join("f"), "22").unwrap();
    let second = take(&room.state(), &out, &meta(), first.fingerprint.as_ref()).unwrap().unwrap();
    assert_ne!(second.snapshot.file, first.snapshot.file);
    // Written this very moment: a change within the same tick could not be seen.
    assert!(second.fingerprint.is_none());
}

#[test]
fn a_damaged_database_is_refused_and_leaves_no_archive() {
    let room = Room::new();
    let path = room.state().join("brain.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE m (t TEXT)").unwrap();
    for _ in 0..2_000 {
        connection.execute("INSERT INTO m VALUES ('some text that fills pages')", []).unwrap();
    }
    drop(connection);
    is_intact(&room.state()).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[8192..12288].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    assert!(matches!(is_intact(&room.state()), Err(Error::Corrupt { .. })));
    let refused = take(&room.state(), &room.path("out"), &meta(), None);
    assert!(matches!(refused, Err(Error::Corrupt { what: "database", .. })), "{refused:?}");
    assert_eq!(fs::read_dir(room.path("out")).unwrap().count(), 0);
}

#[test]
fn a_flipped_bit_anywhere_in_an_archive_is_refused_and_nothing_is_replaced() {
    let room = Room::new();
    fs::write(room.state().join("f"), "the good state").unwrap();
    let taken = room.take();
    let good = fs::read(room.archive(&taken)).unwrap();
    let bad = room.path("bad");
    for at in (0..good.len()).step_by(7) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        fs::write(&bad, &bytes).unwrap();
        assert!(matches!(restore(&bad, known(&taken.snapshot.sha256), &room.state()), Err(Error::Corrupt { .. })));
    }
    assert_eq!(fs::read_to_string(room.state().join("f")).unwrap(), "the good state");
    assert_eq!(fs::read_dir(room.dir.path()).unwrap().count(), 3, "no draft is left");
}

#[test]
fn what_was_there_before_a_restore_is_kept_beside_it() {
    let room = Room::new();
    fs::write(room.state().join("f"), "good").unwrap();
    let taken = room.take();
    fs::write(room.state().join("f"), "bad").unwrap();
    let restored = restore(&room.archive(&taken), known(&taken.snapshot.sha256), &room.state()).unwrap();
    assert_eq!(fs::read_to_string(room.state().join("f")).unwrap(), "good");
    assert_eq!(fs::read_to_string(restored.replaced.unwrap().join("f")).unwrap(), "bad");
}

/// An entry: kind, name, and link target or content.
type Forged<'a> = (tar::EntryType, &'a str, &'a str);

/// An archive made by hand, with a manifest that agrees with its entries.
fn forge(path: &Path, entries: &[Forged<'_>]) -> String {
    let mut builder = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    let mut declared = Vec::new();
    for (kind, name, text) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        // The builder refuses such names itself; hostile archives do not come from it.
        let gnu = header.as_gnu_mut().unwrap();
        gnu.name[..name.len()].copy_from_slice(name.as_bytes());
        let content = if *kind == tar::EntryType::Regular { *text } else { "" };
        if *kind != tar::EntryType::Regular {
            gnu.linkname[..text.len()].copy_from_slice(text.as_bytes());
        }
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, content.as_bytes()).unwrap();
        let path = name.strip_prefix("state/").unwrap_or(name).to_owned();
        declared.push(Entry {
            path,
            kind: match kind {
                tar::EntryType::Directory => EntryKind::Directory,
                tar::EntryType::Symlink => EntryKind::Symlink { target: (*text).to_owned() },
                _ => EntryKind::File {
                    bytes: content.len() as u64,
                    sha256: hex::encode(Sha256::digest(content)),
                    database: false,
                },
            },
        });
    }
    let manifest = Manifest { format: FORMAT, meta: meta(), entries: declared, skipped: Vec::new() };
    let text = serde_json::to_vec(&manifest).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o600);
    header.set_size(text.len() as u64);
    builder.append_data(&mut header, MANIFEST, &*text).unwrap();
    let bytes = builder.into_inner().unwrap().finish().unwrap();
    fs::File::create(path).unwrap().write_all(&bytes).unwrap();
    hex::encode(Sha256::digest(&bytes))
}

#[test]
fn a_hostile_archive_writes_nothing_outside_and_is_refused() {
    use tar::EntryType::{Char, Directory, Link, Regular, Symlink};
    let hostile: [(&str, &[Forged<'_>]); 10] = [
        ("a parent", &[(Regular, "state/../../evil", "x")]),
        ("an absolute path", &[(Regular, "/tmp/evil", "x")]),
        ("not in state", &[(Regular, "evil", "x")]),
        ("the root itself", &[(Regular, "state", "x")]),
        ("a link that leads up", &[(Symlink, "state/l", "../evil")]),
        ("an absolute link", &[(Symlink, "state/l", "/etc")]),
        ("a link through a link", &[(Symlink, "state/a", "."), (Symlink, "state/l", "a/../..")]),
        ("a file through a link", &[(Symlink, "state/l", "."), (Regular, "state/l/evil", "x")]),
        ("a hard link", &[(Link, "state/l", "/etc/passwd")]),
        ("twice", &[(Directory, "state/d", ""), (Regular, "state/d", "x")]),
    ];
    for (what, entries) in hostile {
        let room = Room::new();
        fs::write(room.state().join("f"), "kept").unwrap();
        let sha256 = forge(&room.path("archive"), entries);
        let refused = restore(&room.path("archive"), known(&sha256), &room.state());
        assert!(matches!(refused, Err(Error::Corrupt { .. } | Error::Io { .. })), "{what}: {refused:?}");
        assert_eq!(fs::read_to_string(room.state().join("f")).unwrap(), "kept", "{what}");
        assert_eq!(fs::read_dir(room.dir.path()).unwrap().count(), 2, "{what}: nothing else was written");
        assert!(!Path::new("/tmp/evil").exists());
    }
    let room = Room::new();
    let sha256 = forge(&room.path("archive"), &[(Char, "state/c", "")]);
    assert!(matches!(verify(&room.path("archive"), known(&sha256)), Err(Error::Corrupt { .. })), "a device");
    let sha256 = forge(&room.path("archive"), &[(Regular, "state/f", "fine"), (Symlink, "state/l", "f")]);
    assert_eq!(
        verify(&room.path("archive"), known(&sha256)).unwrap().manifest.entries.len(),
        2,
        "the forge itself is sound"
    );
}

#[test]
fn a_missing_archive_is_not_found() {
    let room = Room::new();
    assert!(matches!(verify(&room.path("none"), known("00")), Err(Error::NotFound { .. })));
}

#[test]
fn links_are_inside_only_if_no_chain_of_them_can_lead_out() {
    for (path, target, inside) in [
        ("l", "f", true),
        ("a/l", "../f", true),
        ("a/l", "../../f", false),
        ("a/b/l", "../c/d", true),
        ("l", "a/..", false),
        ("l", "/f", false),
        ("l", "", false),
    ] {
        assert_eq!(stays_inside(Path::new(path), Path::new(target)), inside, "{path} -> {target}");
    }
}

proptest! {
    #[test]
    fn escaped_paths_are_distinct(a in proptest::collection::vec(1u8.., 1..12), b in proptest::collection::vec(1u8.., 1..12)) {
        use std::os::unix::ffi::OsStrExt;
        let text = |bytes: &[u8]| escape(Path::new(std::ffi::OsStr::from_bytes(bytes)));
        prop_assert_eq!(text(&a) == text(&b), a == b);
    }
}

#[test]
fn a_draft_of_a_crash_is_removed() {
    let room = Room::new();
    fs::write(room.state().join("f"), "1").unwrap();
    fs::create_dir_all(room.path("out/.draft-dead")).unwrap();
    fs::write(room.path("out/.draft-dead/archive"), "half").unwrap();
    let taken = room.take();
    let names: Vec<_> = fs::read_dir(room.path("out")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, [std::ffi::OsString::from(&taken.snapshot.file)]);
}
