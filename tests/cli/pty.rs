//! A terminal, both ends of it.

use std::{
    fs::File,
    os::fd::{AsFd, OwnedFd},
    process::Stdio,
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

/// The end that a person sits at, and the end that a program is given.
pub(crate) struct Pty {
    pub(crate) person: File,
    program: OwnedFd,
}

impl Pty {
    pub(crate) fn open(columns: u16, rows: u16) -> Self {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let program = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap().into();
        let person = File::from(person);
        resize(&person, columns, rows);
        Self { person, program }
    }

    /// A standard stream of the program.
    pub(crate) fn stream(&self) -> Stdio {
        Stdio::from(self.program.try_clone().unwrap())
    }

    /// What the program writes can be read here, by another thread.
    pub(crate) fn reader(&self) -> File {
        File::from(self.person.as_fd().try_clone_to_owned().unwrap())
    }
}

/// Makes the terminal so large.
pub(crate) fn resize(person: &File, columns: u16, rows: u16) {
    tcsetwinsize(person, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
}
