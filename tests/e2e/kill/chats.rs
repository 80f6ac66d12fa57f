//! What was written into chats, and whether what came back is what may come back.

use std::collections::BTreeMap;

use libtenancy::chat;

use crate::plane::{Plane, Tenant};

/// Random numbers that a seed reproduces (xorshift64*; S. Vigna, "An experimental exploration of Marsaglia's xorshift
/// generators, scrambled", 2016).
pub(crate) struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    /// Seeded by `ZTM_TEST_SEED`, else by chance.
    pub(crate) fn from_environment() -> Self {
        let seed = match std::env::var("ZTM_TEST_SEED") {
            Ok(text) => text.parse().expect("ZTM_TEST_SEED is a number"),
            Err(_) => u64::from_le_bytes(libtenancy::secret::random_bytes().unwrap()),
        };
        Self::new(seed)
    }

    fn new(seed: u64) -> Self {
        Self { seed, state: seed.max(1) }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Another one, that this one's seed reproduces too.
    pub(crate) fn fork(&mut self) -> Self {
        Self::new(self.next())
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// What was written, by tenant, in order.
#[derive(Default)]
pub(crate) struct Chats(BTreeMap<String, Vec<String>>);

/// What came back, beyond what had to.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Messages written.
    pub(crate) written: usize,
    /// Parts that came twice.
    pub(crate) repeats: u64,
    /// Turns that an agent ran again, by tenant.
    pub(crate) turns_repeated: BTreeMap<String, u64>,
    /// "Starting" messages that no reply replaced.
    pub(crate) starting: u64,
}

impl Chats {
    /// The tenant's next message. The built-in agent answers every sixth or so with a reply of several parts, whose
    /// length says which one it is.
    pub(crate) fn next(&mut self, tenant: &Tenant, dice: &mut Dice) -> String {
        let written = self.0.entry(tenant.id.clone()).or_default();
        let number = written.len() + 1;
        let text = match dice.below(12) {
            0 => format!("/long {}", 9_000 + number),
            1 => format!("/sleep {}", dice.below(200)),
            _ => format!("message {number} of {};", tenant.id),
        };
        written.push(text.clone());
        text
    }

    /// How many messages were written to the tenant.
    pub(crate) fn written(&self, tenant: &Tenant) -> usize {
        self.0.get(&tenant.id).map_or(0, Vec::len)
    }

    /// Checks every chat against what was written: everything that was answered 200 is handled, its reply is there, in
    /// order, in the right parts, from an agent that forgot nothing. Repeats are counted.
    pub(crate) async fn examine(&self, plane: &Plane, tenants: &[Tenant]) -> Seen {
        let mut seen = Seen::default();
        for tenant in tenants {
            let written = self.0.get(&tenant.id).map_or(&[][..], Vec::as_slice);
            seen.written += written.len();
            let mut accepted = plane.double.accepted(&tenant.token);
            accepted.sort_unstable();
            accepted.dedup();
            assert_eq!(accepted.len(), written.len(), "{}: Telegram has given up nothing", tenant.id);
            let updates = plane.updates(tenant).await;
            let ids: Vec<i64> = updates.iter().map(|update| update["update_id"].as_i64().unwrap()).collect();
            assert_eq!(ids, accepted, "{}: what was answered 200 is stored", tenant.id);
            for update in &updates {
                assert_eq!(update["stage"], "handled", "{update}");
            }
            self.read(tenant, &plane.texts(tenant), &mut seen);
        }
        seen
    }

    /// Reads a chat as its user does.
    fn read(&self, tenant: &Tenant, texts: &[String], seen: &mut Seen) {
        let mut texts = texts.iter().peekable();
        let mut last: Option<String> = None;
        let mut remembered = 0;
        // What may come between: the part before once more, or a notice that was cut off from its reply.
        let mut next = |last: &Option<String>, expects: &dyn Fn(&str) -> bool, what: &str| -> String {
            loop {
                let Some(text) = texts.next() else { panic!("{}: lost: {what}", tenant.id) };
                if expects(text) {
                    return text.clone();
                }
                if text == chat::STARTING {
                    seen.starting += 1;
                } else if Some(text) == last.as_ref() {
                    seen.repeats += 1;
                } else {
                    panic!("{}: {what} was due, and {:?} came", tenant.id, text.get(..80).unwrap_or(text));
                }
            }
        };
        for written in self.0.get(&tenant.id).map_or(&[][..], Vec::as_slice) {
            let said = match written.strip_prefix("/long ") {
                Some(length) => "x".repeat(length.parse().unwrap()),
                None => format!("you said: {written}"),
            };
            // The parts of a reply that begins with this number.
            let parts_of = |n: u64| chat::split(&format!("[{n}] {said}"));
            let is_first = |text: &str| number_of(text).is_some_and(|n| n > remembered && parts_of(n)[0] == text);
            let first = next(&last, &is_first, written);
            let n = number_of(&first).unwrap();
            if n > remembered + 1 {
                *seen.turns_repeated.entry(tenant.id.clone()).or_default() += n - remembered - 1;
            }
            remembered = n;
            last = Some(first);
            for part in &parts_of(n)[1..] {
                last = Some(next(&last, &|text| text == part, written));
            }
        }
        for text in texts {
            assert_eq!(Some(text), last.as_ref(), "{}: nothing else may come", tenant.id);
            seen.repeats += 1;
        }
    }
}

/// The number in front of the built-in agent's answers: how many messages it remembers.
pub(super) fn number_of(text: &str) -> Option<u64> {
    text.strip_prefix('[')?.split_once("] ")?.0.parse().ok()
}
