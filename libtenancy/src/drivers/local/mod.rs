//! The embedded drivers: one SQLite file, a directory of archives, child processes.
