//! What scripts answer, read back into the library's types.

use std::collections::HashMap;

use ::redis::Value;

use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    error::{Error, Result},
    fairness::DEFAULT_PRIORITY,
    jobs::{DEFAULT_ATTEMPTS, DelayReason, Job, JobEpoch, JobId, JobState},
    quota::{Account, Budget, Hold, Period, Quota, Standing, grants_parse},
};

/// An answer, read from its front.
#[derive(Debug)]
pub(super) struct Answer {
    /// `OK`, or what else a script begins with.
    pub(super) word: String,
    /// The partition's sequence number then.
    pub(super) seq: u64,
    values: std::vec::IntoIter<Value>,
}

/// The error of an answer that is none of ours.
pub(super) fn damaged(what: &str) -> Error {
    Error::Corrupt { what: "value", path: "redis".into(), reason: format!("unexpected {what}") }
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| damaged(&format!("value {text:?}")))
}

fn text(value: Value) -> Result<Option<String>> {
    match value {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| damaged("bytes that are no text")),
        Value::SimpleString(text) => Ok(Some(text)),
        Value::Int(number) => Ok(Some(number.to_string())),
        _ => Err(damaged("kind of value")),
    }
}

impl Answer {
    /// Reads the word and the sequence number that every script begins with.
    pub(super) fn read(value: Value) -> Result<Self> {
        let Value::Array(values) = value else { return Err(damaged("answer of a script")) };
        let mut answer = Self { word: String::new(), seq: 0, values: values.into_iter() };
        answer.word = answer.text()?;
        answer.seq = answer.number()?;
        Ok(answer)
    }

    /// The next value, if there is one and it is not nil.
    pub(super) fn maybe(&mut self) -> Result<Option<String>> {
        self.values.next().map_or(Ok(None), text)
    }

    /// The next value.
    pub(super) fn text(&mut self) -> Result<String> {
        self.maybe()?.ok_or_else(|| damaged("end of an answer"))
    }

    /// The next value, as whatever is read from text.
    pub(super) fn number<T: std::str::FromStr>(&mut self) -> Result<T> {
        parsed(&self.text()?)
    }

    /// The next value, a time.
    pub(super) fn time(&mut self) -> Result<Option<Timestamp>> {
        let Some(text) = self.maybe()? else { return Ok(None) };
        text.parse().map(|micros| Some(Timestamp::from_micros(micros))).map_err(|_| damaged("time"))
    }

    /// Whether nothing is left.
    pub(super) fn is_over(&self) -> bool {
        self.values.as_slice().is_empty()
    }

    /// What is left, as fields and values.
    pub(super) fn fields(&mut self) -> Result<Fields> {
        Fields::read(self.values.by_ref())
    }

    /// The next value, a list of fields and values.
    pub(super) fn fields_next(&mut self) -> Result<Fields> {
        match self.values.next() {
            Some(Value::Array(values)) => Fields::read(values.into_iter()),
            Some(Value::Map(pairs)) => Fields::read(pairs.into_iter().flat_map(|(name, value)| [name, value])),
            _ => Err(damaged("end of an answer")),
        }
    }
}

/// A hash.
#[derive(Debug)]
pub(super) struct Fields(HashMap<String, String>);

impl Fields {
    fn read(mut values: impl Iterator<Item = Value>) -> Result<Self> {
        let mut fields = HashMap::new();
        while let (Some(name), Some(value)) = (values.next(), values.next()) {
            let (Some(name), Some(value)) = (text(name)?, text(value)?) else { return Err(damaged("nil in a hash")) };
            fields.insert(name, value);
        }
        Ok(Self(fields))
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A number; what stands for one that is not there.
    fn number<T: std::str::FromStr>(&self, name: &str, otherwise: T) -> Result<T> {
        match self.0.get(name).filter(|text| !text.is_empty()) {
            None => Ok(otherwise),
            Some(text) => text.parse().map_err(|_| damaged(&format!("{name} {text:?}"))),
        }
    }

    fn credits(&self, name: &str) -> Result<MicroCredits> {
        Ok(MicroCredits(self.number(name, 0)?))
    }

    fn time(&self, name: &str) -> Result<Timestamp> {
        Ok(Timestamp::from_micros(self.number(name, 0)?))
    }

    /// The account that these are; see `lua/prelude.lua` for its values.
    pub(super) fn account(&self) -> Result<Account> {
        let budget = match self.text("period") {
            "" => None,
            period => Some(Budget {
                period: Period::from_label(period).ok_or_else(|| damaged("period"))?,
                limit: self.credits("limit")?,
                hard: self.text("hard") == "1",
            }),
        };
        Ok(Account {
            quota: Quota {
                rate: self.credits("rate_per_sec")?,
                burst: self.credits("burst")?,
                weight: self.number("weight", 1)?,
                max_running: self.number("max_running", 1)?,
                budget,
            },
            bucket: self.credits("credits")?,
            refilled_at: self.time("last_us")?,
            remainder: self.number("rest", 0)?,
            grants: grants_parse(self.text("grants")).ok_or_else(|| damaged("grants"))?,
            held: self.credits("held")?,
            period: self.number("period_number", 0)?,
            period_spent: self.credits("spent")?,
            period_granted: self.credits("granted")?,
            noticed: self.number("noticed", 0)?,
            running: self.number("running", 0)?,
            standing: Standing::from_label(self.text("standing"), self.number("due_us", 0)?)
                .ok_or_else(|| damaged("standing"))?,
            tag: self.number("tag", 0)?,
            used: self.number("used", 0)?,
            used_at: self.time("used_us")?,
            agent_clock: self.number("agent_clock", 0)?,
        })
    }

    /// The job that these are; see `lua/queue.lua` for its values.
    pub(super) fn job(mut self, id: JobId) -> Result<Job> {
        let state = match self.text("state") {
            "queued" => JobState::Queued,
            "delayed" => JobState::Delayed {
                until: self.time("until")?,
                reason: DelayReason::from_label(self.text("reason")).ok_or_else(|| damaged("reason"))?,
            },
            "running" => JobState::Running {
                worker: self.text("worker").parse().map_err(|_| damaged("worker"))?,
                lease_until: self.time("until")?,
            },
            "succeeded" => JobState::Succeeded { at: self.time("at")? },
            "dead" => JobState::Dead { at: self.time("at")? },
            "cancelled" => JobState::Cancelled { at: self.time("at")? },
            other => return Err(damaged(&format!("state {other:?}"))),
        };
        let grants = grants_parse(self.text("grants")).ok_or_else(|| damaged("grants"))?;
        Ok(Job {
            id,
            agent: self.text("agent").parse().map_err(|_| damaged("agent"))?,
            cost: self.credits("cost")?,
            priority: self.number("priority", DEFAULT_PRIORITY)?,
            max_attempts: self.number("max", DEFAULT_ATTEMPTS)?,
            state,
            attempts: self.number("attempts", 0)?,
            epoch: JobEpoch(self.number("epoch", 0)?),
            tag: self.number("tag", -1)?,
            hold: Hold { amount: self.credits("hold")?, grants },
            used: self.credits("used")?,
            cancel: self.text("cancel") == "1",
            submitted_at: self.time("submitted")?,
            result: self.0.remove("result"),
        })
    }
}
