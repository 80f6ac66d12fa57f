//! Paths and queries: whatever a name contains, it stays one segment or one value.

use std::fmt::Write;

use libtenancy::{Error, Result};

/// A name as one segment of a path. `Invalid` for what no encoding keeps in its place: nothing, `.` and `..`.
pub(super) fn segment(field: &'static str, name: &str) -> Result<String> {
    if matches!(name, "" | "." | "..") {
        return Err(Error::invalid(field, format!("`{name}` cannot be one")));
    }
    Ok(encode(name))
}

/// A query string with its question mark; values that are `None` are left out.
pub(super) fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if let Some(value) = value {
            let sign = if text.is_empty() { '?' } else { '&' };
            text.push(sign);
            text.push_str(name);
            text.push('=');
            text.push_str(&encode(value));
        }
    }
    text
}

/// Percent-encodes all but RFC 3986's unreserved characters.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f11_an_id_cannot_leave_its_segment() {
        for (name, encoded) in [
            ("alice", "alice"),
            ("a/../b", "a%2F..%2Fb"),
            ("a?keep_state=false", "a%3Fkeep_state%3Dfalse"),
            ("a#b", "a%23b"),
            ("a%2fb", "a%252fb"),
            ("é x", "%C3%A9%20x"),
        ] {
            assert_eq!(segment("tenant id", name).unwrap(), encoded);
            let url = reqwest::Url::parse(&format!("http://h/tenants/{encoded}")).unwrap();
            assert_eq!(url.path_segments().unwrap().count(), 2, "{name}");
            assert_eq!(url.query(), None, "{name}");
        }
        for name in ["", ".", ".."] {
            assert!(segment("tenant id", name).is_err(), "{name:?} would name another resource");
        }
    }

    #[test]
    fn queries_hold_what_is_there() {
        assert_eq!(query([("a", None), ("b", Some("x&y=z")), ("c", Some("1"))]), "?b=x%26y%3Dz&c=1");
        assert_eq!(query([("a", None)]), "");
    }
}
