//! Servers that can be asked how they are set up.
//!
//! Owns what is found. Does not own how long a look may take ([`crate::probe`]).

use futures::future::BoxFuture;

use crate::error::Result;

/// How something is; the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and may not for long; or it could not be looked at.
    Warn,
    /// It does not work, or loses what it must keep.
    Fail,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// How it is.
    pub verdict: Verdict,
    /// What was seen.
    pub text: String,
    /// What mends it, in a line.
    pub hint: Option<String>,
}

impl Probed {
    /// It is as it should be.
    pub fn ok(text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Ok, text: text.into(), hint: None }
    }

    /// It works, and is not as it should be.
    pub fn warn(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, text: text.into(), hint: Some(hint.into()) }
    }

    /// It does not work.
    pub fn fail(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, text: text.into(), hint: Some(hint.into()) }
    }
}

/// A look at one part, not begun yet. An error of it means that the part does not work.
pub struct Look<'a> {
    /// Which part.
    pub part: &'static str,
    /// The look. It changes nothing, so it may be dropped at any time.
    pub look: BoxFuture<'a, Result<Probed>>,
}

/// A server that can be asked.
pub trait Probes: Send + Sync + 'static {
    /// What there is to look at, in the order in which it is told. They may be done at once.
    fn probe_looks(&self) -> Vec<Look<'_>>;
}
