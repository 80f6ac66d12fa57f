//! `ztm logs`: what is told of a tenant, wherever it is told, in one stream that goes on.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    plane::{Plane, Tenant},
    watch::Watcher,
};

/// What was printed of one message: who told it, and what.
fn told_of(lines: &[String], request: &str) -> Vec<(String, String)> {
    let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let word = |line: &Value, field: &str| line[field].as_str().unwrap().to_owned();
    lines
        .filter(|line| line["request_id"] == request)
        .map(|line| (word(&line, "source"), word(&line, "text")))
        .collect()
}

/// The steps of a message that is answered, as far as they are of this kind, in their order.
async fn follows(log: &Watcher, tenant: &Tenant, update: i64) {
    let request = format!("{}-{update}", tenant.bot);
    log.says("the answer", |line| line.contains(&request) && line.contains("the chat has its answer")).await;
    log.says("the agent's part", |line| line.contains(&request) && line.contains("a turn ends")).await;
    let told = told_of(&log.lines.lock().unwrap(), &request);
    for (source, steps) in [
        ("router", &["a message is stored"][..]),
        ("orchestrator", &["a message is delivered", "the agent is asked", "the agent answered", "the chat has its"]),
        ("agentd", &["a turn begins", "a turn ends"]),
    ] {
        let said: Vec<&str> = told.iter().filter(|(who, _)| who == source).map(|(_, text)| text.as_str()).collect();
        let mut left = steps.iter().peekable();
        for text in &said {
            left.next_if(|step| text.starts_with(**step));
        }
        assert_eq!(left.next(), None, "{source} did not tell it, or not in order: {said:#?}");
    }
    let running = told.iter().position(|(_, text)| text.starts_with("running "));
    assert!(running.is_some(), "the wake is told of under the message that woke: {told:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_of_a_message_is_one_log_over_stops_wakes_and_the_death_of_the_control_plane() {
    let mut plane = Plane::start(&["--warm", "0"]).await;
    let (tenant, other) = (plane.tenant("acme", 1, 600).await, plane.tenant("other", 2, 600).await);
    let log = Watcher::start(&plane, &["logs", "acme", "-f", "--level", "debug", "-o", "json"]);
    log.says("it was created", |line| line.contains("created")).await;

    // One that wakes it, one after a stop, and one after the control plane died and another came.
    let first = plane.write(&tenant, "one");
    follows(&log, &tenant, first).await;
    plane.ask("POST", "/stop/acme", None).await.ok();
    log.says("it was stopped", |line| line.contains("stopped generation")).await;
    let second = plane.write(&tenant, "two");
    follows(&log, &tenant, second).await;
    plane.converse(&other, "three", "[1] you said: three").await;
    plane.ask("POST", "/stop/acme", None).await.ok();
    plane.kill().await;
    plane.up().await;
    let third = plane.write(&tenant, "four");
    follows(&log, &tenant, third).await;

    // Nothing twice, nothing of others.
    let lines = log.lines.lock().unwrap().clone();
    let different: BTreeSet<&String> = lines.iter().collect();
    assert_eq!(different.len(), lines.len(), "{lines:#?}");
    assert!(lines.iter().all(|line| !line.contains("other") && !line.contains(&other.bot.to_string())), "{lines:#?}");
    drop(log);

    // The same is there for whoever asks later, and what is asked for alone.
    let request = format!("{}-{first}", tenant.bot);
    let asked = ["logs", "acme", "--request", &request, "--source", "router,agentd", "--level", "debug"];
    let told = plane.ztm(&asked).await.ok().stdout;
    assert!(
        told.contains(" router       debug a message is stored again=false [") && told.contains("a turn ends"),
        "{told}"
    );
    assert!(told.lines().all(|line| line.ends_with(&format!(" [{request}]"))), "{told}");
    let last = plane.ztm(&["logs", "acme", "--tail", "1", "--level", "info", "-o", "json"]).await.ok().json();
    assert_eq!(last["lines"].as_array().unwrap().len(), 1, "{last}");
    assert_ne!(last["lines"][0]["level"], "debug", "{last}");
    let none = plane.ztm(&["logs", "nobody", "-f"]).await;
    assert_eq!((none.code, none.stdout.as_str()), (Some(3), ""), "{none:?}");

    // Of one that is gone and whose state is kept, what is remembered; and without a control plane too.
    plane.ask("DELETE", "/tenants/other?keep_state=true", None).await.ok();
    plane.down().await;
    let gone = plane.ztm(&["logs", "other"]).await.ok().stdout;
    assert!(gone.contains("deleted keep_state=true"), "{gone}");
}
