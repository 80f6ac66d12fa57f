//! Verifying an archive, and bringing a state back from one.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::{
    Known, Manifest, Verified,
    archive::{self, Visitor},
};
use crate::{
    error::{Error, Result},
    secret::random_bytes,
};

/// Reads the whole archive and checks its hash, whose state it is, its entries' paths, and every file against the
/// manifest. `NotFound`; `Corrupt` if anything is wrong.
pub fn verify(path: &Path, known: Known<'_>) -> Result<Verified> {
    struct Nothing;
    impl Visitor for Nothing {
        fn directory(&mut self, _: &Path, _: u32) -> Result<()> {
            Ok(())
        }
        fn file(&mut self, _: &Path, _: u32, _: u64, _: &mut dyn Read) -> Result<()> {
            Ok(())
        }
        fn symlink(&mut self, _: &Path, _: &Path) -> Result<()> {
            Ok(())
        }
    }
    archive::read(path, known, &mut Nothing)
}

/// What a restore did.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The archive's table of contents.
    pub manifest: Manifest,
    /// Where the state that lay there before was put.
    pub replaced: Option<PathBuf>,
}

/// Unpacks the archive as the directory `into`, all of it or nothing: it is unpacked beside it, verified, synced, and
/// then renamed. What was at `into` is kept beside it under the name with `.damaged` added (one such is kept).
///
/// The caller must be the only one that works beside `into`: drafts left by a crash are removed. `NotFound`, `Corrupt`,
/// `StoreFull`, `Io`; then `into` is as it was.
pub fn restore(path: &Path, known: Known<'_>, into: &Path) -> Result<Restored> {
    let parent = into.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for entry in fs::read_dir(parent).map_err(Error::io("read", parent))? {
        let entry = entry.map_err(Error::io("read", parent))?;
        if entry.file_name().to_string_lossy().starts_with(".restore-") {
            fs::remove_dir_all(entry.path()).map_err(Error::io("remove", entry.path()))?;
        }
    }
    let draft = parent.join(format!(".restore-{}", hex::encode(random_bytes::<8>()?)));
    let unpacked = (|| {
        fs::DirBuilder::new().mode(0o700).create(&draft).map_err(Error::io("create", &draft))?;
        let mut unpack = Unpack { root: draft.clone(), links: Vec::new(), directories: Vec::new() };
        let verified = archive::read(path, known, &mut unpack)?;
        unpack.finish()?;
        Ok(verified.manifest)
    })();
    let manifest = match unpacked {
        Ok(manifest) => manifest,
        Err(error) => {
            let _ = fs::remove_dir_all(&draft);
            return Err(error);
        }
    };
    let replaced = match fs::symlink_metadata(into) {
        Ok(_) => {
            let mut aside = into.as_os_str().to_owned();
            aside.push(".damaged");
            let aside = PathBuf::from(aside);
            match fs::remove_dir_all(&aside) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(Error::io("remove", aside)(e)),
                _ => {}
            }
            fs::rename(into, &aside).map_err(Error::io("rename", into))?;
            Some(aside)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        Err(e) => return Err(Error::io("open", into)(e)),
    };
    fs::rename(&draft, into).map_err(Error::io("rename", &draft))?;
    File::open(parent).and_then(|d| d.sync_all()).map_err(Error::io("sync", parent))?;
    Ok(Restored { manifest, replaced })
}

/// Writes entries below a fresh directory. Links are made when all files are written, so that none is written through.
struct Unpack {
    root: PathBuf,
    links: Vec<(PathBuf, PathBuf)>,
    directories: Vec<(PathBuf, u32)>,
}

impl Visitor for Unpack {
    fn directory(&mut self, path: &Path, mode: u32) -> Result<()> {
        let full = self.root.join(path);
        fs::DirBuilder::new().mode(0o700).create(&full).map_err(Error::io("create", &full))?;
        self.directories.push((full, mode));
        Ok(())
    }

    fn file(&mut self, path: &Path, mode: u32, modified: u64, content: &mut dyn Read) -> Result<()> {
        let full = self.root.join(path);
        let mut write = || {
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&full)?;
            io::copy(content, &mut file)?;
            file.set_permissions(fs::Permissions::from_mode(mode))?;
            if let Some(modified) = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(modified)) {
                file.set_modified(modified)?;
            }
            file.sync_all()
        };
        write().map_err(Error::io("write", &full))
    }

    fn symlink(&mut self, path: &Path, target: &Path) -> Result<()> {
        self.links.push((self.root.join(path), target.to_path_buf()));
        Ok(())
    }
}

impl Unpack {
    fn finish(self) -> Result<()> {
        for (path, target) in self.links {
            std::os::unix::fs::symlink(target, &path).map_err(Error::io("create", path))?;
        }
        // From the inside out, since a directory's own mode may forbid writing into it.
        for (path, mode) in self.directories.into_iter().rev() {
            let directory = File::open(&path).map_err(Error::io("open", &path))?;
            directory.sync_all().map_err(Error::io("sync", &path))?;
            directory.set_permissions(fs::Permissions::from_mode(mode)).map_err(Error::io("write", &path))?;
        }
        File::open(&self.root).and_then(|d| d.sync_all()).map_err(Error::io("sync", &self.root))
    }
}
