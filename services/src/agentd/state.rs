//! The agent's state before it starts: found intact, or brought back, and completed from the template.

use std::{fs, io, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use libtenancy::{
    Error, Result,
    clock::Stopwatch,
    drivers::local::workloads::home::Home,
    snapshot::{self, Fingerprint, Known},
    tenant::{Generation, TenantId},
};
use serde::{Deserialize, Serialize};

use super::exec::Substitution;

/// Where the kernel names this boot.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Says that the state with this fingerprint was left by a clean stop of this boot and was checked then. Another boot's
/// proves nothing: the machine may have lost what was not synced.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct CleanMark {
    boot: String,
    fingerprint: Fingerprint,
}

impl CleanMark {
    fn of(fingerprint: Fingerprint) -> Option<Self> {
        Some(Self { boot: fs::read_to_string(BOOT_ID).ok()?.trim().to_owned(), fingerprint })
    }
}

/// Leaves the mark, so that the next start need not check the databases. Only after the agent ended and its databases
/// passed.
pub(super) fn mark_clean(home: &Home) -> io::Result<()> {
    if let Ok(Some(fingerprint)) = snapshot::fingerprint(&home.state())
        && let Some(mark) = CleanMark::of(fingerprint)
    {
        fs::write(home.clean_mark(), serde_json::to_vec(&mark)?)?;
    }
    Ok(())
}

/// An archive that is on this machine; see [`libtenancy::agent::Restore`].
pub(super) struct Restore<'a> {
    pub(super) path: &'a Path,
    pub(super) sha256: &'a str,
    pub(super) generation: Generation,
}

/// The state's way back.
pub(super) struct Prepared {
    /// How long restoring took; zero if the local state was intact.
    pub(super) restore: Duration,
    /// What was restored, as it looks; `None` if the local state is used (which may differ from any archive).
    pub(super) fingerprint: Option<Fingerprint>,
    /// Whether the local state is what an agent that died has left: what it wrote last is in no archive.
    pub(super) left_by_a_death: bool,
}

/// Makes the state directory ready: intact local state wins, unless an agent of a later generation took the archive (the
/// tenant lived elsewhere meanwhile); else the archive; else what is there (an agent may know how to repair its files), or
/// an empty directory.
pub(super) fn prepare(home: &Home, tenant: &TenantId, restore: Option<&Restore<'_>>) -> Result<Prepared> {
    let state = home.state();
    let mark = fs::read(home.clean_mark()).ok().and_then(|text| serde_json::from_slice::<CleanMark>(&text).ok());
    match fs::remove_file(home.clean_mark()) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(Error::io("remove", home.clean_mark())(e)),
        _ => {}
    }
    let local = Prepared { restore: Duration::ZERO, fingerprint: None, left_by_a_death: false };
    let is_older = home.state_generation().zip(restore).is_some_and(|(local, restore)| local < restore.generation);
    if let Some(found) = snapshot::fingerprint(&state)?.filter(|_| !is_older) {
        if mark.is_some() && mark == CleanMark::of(found) {
            return Ok(local);
        }
        match snapshot::is_intact(&state) {
            Ok(()) => return Ok(Prepared { left_by_a_death: true, ..local }),
            Err(error @ Error::Corrupt { .. }) => {
                tracing::warn!("the local state is damaged: {}", error.chain());
                if restore.is_none() {
                    return Ok(local);
                }
            }
            Err(error) => return Err(error),
        }
    }
    let Some(Restore { path, sha256, generation }) = restore else {
        fs::create_dir_all(&state).map_err(Error::io("create", &state))?;
        fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).map_err(Error::io("create", &state))?;
        return Ok(local);
    };
    if is_older {
        tracing::warn!(%generation, "the local state is older than the archive: the tenant lived elsewhere meanwhile");
    }
    let watch = Stopwatch::start();
    snapshot::restore(path, Known { sha256: Some(sha256), tenant }, &state)?;
    let fingerprint = snapshot::fingerprint(&state)?;
    Ok(Prepared { restore: watch.elapsed(), fingerprint, left_by_a_death: false })
}

