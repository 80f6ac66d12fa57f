//! Secrets: a type that cannot be printed, and the keyring that seals them at rest.
//!
//! A [`Secret`] has no `Display` and a `Debug` without content. A [`Sealed`] is a secret under XChaCha20-Poly1305 with
//! the owner's name as associated data, so that a value copied into another tenant's row does not open; it names its
//! key, so that old keys stay readable while new values use the newest.

use std::{fmt, path::Path};

use chacha20poly1305::{
    XChaCha20Poly1305,
    aead::{Aead, KeyInit, Payload},
};
use hmac::Mac;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Text that must not reach a log, an error or a screen.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// 32 random bytes as 64 hexadecimal digits (within Telegram's `[A-Za-z0-9_-]{1,256}`).
    pub fn random() -> Result<Self> {
        Ok(Self::new(hex::encode(random_bytes::<32>()?)))
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares in constant time for equal lengths.
    pub fn matches(&self, other: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(other).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// `N` bytes from the system's random source.
pub fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| Error::internal(format!("no random bytes: {e}")))?;
    Ok(bytes)
}

/// A sealed secret as it is stored: `v1:KEY-ID:BASE16(nonce, ciphertext, tag)`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub String);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// The keys of one control plane: one line `KEY-ID HEX` each in a file of mode 0600, the newest last.
pub struct Keyring {
    keys: Vec<(String, Zeroizing<[u8; 32]>)>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("keys", &self.keys.len()).finish()
    }
}

impl Keyring {
    /// Reads the keys from `path`; makes the file with one new key if there is none.
    ///
    /// Two processes that make it at once end up with the same file (it is linked into place, never overwritten).
    /// [`Error::Forbidden`] if others can read it; [`Error::Corrupt`] if it holds anything else.
    pub fn load_or_create(path: &Path) -> Result<Self> {
        if !path.try_exists().map_err(Error::io("open", path))? {
            let key = Zeroizing::new(random_bytes::<32>()?);
            let id = hex::encode(random_bytes::<4>()?);
            write_private_once(path, format!("{id} {}\n", hex::encode(*key)).as_bytes())?;
        }
        let text = Zeroizing::new(read_private(path)?);
        let corrupt =
            |reason: &str| Error::Corrupt { what: "key file", path: path.to_path_buf(), reason: reason.to_owned() };
        let mut keys = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (id, digits) = line.split_once(' ').ok_or_else(|| corrupt("a line is not `KEY-ID HEX`"))?;
            let mut key = Zeroizing::new([0; 32]);
            hex::decode_to_slice(digits.trim(), &mut *key)
                .map_err(|_| corrupt("a key is not 64 hexadecimal digits"))?;
            keys.push((id.to_owned(), key));
        }
        if keys.is_empty() {
            return Err(corrupt("it holds no key"));
        }
        Ok(Self { keys })
    }

    /// One new key, kept nowhere: for what opens a driver and seals nothing.
    #[cfg(any(feature = "dynamodb", feature = "s3"))]
    pub fn fresh() -> Result<Self> {
        Ok(Self { keys: vec![(hex::encode(random_bytes::<4>()?), Zeroizing::new(random_bytes::<32>()?))] })
    }

    fn newest(&self) -> (&str, &[u8; 32]) {
        let (id, key) = self.keys.last().expect("a keyring is never empty");
        (id, key)
    }

    /// Seals `secret` for `owner` (for a tenant's secrets: its id and the field's name).
    pub fn seal(&self, owner: &str, secret: &Secret) -> Result<Sealed> {
        let (id, key) = self.newest();
        let nonce = random_bytes::<24>()?;
        let payload = Payload { msg: secret.expose().as_bytes(), aad: owner.as_bytes() };
        let ciphertext = XChaCha20Poly1305::new(key.into())
            .encrypt(&nonce.into(), payload)
            .map_err(|_| Error::internal("sealing failed"))?;
        Ok(Sealed(format!("v1:{id}:{}{}", hex::encode(nonce), hex::encode(ciphertext))))
    }

    /// Opens what was sealed for `owner`. [`Error::Refused`] if the key is not here or the value is not `owner`'s.
    pub fn open(&self, owner: &str, sealed: &Sealed) -> Result<Secret> {
        let refused = |reason: &str| Error::Refused { part: "keyring", reason: reason.to_owned() };
        let mut parts = sealed.0.splitn(3, ':');
        let (Some("v1"), Some(id), Some(digits)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(refused("the value is not sealed in a known way"));
        };
        let (_, key) = self.keys.iter().find(|(k, _)| k == id).ok_or_else(|| refused("the value's key is not here"))?;
        let bytes = hex::decode(digits).map_err(|_| refused("the value is not hexadecimal"))?;
        let (nonce, ciphertext) = bytes.split_at_checked(24).ok_or_else(|| refused("the value is too short"))?;
        let payload = Payload { msg: ciphertext, aad: owner.as_bytes() };
        let text = XChaCha20Poly1305::new((&**key).into())
            .decrypt(nonce.into(), payload)
            .map_err(|_| refused("the value was sealed for somebody else, or changed"))?;
        String::from_utf8(text).map(Secret::new).map_err(|_| refused("the value is not text"))
    }

    /// A secret that anybody with this keyring can derive again: HMAC-SHA256 of `purpose` under the oldest key.
    ///
    /// The oldest, so that adding a key does not change what running agents were given.
    pub fn derive(&self, purpose: &str) -> Secret {
        let (_, key) = self.keys.first().expect("a keyring is never empty");
        let mut mac = <hmac::Hmac<sha2::Sha256> as Mac>::new_from_slice(&**key).expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        Secret::new(hex::encode(mac.finalize().into_bytes()))
    }
}

