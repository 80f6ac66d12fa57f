//! The life of a tenant through the real webhook: sleep and wake with memory, state that is lost and found, deletion, a
//! new bot.

use serde_json::{Value, json};

use crate::{
    plane::{BOUND, Plane, Tenant},
    stores::{Stores, on_every_store},
};

/// The files below a directory, by their paths.
fn files(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// The archive that the record names.
fn archive(plane: &Plane, tenant: &Value) -> std::path::PathBuf {
    let path = plane.state_dir().join("snapshots").join(tenant["snapshot"]["key"].as_str().unwrap());
    assert!(path.is_file(), "{}", path.display());
    path
}

async fn r16_an_idle_agent_is_stopped_and_a_message_wakes_it_with_its_memory(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 1).await;
    assert_eq!(plane.converse(&tenant, "first", "first").await, "[1] you said: first");
    let idle = plane.wait_status(&tenant, "idle").await;
    assert_eq!(idle["stop_reason"]["kind"], "idle", "{idle}");
    assert_eq!((&idle["pod_name"], &idle["pod_ip"]), (&Value::Null, &Value::Null));
    archive(&plane, &idle);
    assert!(plane.agent(&tenant).is_none() && plane.held_locks().is_empty());
    assert_eq!(plane.converse(&tenant, "second", "second").await, "[2] you said: second");
    let running = plane.wait_status(&tenant, "running").await;
    assert!(running["generation"].as_u64() > idle["generation"].as_u64());
    plane.down().await;
}

async fn r10_messages_that_arrive_while_an_agent_is_being_stopped_are_answered(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "first", "first").await;
    plane.write(&tenant, "/sleep 1500");
    plane.wait("the agent is at work", async || (plane.memories(&tenant).len() == 2).then_some(())).await;
    let path = format!("/stop/{}", tenant.id);
    let stop = plane.ask("POST", &path, None);
    let meanwhile = async {
        plane.wait_status(&tenant, "stopping").await;
        plane.write(&tenant, "behind the stop");
        plane.answered(&tenant, "behind the stop").await
    };
    let (stopped, answer) = tokio::join!(stop, meanwhile);
    assert_eq!(stopped.ok()["stop_reason"]["kind"], "operator");
    assert_eq!(answer, "[3] you said: behind the stop");
    assert_eq!(plane.texts(&tenant)[1], "[2] you said: /sleep 1500", "what was in work was finished first");
    plane.down().await;
}

/// Waits until so many agents without a tenant are ready, of so many that there should be.
async fn pool_is(plane: &Plane, ready: usize) {
    let pool = async || plane.ztm(&["pool", "status", "-o", "json"]).await.ok().json();
    let settled = async || (pool().await["ready"] == ready && plane.processes().len() == ready + 1).then_some(());
    plane.wait(&format!("{ready} are ready"), settled).await;
    assert_eq!(pool().await["target"], ready);
}

