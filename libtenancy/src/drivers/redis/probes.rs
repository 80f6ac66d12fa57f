//! What servers say of their version, of what they forget at a restart, and of what they throw away when they are full.
//!
//! A managed server may refuse CONFIG; then INFO says what it can, and the rest is said to be unknown.

use std::collections::{BTreeMap, HashMap};

use ::redis::Value;

use super::{Redis, connection::classify, rows::damaged};
use crate::{
    error::Result,
    ports::probes::{Look, Probed, Probes, Verdict},
};

/// The first version that has what the scripts use.
const FIRST: u32 = 7;

/// The settings that are asked for.
const SETTINGS: [&str; 4] = ["appendonly", "appendfsync", "save", "maxmemory-policy"];

/// The only policy under which nothing is thrown away.
const KEEPS_ALL: &str = "noeviction";

/// The servers, asked how they are set up.
#[derive(Debug)]
pub struct RedisProbes {
    redis: Redis,
    keeps_jobs: bool,
}

impl RedisProbes {
    /// With `keeps_jobs` a server must not forget; without, what is kept there can be made again.
    pub fn new(redis: Redis, keeps_jobs: bool) -> Self {
        Self { redis, keeps_jobs }
    }

    async fn look(&self) -> Result<Probed> {
        let link = &self.redis.shared.link;
        let mut told = link.send_to_masters(::redis::cmd("INFO")).await.map_err(classify)?;
        let mut command = ::redis::cmd("CONFIG");
        command.arg("GET").arg(&SETTINGS);
        let mut settings: BTreeMap<String, Value> = match link.send_to_masters(command).await {
            Ok(settings) => settings.into_iter().collect(),
            // It is answered, and refused: a server that does not answer says nothing of its settings.
            Err(error) if error.code().is_some() => BTreeMap::new(),
            Err(error) => return Err(classify(error)),
        };
        told.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut found = Vec::new();
        for (address, info) in told {
            let info: String = ::redis::from_redis_value(info).map_err(|_| damaged("answer to INFO"))?;
            let settings = settings.remove(&address).map(::redis::from_redis_value).transpose();
            let settings = settings.map_err(|_| damaged("answer to CONFIG GET"))?;
            found.push((address, Setup::read(&info, settings)));
        }
        Ok(judged(&found, self.keeps_jobs))
    }
}

impl Probes for RedisProbes {
    fn probe_looks(&self) -> Vec<Look<'_>> {
        vec![Look { part: "redis", look: Box::pin(self.look()) }]
    }
}

/// How a server is set up; `None` where it does not say.
#[derive(Debug, PartialEq, Eq)]
struct Setup {
    version: Option<String>,
    policy: Option<String>,
    /// Whether it appends what it does to a file.
    appends: Option<bool>,
    /// When that file is on the disk.
    fsync: Option<String>,
    /// When it writes everything down; empty for never.
    save: Option<String>,
}

/// Something that is not as it should be.
struct Trouble {
    verdict: Verdict,
    text: String,
    fix: &'static str,
}

impl Setup {
    fn read(info: &str, settings: Option<HashMap<String, String>>) -> Self {
        let info = |key: &str| {
            let value = info.lines().find_map(|line| line.trim_end().strip_prefix(key)?.strip_prefix(':'));
            value.map(str::to_owned)
        };
        let mut settings = settings.unwrap_or_default();
        let mut setting = |name: &str| settings.remove(name);
        Self {
            version: info("redis_version"),
            policy: setting("maxmemory-policy").or_else(|| info("maxmemory_policy")),
            appends: setting("appendonly").map(|on| on == "yes").or_else(|| info("aof_enabled").map(|on| on == "1")),
            fsync: setting("appendfsync"),
            save: setting("save"),
        }
    }

    fn troubles(&self, keeps_jobs: bool) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        let mut add = |verdict, text: String, fix| troubles.push(Trouble { verdict, text, fix });
        let version = self.version.as_deref().unwrap_or("unknown");
        if version.split('.').next().and_then(|major| major.parse().ok()).is_none_or(|major: u32| major < FIRST) {
            add(Verdict::Fail, format!("its version is {version}"), "use Redis 7 or later");
        }
        if !keeps_jobs {
            return troubles;
        }
        match self.policy.as_deref() {
            Some(KEEPS_ALL) => {}
            Some(other) => add(
                Verdict::Fail,
                format!("it throws keys away when it is full (`maxmemory-policy {other}`), and jobs are kept there"),
                "`CONFIG SET maxmemory-policy noeviction`, and the same in its configuration",
            ),
            None => add(
                Verdict::Warn,
                "it does not say its `maxmemory-policy`".to_owned(),
                "see to it that `maxmemory-policy` is `noeviction`",
            ),
        }
        let append = "`CONFIG SET appendonly yes`, and the same in its configuration";
        match (self.appends, self.fsync.as_deref(), self.save.as_deref()) {
            (Some(true), Some("no"), _) => add(
                Verdict::Warn,
                "its file reaches the disk whenever the system likes (`appendfsync no`)".to_owned(),
                "`CONFIG SET appendfsync always`, and the same in its configuration",
            ),
            (Some(true), ..) => {}
            (Some(false), _, Some("")) => add(
                Verdict::Fail,
                "it writes nothing to disk (`appendonly no`, no `save`): a restart forgets every job".to_owned(),
                append,
            ),
            (Some(false), ..) => add(
                Verdict::Warn,
                "it has no append-only file (`appendonly no`): a restart forgets the latest jobs".to_owned(),
                append,
            ),
            (None, ..) => add(
                Verdict::Warn,
                "it does not say whether it writes to disk".to_owned(),
                "see to it that `appendonly` is `yes`",
            ),
        }
        if self.fsync.is_none() || self.save.is_none() {
            add(
                Verdict::Warn,
                "its `appendfsync` and `save` could not be asked: it refuses CONFIG GET".to_owned(),
                "look at them where the server is managed: `appendfsync` is to be `always` or `everysec`",
            );
        }
        troubles
    }

    /// What is as it should be.
    fn text(&self, keeps_jobs: bool) -> String {
        let version = self.version.as_deref().unwrap_or("unknown");
        match self.fsync.as_deref() {
            Some("everysec") if keeps_jobs => format!(
                "version {version}, `{KEEPS_ALL}`, appends to its file (`appendfsync everysec`: a power loss takes up to two seconds)"
            ),
            Some(fsync) if keeps_jobs => {
                format!("version {version}, `{KEEPS_ALL}`, appends to its file (`appendfsync {fsync}`)")
            }
            _ => format!("version {version}; what is kept there can be made again"),
        }
    }
}

