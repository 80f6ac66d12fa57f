//! A full disk: refused, not acknowledged, nothing lost, and gone on with when there is space again.

use std::{fs::File, io::Write, path::Path};

use libtenancy::chat;
use serde_json::json;

use crate::plane::{BOUND, Plane};

/// Writes a file until there is no space left, to the last page.
fn fill(path: &Path) {
    let mut file = File::options().create(true).append(true).open(path).unwrap();
    for size in [1 << 20, 4_096, 1] {
        let block = vec![0x5a; size];
        while file.write_all(&block).is_ok() {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r1_on_a_full_disk_nothing_is_acknowledged_that_is_not_stored_and_nothing_stored_is_lost() {
    let plane = Plane::start_on_small_disk("16m").await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "[1] ").await;
    plane.wait_drained().await;
    let filler = plane.state_dir().join("filler");
    fill(&filler);
    // Large ones, so that what is left inside the database's own files is used up too.
    let padding = "x".repeat(100_000);
    let write = |number: usize| {
        let message = json!({
            "message_id": number, "date": 0, "text": format!("message {number};"), "padding": padding,
            "chat": {"id": tenant.chat, "type": "private"},
        });
        plane.double.update_push(&tenant.token, json!({ "message": message })).unwrap();
    };
    let last = 60;
    (2..=last).for_each(write);
    let refused = |double: &services::doubles::telegram::Double| {
        let answers = double.answers().by_status;
        assert!(answers.keys().all(|status| [200, 503].contains(status)), "{answers:?}");
        (answers.get(&503).copied().unwrap_or(0) >= 5).then_some(())
    };
    plane.double.wait_until("five refusals", BOUND, refused).await.unwrap();
    fill(&filler);
    let acknowledged = plane.double.accepted(&tenant.token).len();
    assert!(acknowledged < last, "the disk was not full");
    let create = plane.ask("POST", "/tenants", Some(json!({"tenant_id": "new"}))).await;
    assert_eq!((create.status, create.code()), (503, "store_full"), "{create:?}");
    assert!(create.body["hint"].as_str().unwrap().contains("disk space"), "{create:?}");
    // What only reads goes on.
    assert_eq!(plane.get(&tenant).await["tenant_id"], "acme");
    assert_eq!(plane.ask("GET", "/tenants/new", None).await.status, 404);

    std::fs::remove_file(&filler).unwrap();
    plane.double.wait_delivered(BOUND).await.unwrap();
    let inbox = plane.wait_drained().await;
    assert_eq!((&inbox["dead"], &inbox["handled"]), (&json!(0), &json!(last)), "{inbox}\n{}", plane.log());
    let texts = plane.texts(&tenant);
    let firsts: Vec<usize> = (2..=last)
        .map(|number| texts.iter().position(|text| text.contains(&format!("message {number};"))).unwrap())
        .collect();
    assert!(firsts.is_sorted(), "{texts:?}");
    let repeated = (texts.len() - last) as u64;
    assert!(repeated <= inbox["possible_repeats"].as_u64().unwrap(), "{inbox}: {texts:?}");
    assert!(!texts.iter().any(|text| text == chat::GIVEN_UP));
    // It is as good as before.
    plane.ask("POST", "/tenants", Some(json!({"tenant_id": "new"}))).await.ok();
    let answer = plane.converse(&tenant, "and on", "and on").await;
    assert!(answer.ends_with("you said: and on"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_finds_no_room_on_its_way_back_is_a_failure_that_passes_and_leaves_nothing_half_done() {
    let plane = Plane::start_on_small_disk("48m").await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "[1] ").await;
    // An archive of almost nothing, whose content needs room.
    std::fs::write(plane.home(&tenant).join("state/zeros"), vec![0; 12 << 20]).unwrap();
    plane.ask("POST", "/stop/acme", None).await.ok();
    let archive = plane.get(&tenant).await["snapshot"]["bytes"].as_u64().unwrap();
    assert!(archive < 1 << 20, "{archive}");
    std::fs::remove_dir_all(plane.home(&tenant)).unwrap();
    let filler = plane.state_dir().join("filler");
    fill(&filler);
    let full = std::fs::metadata(&filler).unwrap().len();
    File::options().write(true).open(&filler).unwrap().set_len(full - (6 << 20)).unwrap();
    let refused = plane.ask("POST", "/wake/acme", None).await;
    assert_eq!((refused.status, refused.code()), (503, "store_full"), "{refused:?}\n{}", plane.log());
    assert_eq!(plane.wait_status(&tenant, "idle").await["stop_reason"]["kind"], "wake_failed");
    assert!(!plane.home(&tenant).join("state").exists(), "no half of a state");
    let drafts = std::fs::read_dir(plane.home(&tenant)).unwrap().flatten();
    let drafts: Vec<_> = drafts.filter(|entry| entry.file_name().to_string_lossy().starts_with(".restore-")).collect();
    assert!(drafts.is_empty(), "{drafts:?}");
    std::fs::remove_file(&filler).unwrap();
    plane.converse(&tenant, "and on", "[2] you said: and on").await;
    assert_eq!(std::fs::metadata(plane.home(&tenant).join("state/zeros")).unwrap().len(), 12 << 20);
}