async fn the_size_of_the_warm_pool_is_an_operators_until_it_is_left_to_the_configuration(stores: Stores) {
    let mut plane = Plane::start_on(stores, &["--warm", "1"]).await;
    pool_is(&plane, 1).await;
    let scaled = plane.ztm(&["pool", "scale", "3", "-o", "json"]).await.ok().json();
    assert_eq!((&scaled["target"], &scaled["configured"], &scaled["chosen"]), (&3.into(), &1.into(), &true.into()));
    pool_is(&plane, 3).await;
    let machines = plane.ztm(&["node", "list", "-o", "json"]).await.ok().json();
    let machine = &machines["nodes"][0];
    assert_eq!((&machine["warm"], &machine["tenants"]), (&3.into(), &json!([])), "{machines}");
    assert_eq!((&machine["micro_usd_per_hour"], &machines["unknown_prices"]), (&Value::Null, &1.into()), "{machines}");
    plane.ztm(&["pool", "scale", "0"]).await.ok();
    pool_is(&plane, 0).await;
    plane.ztm(&["pool", "scale", "2"]).await.ok();
    // It outlives the control plane, however that ends.
    plane.kill().await;
    plane.up().await;
    pool_is(&plane, 2).await;
    // Two at once: the one that is written last is in force.
    let (one, other) = tokio::join!(plane.ztm(&["pool", "scale", "1"]), plane.ztm(&["pool", "scale", "3"]));
    drop((one.ok(), other.ok()));
    let written = std::fs::read_to_string(plane.state_dir().join("pool-size")).unwrap();
    pool_is(&plane, written.trim().parse().unwrap()).await;
    plane.ztm(&["pool", "scale", "2"]).await.ok();
    pool_is(&plane, 2).await;
    let refused = plane.ztm(&["pool", "scale", "1001"]).await;
    assert!(refused.code == Some(2) && refused.stderr.contains("at most 1000"), "{refused:?}");
    let refused = plane.ask("PUT", "/pool", Some(json!({"size": 1_001}))).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    pool_is(&plane, 2).await;
    let reset = plane.ztm(&["pool", "scale", "--reset"]).await.ok().stdout;
    assert!(reset.contains("as configured"), "{reset}");
    pool_is(&plane, 1).await;
    plane.down().await;
}

async fn the_messages_of_a_tenant_that_an_operator_suspended_wait_until_it_is_resumed(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "before", "[1] you said: before").await;
    plane.ztm(&["tenant", "suspend", "acme", "--reason", "unpaid"]).await.ok();
    assert_eq!(plane.get(&tenant).await["status"], "idle");
    plane.write(&tenant, "meanwhile");
    plane.wait("it is stored", async || (plane.status().await["inbox"]["pending"] == 1).then_some(())).await;
    // It is not even tried, also not by a successor.
    plane.kill().await;
    plane.up().await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let waiting = plane.updates(&tenant).await.pop().unwrap();
    assert_eq!((&waiting["stage"], &waiting["takes"]), (&"pending".into(), &0.into()), "{waiting}");
    plane.ztm(&["tenant", "resume", "acme"]).await.ok();
    plane.answered(&tenant, "[2] you said: meanwhile").await;
    plane.down().await;
}

async fn a_warm_pool_is_as_large_as_the_wakes_of_late_would_have_needed(stores: Stores) {
    let mut plane = Plane::start_on(stores, &["--warm", "1..3"]).await;
    pool_is(&plane, 1).await;
    let mut tenants = Vec::new();
    for number in 1..=4 {
        tenants.push(plane.tenant(&format!("t{number}"), number, 3_600).await);
    }
    let target = async || plane.ztm(&["pool", "status", "-o", "json"]).await.ok().json()["target"].clone();
    futures::future::join_all(tenants[..2].iter().map(|tenant| plane.wake(tenant))).await;
    assert_eq!(target().await, 2);
    futures::future::join_all(tenants[2..].iter().map(|tenant| plane.wake(tenant))).await;
    assert_eq!(target().await, 3, "the bound, not the four");
    let filled = async || (plane.ztm(&["pool", "status", "-o", "json"]).await.ok().json()["ready"] == 3).then_some(());
    plane.wait("three are ready", filled).await;
    // What an operator says is in force until it is taken back.
    let text = plane.ztm(&["pool", "scale", "0"]).await.ok().stdout;
    assert!(text.contains(" of 0") && text.contains("configured are 1..3"), "{text}");
    let text = plane.ztm(&["pool", "scale", "--reset"]).await.ok().stdout;
    assert!(text.contains("of 3") && text.contains("by demand, 1..3"), "{text}");
    plane.down().await;
}