/// All servers together. The same trouble of several is said once, with whose it is.
fn judged(servers: &[(String, Setup)], keeps_jobs: bool) -> Probed {
    let mut troubles: Vec<(Trouble, Vec<&str>)> = Vec::new();
    for (address, setup) in servers {
        for trouble in setup.troubles(keeps_jobs) {
            match troubles.iter_mut().find(|(known, _)| known.text == trouble.text) {
                Some((_, whose)) => whose.push(address),
                None => troubles.push((trouble, vec![address])),
            }
        }
    }
    troubles.sort_by_key(|(trouble, _)| std::cmp::Reverse(trouble.verdict));
    let Some((worst, _)) = troubles.first() else {
        let text = servers.first().map(|(_, setup)| setup.text(keeps_jobs)).unwrap_or_default();
        let many = if servers.len() > 1 { format!("{} masters: ", servers.len()) } else { String::new() };
        return Probed::ok(format!("{many}{text}"));
    };
    let verdict = worst.verdict;
    let say = |(trouble, whose): &(Trouble, Vec<&str>)| {
        let names = whose.join(", ");
        if names.is_empty() { trouble.text.clone() } else { format!("{names}: {}", trouble.text) }
    };
    let texts: Vec<String> = troubles.iter().map(say).collect();
    let fixes: Vec<&str> = troubles.iter().map(|(trouble, _)| trouble.fix).collect();
    Probed { verdict, text: texts.join("; "), hint: Some(fixes.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that says this in INFO, and this of its settings.
    fn verdict(info: &str, settings: Option<[&str; 4]>) -> (Verdict, String) {
        let settings = settings.map(|values| {
            SETTINGS.iter().zip(values).map(|(name, value)| ((*name).to_owned(), value.to_owned())).collect()
        });
        let judged = judged(&[(String::new(), Setup::read(info, settings))], true);
        (judged.verdict, judged.text)
    }

    #[test]
    fn a_server_must_be_new_enough_keep_all_and_write_it_down() {
        let new = "redis_version:7.0.15\r\naof_enabled:1\r\nmaxmemory_policy:noeviction\r\n";
        for (settings, expected) in [
            (["yes", "always", "", KEEPS_ALL], Verdict::Ok),
            (["yes", "everysec", "3600 1", KEEPS_ALL], Verdict::Ok),
            (["yes", "no", "", KEEPS_ALL], Verdict::Warn),
            (["no", "everysec", "3600 1", KEEPS_ALL], Verdict::Warn),
            (["no", "everysec", "", KEEPS_ALL], Verdict::Fail),
            (["yes", "always", "", "volatile-ttl"], Verdict::Fail),
        ] {
            assert_eq!(verdict(new, Some(settings)).0, expected, "{settings:?}");
        }
        let old = new.replace("7.0.15", "6.2.7");
        assert_eq!(
            verdict(&old, Some(["yes", "always", "", KEEPS_ALL])),
            (Verdict::Fail, "its version is 6.2.7".into())
        );
        assert_eq!(verdict("", Some(["yes", "always", "", KEEPS_ALL])).0, Verdict::Fail);
    }

    #[test]
    fn what_a_managed_server_does_not_say_is_a_warning_and_what_it_says_counts() {
        let info = "redis_version:7.1.0\r\naof_enabled:0\r\nmaxmemory_policy:noeviction\r\n";
        let (state, text) = verdict(info, None);
        assert_eq!(state, Verdict::Warn);
        assert!(text.contains("no append-only file") && text.contains("could not be asked"), "{text}");
        let (state, text) = verdict(&info.replace("noeviction", "allkeys-lru"), None);
        assert_eq!(state, Verdict::Fail);
        assert!(text.contains("allkeys-lru"), "{text}");
        let (state, text) = verdict(&info.replace("aof_enabled:0", "aof_enabled:1"), None);
        assert_eq!((state, text.matches(';').count()), (Verdict::Warn, 0), "{text}");
    }

    #[test]
    fn where_no_job_is_kept_only_the_version_counts() {
        let setup = || Setup::read("redis_version:7.2.4\nmaxmemory_policy:allkeys-lru\n", None);
        assert_eq!(judged(&[(String::new(), setup())], false).verdict, Verdict::Ok);
        assert_eq!(judged(&[(String::new(), setup())], true).verdict, Verdict::Fail);
    }
}