/// Copies the template's files that the state does not have, each whole or not at all.
pub(super) fn fill_from_template(template: &Path, state: &Path, substitution: &Substitution<'_>) -> Result<()> {
    for entry in fs::read_dir(template).map_err(Error::io("read", template))? {
        let from = entry.map_err(Error::io("read", template))?.path();
        let Some(name) = from.file_name() else { continue };
        let to = state.join(name);
        let metadata = fs::metadata(&from).map_err(Error::io("read", &from))?;
        if metadata.is_dir() {
            fs::create_dir_all(&to).map_err(Error::io("create", &to))?;
            fill_from_template(&from, &to, substitution)?;
        } else if metadata.is_file() && fs::symlink_metadata(&to).is_err() {
            let content = fs::read(&from).map_err(Error::io("read", &from))?;
            let content = match String::from_utf8(content) {
                Ok(text) => substitution.apply(&text).into_bytes(),
                Err(other) => other.into_bytes(),
            };
            let mut draft = to.clone().into_os_string();
            draft.push(".ztm-draft");
            fs::write(&draft, content)
                .and_then(|()| {
                    fs::set_permissions(&draft, fs::Permissions::from_mode(metadata.permissions().mode() & 0o700))
                })
                .and_then(|()| fs::rename(&draft, &to))
                .map_err(Error::io("write", &to))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acme() -> TenantId {
        "acme".parse().unwrap()
    }

    fn home() -> (tempfile::TempDir, Home) {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path().join("home"));
        home.create().unwrap();
        (dir, home)
    }

    #[test]
    fn a_template_fills_in_what_is_missing_and_touches_nothing_else() {
        let (dir, home) = home();
        let template = dir.path().join("template");
        fs::create_dir_all(template.join("sub")).unwrap();
        fs::write(template.join("sub/config"), "port={port} state={state} tenant={tenant}").unwrap();
        fs::write(template.join("binary"), b"{port}\xff").unwrap();
        fs::write(template.join("kept"), "new").unwrap();
        prepare(&home, &acme(), None).unwrap();
        fs::write(home.state().join("kept"), "old").unwrap();
        let tenant = "acme".parse().unwrap();
        let substitution = Substitution {
            port: 7,
            state: Path::new("/s"),
            tenant: &tenant,
            agentd: Path::new("/a"),
            secrets: Path::new("/x"),
        };
        for _ in 0..2 {
            fill_from_template(&template, &home.state(), &substitution).unwrap();
            assert_eq!(fs::read_to_string(home.state().join("sub/config")).unwrap(), "port=7 state=/s tenant=acme");
            assert_eq!(fs::read(home.state().join("binary")).unwrap(), b"{port}\xff");
            assert_eq!(fs::read_to_string(home.state().join("kept")).unwrap(), "old");
        }
    }

    #[test]
    fn local_state_of_an_earlier_generation_than_the_archive_is_not_used() {
        let (_dir, home) = home();
        prepare(&home, &acme(), None).unwrap();
        fs::write(home.state().join("brain.txt"), "x").unwrap();
        let missing = Restore { path: Path::new("/nonexistent"), sha256: "", generation: Generation(7) };
        let prepared = prepare(&home, &acme(), Some(&missing)).expect("nobody knows its generation: as new as any");
        assert!(prepared.left_by_a_death, "nobody stopped it");
        for (local, wins) in [(6, false), (7, true), (8, true)] {
            home.state_generation_write(Generation(local)).unwrap();
            mark_clean(&home).unwrap();
            assert_eq!(prepare(&home, &acme(), Some(&missing)).is_ok(), wins, "{local}");
        }
    }

    #[test]
    fn a_clean_mark_is_believed_only_for_the_very_same_state() {
        let (_dir, home) = home();
        prepare(&home, &acme(), None).unwrap();
        let missing = Restore { path: Path::new("/nonexistent"), sha256: "", generation: Generation(7) };
        fs::write(home.state().join("brain.db"), b"SQLite format 3\0 and then rubbish").unwrap();
        mark_clean(&home).unwrap();
        assert!(!prepare(&home, &acme(), Some(&missing)).unwrap().left_by_a_death);
        assert!(!home.clean_mark().exists(), "a start makes it void");
        assert!(prepare(&home, &acme(), Some(&missing)).is_err(), "without the mark the damage is seen");
        mark_clean(&home).unwrap();
        fs::write(home.state().join("more"), "x").unwrap();
        assert!(prepare(&home, &acme(), Some(&missing)).is_err(), "another state than the marked one is checked");
        assert!(prepare(&home, &acme(), None).is_ok(), "without an archive the agent gets what there is");
    }
}
