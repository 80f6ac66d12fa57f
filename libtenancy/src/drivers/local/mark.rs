//! Which stores a state directory belongs to, and what its control plane is called among those who share them.
//!
//! The agents in a state directory are those of one set of records: a control plane with other records would take them for
//! nobody's and end them. So the directory of a control plane whose records are shared says whose it is, in `stores.json`;
//! one without that file is an embedded control plane's.
//!
//! The name is random, made once, and kept: the lock on the state directory proves that whoever had it before is dead, so
//! a control plane takes over at once what its predecessor held. A copy of the directory gets a name of its own.

use std::{io::ErrorKind, os::unix::fs::MetadataExt, path::Path};

use serde::{Deserialize, Serialize};

use super::{
    store::{FILE_NAME as DATABASE, prepare_state_dir},
    whole,
};
use crate::{
    error::{Error, Result},
    secret::random_bytes,
};

/// The mark's file name in the state directory.
const FILE_NAME: &str = "stores.json";

/// What [`Config::instance`](crate::config::Config::instance) of an embedded control plane is.
const EMBEDDED: &str = "up";

/// What is in the file.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    /// The stores ([`crate::stores::Servers::fingerprint`]).
    stores: String,
    /// The name.
    instance: String,
    /// The directory's inode: that of a copy is another.
    inode: u64,
}

/// Makes the state directory these stores' own, or finds that it is; the name of its control plane.
///
/// `stores` is empty for an embedded control plane. `Conflict` if the directory belongs to other stores: nothing was changed.
pub fn claim(state_dir: &Path, stores: &str) -> Result<String> {
    prepare_state_dir(state_dir)?;
    let path = state_dir.join(FILE_NAME);
    let inode = std::fs::metadata(state_dir).map_err(Error::io("open", state_dir))?.ino();
    let taken = |by: &str| {
        let wanted = if stores.is_empty() { "an embedded control plane" } else { stores };
        Error::conflict("state directory", state_dir.display(), format!("it belongs to {by}, not to {wanted}"))
    };
    let mark = match std::fs::read_to_string(&path) {
        Ok(text) => {
            let corrupt = |e| Error::Corrupt { what: "mark", path: path.clone(), reason: format!("{e}") };
            let mark: Mark = serde_json::from_str(&text).map_err(corrupt)?;
            if mark.stores != stores {
                return Err(taken(&mark.stores));
            }
            Some(mark)
        }
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        Err(e) => return Err(Error::io("read", path)(e)),
    };
    match mark {
        None if stores.is_empty() => Ok(EMBEDDED.to_owned()),
        None if state_dir.join(DATABASE).exists() => Err(taken("an embedded control plane")),
        Some(mark) if mark.inode == inode => Ok(mark.instance),
        _ => {
            let mark = Mark { stores: stores.to_owned(), instance: hex::encode(random_bytes::<16>()?), inode };
            write(&path, &mark)?;
            Ok(mark.instance)
        }
    }
}

fn write(path: &Path, mark: &Mark) -> Result<()> {
    let content = serde_json::to_vec(mark).map_err(|e| Error::internal(format!("the mark cannot be written: {e}")))?;
    whole::write(path, &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_belongs_to_the_stores_that_had_it_first() {
        let dir = tempfile::tempdir().unwrap();
        let name = claim(dir.path(), "dynamodb:a/t").unwrap();
        assert_eq!(name.len(), 32);
        assert_eq!(claim(dir.path(), "dynamodb:a/t").unwrap(), name, "the name is kept");
        assert!(matches!(claim(dir.path(), "dynamodb:b/t"), Err(Error::Conflict { .. })));
        assert!(matches!(claim(dir.path(), ""), Err(Error::Conflict { .. })));
    }

    #[test]
    fn an_embedded_control_planes_directory_is_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(claim(dir.path(), "").unwrap(), "up");
        assert!(!dir.path().join(FILE_NAME).exists());
        std::fs::write(dir.path().join(DATABASE), "").unwrap();
        let refused = claim(dir.path(), "dynamodb:a/t").unwrap_err();
        assert!(refused.to_string().contains("belongs to an embedded control plane"), "{refused}");
    }

    #[test]
    fn a_copy_gets_a_name_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let (first, copy) = (dir.path().join("first"), dir.path().join("copy"));
        let name = claim(&first, "s").unwrap();
        std::fs::create_dir(&copy).unwrap();
        std::fs::copy(first.join(FILE_NAME), copy.join(FILE_NAME)).unwrap();
        assert_ne!(claim(&copy, "s").unwrap(), name);
        assert_eq!(claim(&first, "s").unwrap(), name);
    }
}
