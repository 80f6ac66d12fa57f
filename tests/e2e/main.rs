//! The real command, black box: `ztm up` in a process of its own, with real agents, against a double of Telegram.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

<<<<<<< HEAD
mod hostile;
=======
mod bad_input;
<<<<<<< HEAD
>>>>>>> ecc2d48 (test(ztm): bad input and bad surroundings through the real binary)
=======
mod full_disk;
>>>>>>> 7bfb44b (test(ztm): a full disk refuses, loses nothing and recovers)
mod kill;
mod lifecycle;
mod plane;
mod processes;
mod telegram;
mod world;
mod zeroclaw;
