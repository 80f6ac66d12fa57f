//! How the command ends: exit codes, and the errors that are the command's own.

use libtenancy::Error;

/// What the exit status says; the table of `ztm --help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Success = 0,
    /// It failed.
    Failure = 1,
    /// Wrong usage, a value that is not acceptable, or `--yes` is needed.
    Usage = 2,
    /// Not found.
    NotFound = 3,
    /// Not authenticated, or forbidden.
    Auth = 4,
    /// It exists already, has changed, or its state forbids this.
    Conflict = 5,
    /// Not done in time.
    Timeout = 6,
    /// A part is unavailable, or no control plane runs.
    Unavailable = 7,
    /// A limit is reached.
    Quota = 8,
    /// SIGINT.
    Interrupted = 130,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The command was used wrongly, or cannot ask what it has to ask.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Usage {
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

/// A file that was named and cannot be read is wrong usage: nothing was asked yet.
pub fn unread(error: Error) -> anyhow::Error {
    match error {
        Error::Io { .. } => Usage { message: error.chain(), hint: error.hint() }.into(),
        error => error.into(),
    }
}

/// The user interrupted the command.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// There is no tenant of this name, but there are others like it.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Near {
    /// That there is none.
    pub error: Error,
    /// The others, the most alike first.
    pub names: Vec<String>,
}

/// An error of the library, and what this command knows of a way on.
#[derive(Debug, thiserror::Error)]
#[error("{}", .error.chain())]
pub struct Hinted {
    /// It.
    pub error: Error,
    /// What can be done about it.
    pub hint: String,
}

impl Hinted {
    /// The error with a hint.
    pub fn new(error: Error, hint: impl Into<String>) -> Self {
        Self { error, hint: hint.into() }
    }
}

/// The command that was run elsewhere ended so, and has said why itself.
#[derive(Debug, thiserror::Error)]
#[error("the command ended with status {0}")]
pub struct ChildExit(pub u8);

/// What was asked for was found out and printed, and is bad: a job that did not succeed, an audit that does not hold.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct BadNews {
    /// The stable word for it.
    pub code: &'static str,
    /// What is bad.
    pub message: String,
    /// What can be done about it.
    pub hint: Option<String>,
}

/// It may have been done, or not. Context of the library's error, which says what was seen.
#[derive(Debug, thiserror::Error)]
#[error("it may have been done, or not")]
pub struct Unsure {
    /// How to ask again so that it is done once.
    hint: String,
}

impl Unsure {
    /// The error; where it leaves open whether it was done, with the flags that make a repeat the same.
    pub fn or(error: Error, flags: &str) -> anyhow::Error {
        match error {
            Error::OutcomeUnknown { .. } | Error::Timeout { .. } => {
                let hint = format!("repeat the command with `{flags}`: however often, it is done once");
                anyhow::Error::new(error).context(Self { hint })
            }
            error => error.into(),
        }
    }
}

/// Another process of this command has failed, and has said why.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Passed {
    /// Its exit status, if it had one.
    pub exit: Option<i32>,
    /// The stable word for its error.
    pub code: String,
    /// What it said.
    pub message: String,
    /// What it said can be done.
    pub hint: Option<String>,
}

impl Exit {
    const ALL: [Self; 10] = [
        Self::Success,
        Self::Failure,
        Self::Usage,
        Self::NotFound,
        Self::Auth,
        Self::Conflict,
        Self::Timeout,
        Self::Unavailable,
        Self::Quota,
        Self::Interrupted,
    ];

    /// The exit status of an error of the library.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Invalid { .. } => Self::Usage,
            Error::NotFound { .. } => Self::NotFound,
            Error::Unauthenticated | Error::Forbidden { .. } => Self::Auth,
            Error::AlreadyExists { .. }
            | Error::Conflict { .. }
            | Error::IllegalState { .. }
            | Error::StateDirInUse { .. } => Self::Conflict,
            Error::Timeout { .. } => Self::Timeout,
            Error::Unavailable { .. }
            | Error::OutcomeUnknown { .. }
            | Error::RateLimited { .. }
            | Error::StoreFull
            | Error::Behind { .. }
            | Error::NeedsControlPlane { .. } => Self::Unavailable,
            Error::Overloaded { .. } => Self::Quota,
            // `ChatMigrated`, `Refused`, `AgentFailed`, `Corrupt`, `Io`, `Internal`; the enum is non-exhaustive.
            _ => Self::Failure,
        }
    }

    /// The exit status of any error.
    pub fn of_any(error: &anyhow::Error) -> Self {
        if let Some(error) = error.downcast_ref::<Error>() {
            Self::of(error)
        } else if let Some(near) = error.downcast_ref::<Near>() {
            Self::of(&near.error)
        } else if let Some(hinted) = error.downcast_ref::<Hinted>() {
            Self::of(&hinted.error)
        } else if let Some(passed) = error.downcast_ref::<Passed>() {
            // What another process failed with is no success of ours, whatever it ended with.
            let known = Self::ALL.into_iter().skip(1).find(|exit| passed.exit == Some(i32::from(*exit as u8)));
            known.unwrap_or(Self::Failure)
        } else if error.is::<Usage>() {
            Self::Usage
        } else if error.is::<Interrupted>() {
            Self::Interrupted
        } else {
            Self::Failure
        }
    }
}

/// The stable word for an error, as in the API's error bodies.
pub fn code(error: &anyhow::Error) -> &str {
    if let Some(passed) = error.downcast_ref::<Passed>() {
        return &passed.code;
    }
    if let Some(bad) = error.downcast_ref::<BadNews>() {
        return bad.code;
    }
    if let Some(near) = error.downcast_ref::<Near>() {
        return near.error.code();
    }
    if let Some(hinted) = error.downcast_ref::<Hinted>() {
        return hinted.error.code();
    }
    match error.downcast_ref::<Error>() {
        Some(error) => error.code(),
        None if error.is::<Usage>() => "usage",
        None if error.is::<Interrupted>() => "interrupted",
        None => "failed",
    }
}

/// What the operator can do about an error.
pub fn hint(error: &anyhow::Error) -> Option<String> {
    if let Some(usage) = error.downcast_ref::<Usage>() {
        return usage.hint.clone();
    }
    if let Some(passed) = error.downcast_ref::<Passed>() {
        return passed.hint.clone();
    }
    if let Some(bad) = error.downcast_ref::<BadNews>() {
        return bad.hint.clone();
    }
    if let Some(hinted) = error.downcast_ref::<Hinted>() {
        return Some(hinted.hint.clone());
    }
    if let Some(unsure) = error.downcast_ref::<Unsure>() {
        return Some(unsure.hint.clone());
    }
    if let Some(near) = error.downcast_ref::<Near>() {
        let names: Vec<String> = near.names.iter().map(|name| format!("`{name}`")).collect();
        return Some(format!("did you mean {}? `ztm tenant list` shows all", names.join(" or ")));
    }
    match error.downcast_ref::<Error>()? {
        Error::Timeout { what, .. } if ["GET ", "POST ", "PUT ", "PATCH ", "DELETE "].iter().any(|m| what.starts_with(m)) => {
            Some("`--request-timeout` sets how long an answer is waited for".into())
        }
        Error::NotFound { what: "context", .. } => {
            Some("`ztm context list` shows the contexts; without `--context`, ZTM_CONTEXT and ZTM_KUBE_CONTEXT it is the file's".into())
        }
        error => error.hint(),
    }
}
