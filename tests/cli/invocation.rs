//! Runs `ztm` in an environment of its own, and shows what came of it.

use std::{ffi::OsStr, fmt, path::Path, process::ExitStatus, time::Duration};

/// No command of these tests may take longer.
const LIMIT: Duration = Duration::from_mins(1);

/// A home directory with nothing in it, and what is to be hidden from snapshots.
pub(crate) struct World {
    home: tempfile::TempDir,
    variables: Vec<(String, String)>,
    hidden: Vec<(String, &'static str)>,
}

impl World {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let hidden = vec![(home.path().display().to_string(), "[HOME]")];
        Self { home, variables: Vec::new(), hidden }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where the embedded control plane of this world is.
    pub(crate) fn state_dir(&self) -> std::path::PathBuf {
        self.home().join(".local/state/ztm")
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn config(self, text: &str) -> Self {
        let directory = self.home().join(".config/ztm");
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("config.toml"), text).unwrap();
        self
    }

    /// Replaces `text` in snapshots.
    pub(crate) fn hide(&mut self, text: impl Into<String>, name: &'static str) {
        self.hidden.push((text.into(), name));
    }

    /// The environment of every command of this world.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let mut all = vec![
            ("HOME".to_owned(), self.home().display().to_string()),
            ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("TERM".to_owned(), "xterm".to_owned()),
            ("ZTM_REQUEST_ID".to_owned(), "test".to_owned()),
        ];
        all.extend(self.variables.clone());
        all
    }

    pub(crate) fn command(&self) -> assert_cmd::Command {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_ztm"));
        command.env_clear().envs(self.environment()).current_dir(self.home()).timeout(LIMIT);
        command
    }

    pub(crate) fn ztm<I, S>(&self, args: I) -> Ended
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.ended(self.command().args(args))
    }

    /// With something on standard input.
    pub(crate) fn ztm_reading(&self, input: &str, args: &[&str]) -> Ended {
        self.ended(self.command().args(args).write_stdin(input))
    }

    pub(crate) fn ended(&self, command: &mut assert_cmd::Command) -> Ended {
        let output = command.output().unwrap();
        self.ended_with(output.status, output.stdout, output.stderr)
    }

    /// What was written by a command that has ended so.
    pub(crate) fn ended_with(&self, status: ExitStatus, stdout: Vec<u8>, stderr: Vec<u8>) -> Ended {
        Ended {
            code: status.code(),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
            hidden: self.hidden.clone(),
        }
    }
}

/// A command that has ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    hidden: Vec<(String, &'static str)>,
}

impl Ended {
    /// Standard output as one JSON document.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}\n{self}"))
    }

    /// Standard error as one JSON document.
    pub(crate) fn json_error(&self) -> serde_json::Value {
        serde_json::from_str(&self.stderr).unwrap_or_else(|e| panic!("{e}\n{self}"))
    }

    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or("by a signal".to_owned(), |code| code.to_string());
        let mut text = format!("exit: {code}\n--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr);
        for (hidden, name) in &self.hidden {
            text = text.replace(hidden, name);
        }
        f.write_str(&text)
    }
}