/// Reads a file that nobody but its owner may read; or, if the system's administrator gave it to our group to read (as a
/// cluster mounts its secrets), nobody else.
pub fn read_private(path: &Path) -> Result<String> {
    private_check(path)?;
    std::fs::read_to_string(path).map_err(Error::io("read", path))
}

/// Refuses a file that others may read. `Forbidden`; i/o errors.
pub fn private_check(path: &Path) -> Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let metadata = std::fs::metadata(path).map_err(Error::io("open", path))?;
    let mode = metadata.permissions().mode();
    let is_given = metadata.uid() == 0 && !rustix::process::geteuid().is_root() && mode & 0o077 == 0o040;
    if mode & 0o077 != 0 && !is_given {
        return Err(Error::Forbidden {
            reason: format!("`{}` is open to others (mode {:o}); `chmod 600` it", path.display(), mode & 0o777),
        });
    }
    Ok(())
}

/// Writes a file of mode 0600 atomically and durably; leaves an existing one as it is.
pub fn write_private_once(path: &Path, content: &[u8]) -> Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let directory = path.parent().unwrap_or(Path::new("."));
    let draft = directory.join(format!(".{}.new", hex::encode(random_bytes::<8>()?)));
    let written = (|| {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        match std::fs::hard_link(&draft, path) {
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
    })();
    let _ = std::fs::remove_file(&draft);
    written.map_err(Error::io("create", path))?;
    std::fs::File::open(directory).and_then(|d| d.sync_all()).map_err(Error::io("sync", directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring() -> (tempfile::TempDir, Keyring) {
        let dir = tempfile::tempdir().unwrap();
        let keyring = Keyring::load_or_create(&dir.path().join("key")).unwrap();
        (dir, keyring)
    }

    #[test]
    fn s9_a_sealed_secret_opens_only_for_its_owner() {
        let (_dir, keyring) = keyring();
        let sealed = keyring.seal("acme/bot_token", &Secret::new("123:abc")).unwrap();
        assert!(!sealed.0.contains("123:abc") && !sealed.0.contains(&hex::encode("123:abc")));
        assert_eq!(keyring.open("acme/bot_token", &sealed).unwrap().expose(), "123:abc");
        assert!(matches!(keyring.open("other/bot_token", &sealed), Err(Error::Refused { .. })));
    }

    #[test]
    fn a_new_key_seals_while_old_values_and_derived_secrets_stay_valid() {
        let (dir, old) = keyring();
        let path = dir.path().join("key");
        let sealed = old.seal("a", &Secret::new("x")).unwrap();
        let before = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{before}k2 {}\n", "ab".repeat(32))).unwrap();
        let new = Keyring::load_or_create(&path).unwrap();
        assert_eq!(new.open("a", &sealed).unwrap().expose(), "x");
        assert!(new.seal("a", &Secret::new("x")).unwrap().0.starts_with("v1:k2:"));
        assert_eq!(new.derive("p").expose(), old.derive("p").expose());
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let (dir, _) = keyring();
        let path = dir.path().join("key");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Keyring::load_or_create(&path), Err(Error::Forbidden { .. })));
    }

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", Secret::new("s3cret")), "Secret(…)");
    }
}
