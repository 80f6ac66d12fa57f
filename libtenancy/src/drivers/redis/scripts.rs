//! The scripts, one file each in `lua/`, with what they share put before them.
//!
//! They are called by their hash; a server that has forgotten them (it restarted, or another took over) is sent the text
//! (M16). The first line of each says whether it writes: a server that is full or cannot write refuses those that do
//! before they begin, for what a script has done is not undone.

use std::sync::OnceLock;

/// A script.
#[derive(Debug)]
pub(super) struct Script {
    /// Its text.
    pub(super) text: &'static str,
    /// Whether it only reads.
    pub(super) reads: bool,
    hash: OnceLock<String>,
}

impl Script {
    /// The hash by which servers know it.
    pub(super) fn hash(&self) -> &str {
        self.hash.get_or_init(|| ::redis::Script::new(self.text).get_hash().to_owned())
    }
}

macro_rules! script {
    ($name:ident, $first:literal, $reads:literal, $file:literal) => {
        #[doc = concat!("See `lua/", $file, "`.")]
        pub(super) static $name: Script = Script {
            text: concat!(
                $first,
                "\n",
                include_str!("lua/prelude.lua"),
                include_str!("lua/queue.lua"),
                include_str!(concat!("lua/", $file)),
            ),
            reads: $reads,
            hash: OnceLock::new(),
        };
    };
}

macro_rules! scripts {
    (writes: $($write:ident $write_file:literal),* ; reads: $($read:ident $read_file:literal),* $(;)?) => {
        $(script!($write, "#!lua", false, $write_file);)*
        $(script!($read, "#!lua flags=no-writes", true, $read_file);)*

        /// Every script.
        #[cfg(test)]
        pub(super) static ALL: &[(&str, &Script)] = &[$(($write_file, &$write),)* $(($read_file, &$read)),*];
    };
}

macro_rules! alone {
    ($($name:ident $file:literal),* $(,)?) => {
        $(
            #[doc = concat!("See `lua/alone/", $file, "`.")]
            pub(super) static $name: Script = Script {
                text: concat!(
                    "#!lua\n",
                    include_str!("lua/alone/prelude.lua"),
                    include_str!(concat!("lua/alone/", $file)),
                ),
                reads: false,
                hash: OnceLock::new(),
            };
        )*

        /// Every script of a key that stands alone.
        #[cfg(test)]
        pub(super) static ALONE: &[(&str, &str)] = &[$(($file, include_str!(concat!("lua/alone/", $file)))),*];
    };
}

alone! {
    WAKE_LOCK_ACQUIRE "wake_lock_acquire.lua",
    WAKE_LOCK_RENEW "wake_lock_renew.lua",
    WAKE_LOCK_RELEASE "wake_lock_release.lua",
    LEADER_ACQUIRE "leader_acquire.lua",
    LEADER_RESIGN "leader_resign.lua",
    ENDPOINT_PUT "endpoint_put.lua",
    ENDPOINT_REMOVE "endpoint_remove.lua",
    JOURNAL_APPEND "journal_append.lua",
    RECEIPT_BEGIN "receipt_begin.lua",
    RECEIPT_END "receipt_end.lua",
    RECEIPT_DROP "receipt_drop.lua",
}

scripts! {
    writes:
        SUBMIT "submit.lua", CLAIM "claim.lua", RENEW "renew.lua", FINALIZE "finalize.lua", CANCEL "cancel.lua",
        RETRY "retry.lua", REAP "reap.lua", SWEEP "sweep.lua", CAPACITY "capacity.lua", TURN_ADMIT "turn_admit.lua",
        TURN_SETTLE "turn_settle.lua", QUOTA_SET "quota_set.lua", GRANT "grant.lua", REVOKE "revoke.lua", USAGE "usage.lua",
        CLOSE "close.lua", OUTBOX_TRIM "outbox_trim.lua", ROLLBACK "rollback.lua";
    reads:
        ACCOUNT "account.lua", JOB "job.lua", LIST "list.lua", PLACE "place.lua", VIEW "view.lua", READY "ready.lua",
        OUTBOX_READ "outbox_read.lua";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_says_why_and_what_it_takes_and_returns() {
        let prelude = include_str!("lua/prelude.lua");
        for (name, script) in ALL {
            let own = script.text.rsplit_once(include_str!("lua/queue.lua")).unwrap().1;
            for word in ["-- Why: ", "-- KEYS[1]: sys:{p07}:meta", "-- Returns "] {
                assert!(own.contains(word), "{name} lacks {word:?}");
            }
            assert!(script.text.starts_with("#!lua") && script.text.contains(prelude), "{name}");
        }
        for (name, own) in ALONE {
            for word in ["-- Why: ", "-- KEYS[1]: ", "-- Returns "] {
                assert!(own.contains(word), "{name} lacks {word:?}");
            }
        }
        let files = |directory: &str| {
            let files =
                std::fs::read_dir(format!("{}/src/drivers/redis/{directory}", env!("CARGO_MANIFEST_DIR"))).unwrap();
            files.filter(|entry| entry.as_ref().unwrap().path().is_file()).count()
        };
        assert_eq!(files("lua"), ALL.len() + 2, "a script that nobody calls, or that is in no list");
        assert_eq!(files("lua/alone"), ALONE.len() + 1, "a script that nobody calls, or that is in no list");
    }

    #[test]
    fn m23_no_script_joins_a_number_to_a_text_by_itself() {
        // `..` writes a number with 14 digits. What is joined is a text, or was made one by `fmt`.
        for (name, script) in ALL {
            for line in script.text.lines().filter(|line| line.contains("..") && !line.trim_start().starts_with("--")) {
                for number in ["seq", "now", "epoch", "clock", "cost", "amount", "lease_until", "due", "tag"] {
                    let joined = [format!(".. {number} "), format!(".. {number})"), format!(" {number} ..")];
                    assert!(!joined.iter().any(|text| line.contains(text.as_str())), "{name}: {line}");
                }
            }
        }
    }
}
