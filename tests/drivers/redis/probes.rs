//! How real servers are set up, and what is found of it.

use libtenancy::{
    drivers::redis::{ACCESS, Redis, Settings, probes::RedisProbes},
    ports::{
        jobs::JobSettings,
        probes::{Probed, Verdict},
    },
};

use super::server::{Cluster, Server, connect};
use crate::probes::only;

async fn probed(url: &str, cluster: bool) -> Probed {
    let settings = Settings { cluster, ..Settings::new(url) };
    let redis = Redis::open(&settings, JobSettings::default()).await.unwrap();
    only(&RedisProbes::new(redis, true)).await.unwrap()
}

async fn set(url: &str, settings: &[&str]) {
    let mut command = ::redis::cmd("CONFIG");
    command.arg("SET").arg(settings).query_async::<()>(&mut connect(url).await).await.unwrap();
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_server_that_evicts_or_forgets_fails_until_it_is_set_right() {
    let server = Server::start(&["--maxmemory-policy", "allkeys-lru", "--appendonly", "no"]).await;
    let found = probed(&server.url, false).await;
    assert_eq!(found.verdict, Verdict::Fail, "{found:?}");
    for word in ["maxmemory-policy allkeys-lru", "a restart forgets every job"] {
        assert!(found.text.contains(word), "{word}: {found:?}");
    }
    let fix = found.hint.unwrap();
    assert!(fix.contains("CONFIG SET maxmemory-policy noeviction"), "{fix}");
    assert!(fix.contains("CONFIG SET appendonly yes"), "{fix}");

    // As the fix says.
    set(&server.url, &["maxmemory-policy", "noeviction"]).await;
    let found = probed(&server.url, false).await;
    assert!(found.verdict == Verdict::Fail && !found.text.contains("maxmemory"), "{found:?}");
    set(&server.url, &["save", "3600 1"]).await;
    let found = probed(&server.url, false).await;
    assert_eq!(found.verdict, Verdict::Warn, "{found:?}");
    set(&server.url, &["appendonly", "yes", "appendfsync", "no"]).await;
    let found = probed(&server.url, false).await;
    assert!(found.verdict == Verdict::Warn && found.text.contains("appendfsync no"), "{found:?}");
    set(&server.url, &["appendfsync", "always"]).await;
    let found = probed(&server.url, false).await;
    assert_eq!((found.verdict, found.hint.as_ref()), (Verdict::Ok, None), "{found:?}");
    assert!(found.text.starts_with("version 7") && found.text.contains("appendfsync always"), "{found:?}");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_server_that_refuses_config_is_judged_by_what_it_says_and_the_rest_is_a_warning() {
    let sound = ["--appendonly", "yes", "--appendfsync", "always"];
    // As managed servers have it.
    let managed = Server::start(&[&sound[..], &["--rename-command", "CONFIG", ""]].concat()).await;
    let evicting =
        Server::start(&[&sound[..], &["--rename-command", "CONFIG", "", "--maxmemory-policy", "allkeys-lfu"]].concat())
            .await;
    // And a user with the rights that the docs name.
    let own = Server::start(&sound).await;
    let rules: Vec<&str> = ACCESS.split(' ').collect();
    let user = ::redis::cmd("ACL").arg("SETUSER").arg("ztm").arg("on").arg(">s3cr3t").arg(&rules).to_owned();
    user.query_async::<()>(&mut connect(&own.url).await).await.unwrap();
    for url in [&managed.url, &own.url.replace("redis://", "redis://ztm:s3cr3t@")] {
        let found = probed(url, false).await;
        assert_eq!(found.verdict, Verdict::Warn, "{found:?}");
        assert!(found.text.contains("could not be asked") && found.hint.is_some(), "{found:?}");
    }
    let found = probed(&evicting.url, false).await;
    assert!(found.verdict == Verdict::Fail && found.text.contains("allkeys-lfu"), "{found:?}");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn every_master_of_a_cluster_is_asked() {
    let cluster = Cluster::start(false).await;
    for index in 0..3 {
        set(&cluster.node(index), &["appendonly", "yes", "appendfsync", "everysec"]).await;
    }
    let found = probed(&cluster.url, true).await;
    assert_eq!(found.verdict, Verdict::Ok, "{found:?}");
    assert!(found.text.starts_with("3 masters: version 7"), "{found:?}");
    let odd = cluster.node(2);
    set(&odd, &["maxmemory-policy", "volatile-lru"]).await;
    let found = probed(&cluster.url, true).await;
    let address = odd.trim_start_matches("redis://");
    assert_eq!(found.verdict, Verdict::Fail, "{found:?}");
    assert!(found.text.starts_with(&format!("{address}: it throws keys away")), "{found:?}");
}