async fn local_state_that_is_gone_comes_back_from_the_published_snapshot(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 1).await;
    plane.converse(&tenant, "first", "[1] ").await;
    plane.converse(&tenant, "second", "[2] ").await;
    let idle = plane.wait_status(&tenant, "idle").await;
    let kept = std::fs::read(archive(&plane, &idle)).unwrap();
    std::fs::remove_dir_all(plane.home(&tenant)).unwrap();
    assert_eq!(plane.converse(&tenant, "/recall", "[3] ").await, "[3] first\nsecond\n/recall");
    let woken = plane.get(&tenant).await;
    assert!(woken["last_wake"]["restore_ms"].as_f64().unwrap() > 0.0, "{woken}");
    assert_eq!(std::fs::read(archive(&plane, &idle)).unwrap(), kept, "a restore changes no archive");
    plane.down().await;
}

async fn state_that_cannot_be_restored_is_a_failure_that_chat_and_operator_are_told(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let (damaged, gone) = (plane.tenant("damaged", 1, 1).await, plane.tenant("gone", 2, 1).await);
    let mut kept = Vec::new();
    for tenant in [&damaged, &gone] {
        plane.converse(tenant, "first", "[1] ").await;
    }
    for tenant in [&damaged, &gone] {
        let path = archive(&plane, &plane.wait_status(tenant, "idle").await);
        kept.push((path.clone(), std::fs::read(&path).unwrap()));
        std::fs::remove_dir_all(plane.home(tenant)).unwrap();
    }
    let mut bytes = kept[0].1.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    std::fs::write(&kept[0].0, bytes).unwrap();
    std::fs::remove_file(&kept[1].0).unwrap();
    for tenant in [&damaged, &gone] {
        plane.write(tenant, "second");
    }
    for (tenant, says) in [(&damaged, "damaged"), (&gone, "not found")] {
        let told = plane.answered(tenant, libtenancy::chat::GIVEN_UP).await;
        assert_eq!(told, libtenancy::chat::GIVEN_UP);
        plane
            .wait("it is dead-lettered", async || (plane.updates(tenant).await[1]["stage"] == "dead").then_some(()))
            .await;
        let tenant_view = plane.wait_status(tenant, "idle").await;
        assert_eq!(tenant_view["stop_reason"]["kind"], "wake_failed", "{tenant_view}");
        let dead = &plane.updates(tenant).await[1];
        assert_eq!(dead["stage"], "dead", "{dead}");
        assert!(dead["reason"].as_str().unwrap().contains(says), "{dead}");
        assert!(!plane.home(tenant).join("state/memory").exists(), "no memory was made up");
        let wake = plane.ztm(&["tenant", "wake", &tenant.id]).await;
        assert!(matches!(wake.code, Some(1 | 3)) && wake.stderr.contains(says), "{wake:?}");
    }
    // The operator puts the archives back, and the messages in their queue: nothing was lost.
    for (path, bytes) in kept {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    plane.ztm(&["inbox", "replay", "--all-dead"]).await.ok();
    for tenant in [&damaged, &gone] {
        assert_eq!(plane.answered(tenant, "second").await, "[2] you said: second");
    }
    plane.down().await;
}

async fn r17_a_deleted_tenant_leaves_nothing_and_one_with_its_state_kept_leaves_just_that(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let (gone, kept) = (plane.tenant("gone", 1, 3_600).await, plane.tenant("kept", 2, 3_600).await);
    for tenant in [&gone, &kept] {
        plane.converse(tenant, "first", "[1] ").await;
    }
    // Once idle and awake again, so that there is a snapshot beside the local state, and an agent.
    for tenant in [&gone, &kept] {
        plane.ask("POST", &format!("/stop/{}", tenant.id), None).await.ok();
        plane.converse(tenant, "second", "[2] ").await;
    }
    let agents = [plane.agent(&gone).unwrap(), plane.agent(&kept).unwrap()];
    let unasked = plane.ztm(&["tenant", "delete", "gone"]).await;
    assert_eq!(unasked.code, Some(2), "without a terminal, without `--yes`: {unasked:?}");
    assert!(agents[0].lives());
    plane.ztm(&["tenant", "delete", "gone", "--purge", "--yes"]).await.ok();
    plane.ztm(&["tenant", "delete", "kept", "--yes"]).await.ok();
    for (tenant, agent) in [&gone, &kept].into_iter().zip(&agents) {
        assert!(!agent.lives());
        assert!(plane.agent(tenant).is_none());
        assert_eq!(plane.double.webhook(&tenant.token), None);
        let path = format!("/tenants/{}", tenant.id);
        for answer in [plane.ask("GET", &path, None).await, plane.ask("DELETE", &path, None).await] {
            assert_eq!((answer.status, answer.code()), (404, "not_found"));
        }
        assert_eq!(plane.updates(tenant).await, Vec::<Value>::new());
    }
    let named: Vec<_> =
        files(&plane.state_dir()).into_iter().filter(|file| file.to_string_lossy().contains("/gone/")).collect();
    assert_eq!(named, Vec::<std::path::PathBuf>::new());
    assert!(!plane.home(&gone).exists() && plane.home(&kept).join("state/memory/brain.db").exists());
    // One that is created again begins anew, or goes on, accordingly.
    for (tenant, answer) in [(&gone, "[1] you said: again"), (&kept, "[3] you said: again")] {
        plane.create(tenant, 3_600).await;
        assert_eq!(plane.converse(tenant, "again", "again").await, answer);
    }
    plane.down().await;
}

async fn s18_a_new_bot_takes_over_at_once_and_the_old_ones_messages_are_dead_lettered(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let old = plane.tenant("acme", 1, 3_600).await;
    let secret = plane.double.webhook(&old.token).unwrap().secret;
    plane.write(&old, "/sleep 1500");
    plane.wait("the agent is at work", async || (plane.memories(&old).len() == 1).then_some(())).await;
    plane.write(&old, "too late");
    plane.double.wait_delivered(BOUND).await.unwrap();
    let new = Tenant { id: old.id.clone(), ..Tenant::new("acme-two", 2) };
    plane.double.bot_add(&new.token).unwrap();
    let token_file = plane.dir().join("new.token");
    std::fs::write(&token_file, &new.token).unwrap();
    std::fs::set_permissions(&token_file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let token_file = token_file.to_str().unwrap();
    plane.ztm(&["tenant", "update", "acme", "--bot-token-file", token_file]).await.ok();
    assert_eq!(plane.double.webhook(&old.token), None);
    let webhook = plane.double.webhook(&new.token).unwrap();
    assert_ne!(webhook.secret, secret);
    assert_eq!((webhook.url, webhook.max_connections), (format!("{}/tg/acme", plane.router()), 1));
    assert_eq!(plane.converse(&new, "hello", "hello").await, "[2] you said: hello");
    assert_eq!(plane.texts(&old), ["[1] you said: /sleep 1500"], "what was in work is answered by the old bot");
    plane.wait_drained().await;
    let updates = plane.updates(&old).await;
    let stages: Vec<&str> = updates.iter().map(|update| update["stage"].as_str().unwrap()).collect();
    assert_eq!(stages, ["handled", "dead", "handled"], "{updates:?}");
    assert!(updates[1]["reason"].as_str().unwrap().contains("bot was replaced"), "{}", updates[1]);
    // The old secret opens nothing any more.
    let body = json!({"update_id": 99, "message": {"message_id": 1, "date": 0, "chat": {"id": 1}, "text": "x"}});
    let answer = crate::plane::answer(plane.post_update("acme", secret.as_deref(), body.to_string())).await;
    assert_eq!((answer.status, answer.code()), (401, "unauthenticated"));
    plane.down().await;
}

async fn commands_without_a_control_plane_do_what_they_can_and_say_what_they_cannot(stores: Stores) {
    let mut plane = Plane::set_on(stores, &[]).await;
    let tenant = Tenant::new("acme", 1);
    plane.double.bot_add(&tenant.token).unwrap();
    let token_file = plane.dir().join("acme.token");
    std::fs::write(&token_file, &tenant.token).unwrap();
    std::fs::set_permissions(&token_file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let token_file = token_file.to_str().unwrap().to_owned();
    for arguments in [
        &["tenant", "wake", "acme"][..],
        &["tenant", "stop", "acme"],
        &["tenant", "delete", "acme", "--yes"],
        &["webhook", "info", "acme"],
        &["webhook", "register", "acme"],
        &["status"],
    ] {
        let refused = plane.ztm(arguments).await;
        assert_eq!(refused.code, Some(7), "{arguments:?}: {refused:?}");
        assert!(refused.stderr.contains("needs a running control plane"), "{arguments:?}: {refused:?}");
        assert!(refused.stderr.contains("ztm up"), "{arguments:?}: {refused:?}");
        assert!(!plane.state_dir().exists(), "{arguments:?} made something");
    }
    plane.ztm(&["tenant", "create", "acme", "--bot-token-file", &token_file, "--idle-timeout", "60"]).await.ok();
    plane.ztm(&["tenant", "update", "acme", "--idle-timeout", "3600"]).await.ok();
    let got = plane.ztm(&["tenant", "get", "acme", "-o", "json"]).await.ok().json();
    assert_eq!(
        (&got["idle_timeout_s"], &got["bot_id"], &got["status"]),
        (&3_600.into(), &tenant.bot.into(), &"idle".into())
    );
    assert_eq!(plane.ztm(&["tenant", "list", "-o", "name"]).await.ok().stdout.trim(), "acme");
    assert_eq!(plane.ztm(&["inbox", "list", "-o", "json"]).await.ok().json()["updates"], json!([]));
    assert_eq!(plane.double.webhook(&tenant.token), None, "nobody could answer");
    assert!(plane.processes().is_empty());
    // What was written is there when a control plane starts, its webhook too.
    plane.up().await;
    plane.double.wait_webhook(&tenant.token, BOUND).await.unwrap();
    plane.converse(&tenant, "hello", "[1] ").await;
    plane.write(&tenant, "/sleep 3000");
    plane.wait("the agent is at work", async || (plane.memories(&tenant).len() == 2).then_some(())).await;
    plane.write(&tenant, "unwanted");
    plane.double.wait_delivered(BOUND).await.unwrap();
    plane.kill().await;
    // The inbox of a dead control plane can be read and changed.
    let pending = plane.ztm(&["inbox", "list", "acme", "--stage", "pending", "-o", "name"]).await.ok().stdout;
    let pending: Vec<&str> = pending.lines().collect();
    assert_eq!(pending, [format!("acme/{}/2", tenant.bot), format!("acme/{}/3", tenant.bot)]);
    plane.ztm(&["inbox", "drop", pending[1], "--yes"]).await.ok();
    plane.up().await;
    plane.answered(&tenant, "[2] you said: /sleep 3000").await;
    plane.wait_drained().await;
    plane.ztm(&["inbox", "replay", pending[1]]).await.ok();
    assert_eq!(plane.answered(&tenant, "unwanted").await, "[3] you said: unwanted");
    plane.down().await;
}

// The last two damage, or look for, files that only a state directory has.
on_every_store!(
    r16_an_idle_agent_is_stopped_and_a_message_wakes_it_with_its_memory,
    the_size_of_the_warm_pool_is_an_operators_until_it_is_left_to_the_configuration,
    a_warm_pool_is_as_large_as_the_wakes_of_late_would_have_needed,
    the_messages_of_a_tenant_that_an_operator_suspended_wait_until_it_is_resumed,
    r10_messages_that_arrive_while_an_agent_is_being_stopped_are_answered,
    local_state_that_is_gone_comes_back_from_the_published_snapshot,
    r17_a_deleted_tenant_leaves_nothing_and_one_with_its_state_kept_leaves_just_that,
    s18_a_new_bot_takes_over_at_once_and_the_old_ones_messages_are_dead_lettered;
    local: state_that_cannot_be_restored_is_a_failure_that_chat_and_operator_are_told,
    commands_without_a_control_plane_do_what_they_can_and_say_what_they_cannot,
);
