//! Telegram in all its tempers, end to end: what users send, what their chats get, and how often.

use libtenancy::chat;
use serde_json::json;
use services::doubles::telegram::{Fault, Rule};

use crate::{
    plane::{BOUND, Plane, Tenant},
    stores::{Stores, on_every_store},
};

/// How many parts may have come twice, as counted by the control plane.
async fn counted(plane: &Plane) -> u64 {
    plane.wait_drained().await["possible_repeats"].as_u64().unwrap()
}

async fn r23_what_telegram_did_certainly_not_do_is_done_again_and_said_once(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "[1] ").await;
    for (round, fault) in [Fault::RateLimited(1), Fault::RateLimited(0)].into_iter().enumerate() {
        plane.double.fault(Rule::next(1, "sendMessage", fault.clone()));
        let text = format!("round {round};");
        plane.converse(&tenant, &text, &text).await;
        let inbox = plane.wait_drained().await;
        let copies = plane.texts(&tenant).iter().filter(|said| said.contains(&text)).count();
        assert_eq!((copies, &inbox["possible_repeats"]), (1, &json!(0)), "{fault:?}");
    }
    let updates = plane.updates(&tenant).await;
    assert!(
        updates.iter().all(|update| update["attempts"] == 0),
        "a pause that was asked for is no failure: {updates:?}"
    );
    plane.down().await;
}

async fn a_send_whose_outcome_is_unknown_may_repeat_and_is_counted(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "[1] ").await;
    let mut expected = 0;
    // Those that did it, and those that did not: nobody can tell from here.
    for (round, (fault, copies)) in [
        (Fault::DropAfter, 2),
        (Fault::DropBefore, 1),
        (Fault::Unreadable, 1),
        (Fault::BadGateway, 1),
        (Fault::ServerError, 1),
    ]
    .into_iter()
    .enumerate()
    {
        plane.double.fault(Rule::next(1, "sendMessage", fault.clone()));
        let text = format!("round {round};");
        plane.write(&tenant, &text);
        plane.double.wait_delivered(BOUND).await.unwrap();
        let after = counted(&plane).await;
        let found = plane.texts(&tenant).iter().filter(|said| said.contains(&text)).count();
        assert_eq!(found, copies, "{fault:?}: {:?}", plane.texts(&tenant));
        assert_eq!(after, expected + 1, "{fault:?}");
        expected = after;
    }
    // Of a reply of three parts, only the one in doubt is said again.
    plane.double.fault(Rule::next(1, "sendMessage", Fault::DropAfter));
    let before = plane.texts(&tenant).len();
    plane.write(&tenant, "/long 9000");
    plane.double.wait_delivered(BOUND).await.unwrap();
    assert_eq!(counted(&plane).await, expected + 1);
    let parts = chat::split(&format!("[7] {}", "x".repeat(9_000)));
    assert_eq!(parts.len(), 3);
    assert_eq!(plane.texts(&tenant)[before..], [&parts[0], &parts[0], &parts[1], &parts[2]].map(Clone::clone));
    plane.down().await;
}

async fn a_chat_that_blocks_the_bot_ends_its_message_and_not_the_next_ones(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.double.fault(Rule::chat(tenant.chat, Fault::Blocked));
    plane.write(&tenant, "nobody hears the answer");
    plane.double.wait_delivered(BOUND).await.unwrap();
    let inbox = plane.wait_ended(1).await;
    assert_eq!((&inbox["dead"], &inbox["possible_repeats"]), (&json!(1), &json!(0)));
    let dead = &plane.updates(&tenant).await[0];
    assert!(dead["reason"].as_str().unwrap().contains("blocked"), "{dead}");
    plane.double.faults_clear();
    assert_eq!(plane.converse(&tenant, "and now", "and now").await, "[2] you said: and now");
    // The operator may have it said after all: the reply was kept, the turn is not run again.
    plane.ztm(&["inbox", "replay", "--all-dead"]).await.ok();
    assert_eq!(plane.answered(&tenant, "nobody").await, "[1] you said: nobody hears the answer");
    plane.down().await;
}

async fn a_group_that_became_a_supergroup_gets_its_answer_under_its_new_id(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = Tenant { chat: -77, ..Tenant::new("acme", 1) };
    plane.create(&tenant, 3_600).await;
    plane.double.fault(Rule::chat(-77, Fault::Migrated(-10_077)));
    plane.write(&tenant, "/long 5000");
    plane.double.wait_delivered(BOUND).await.unwrap();
    assert_eq!(counted(&plane).await, 0);
    let said: Vec<String> = plane.double.sent(-10_077).into_iter().map(|sent| sent.text).collect();
    assert_eq!(said, chat::split(&format!("[1] {}", "x".repeat(5_000))));
    assert_eq!(plane.texts(&tenant), Vec::<String>::new());
    plane.down().await;
}

async fn r24_every_kind_of_update_is_answered_or_knowingly_let_be(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    let chat = json!({"id": tenant.chat, "type": "private"});
    let from = json!({"id": tenant.chat, "is_bot": false, "first_name": "A"});
    let message = |more: serde_json::Value| {
        let mut message = json!({"message_id": 1, "date": 0, "chat": chat, "from": from});
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        message
    };
    let updates = [
        json!({"message": message(json!({"text": "plain"}))}),
        json!({"edited_message": message(json!({"text": "plain, corrected", "edit_date": 1}))}),
        json!({"message": message(json!({"caption": "my cat", "photo": [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}]}))}),
        json!({"callback_query": {"id": "cb-1", "from": from, "chat_instance": "1", "data": "yes", "message": message(json!({"text": "?"}))}}),
        json!({"message": message(json!({"voice": {"file_id": "x", "file_unique_id": "y", "duration": 1}}))}),
        json!({"message": message(json!({"new_chat_title": "nothing for us"}))}),
        json!({"message": message(json!({"text": "last"}))}),
    ];
    let count = updates.len();
    for update in updates {
        plane.double.update_push(&tenant.token, update).unwrap();
    }
    plane.answered(&tenant, "last").await;
    assert_eq!(
        plane.texts(&tenant),
        [
            "[1] you said: plain".to_owned(),
            "[2] you said: [edited message] plain, corrected".to_owned(),
            "[3] you said: [photo, only its caption can be read] my cat".to_owned(),
            "[4] you said: [button pressed] yes".to_owned(),
            chat::unsupported("voice message"),
            "[5] you said: last".to_owned(),
        ]
    );
    assert_eq!(plane.double.callbacks(), ["cb-1"]);
    let inbox = plane.wait_ended(count).await;
    assert_eq!((&inbox["handled"], &inbox["dead"]), (&json!(count), &json!(0)));
    plane.down().await;
}

async fn r22_repeats_are_taken_once_and_a_late_lower_id_is_still_answered(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    let update = |text: &str| json!({"message": {"message_id": 1, "date": 0, "text": text, "chat": {"id": tenant.chat, "type": "private"}}});
    let push = |id, text| plane.double.update_push_as(&tenant.token, id, update(text)).unwrap();
    push(100, "a hundred");
    plane.answered(&tenant, "a hundred").await;
    push(100, "a hundred");
    push(100, "another text under the same id");
    push(7, "seven, late");
    push(101, "a hundred and one");
    plane.answered(&tenant, "a hundred and one").await;
    let said = ["[1] you said: a hundred", "[2] you said: seven, late", "[3] you said: a hundred and one"];
    assert_eq!(plane.texts(&tenant), said);
    assert_eq!(plane.double.accepted(&tenant.token), [100, 100, 100, 7, 101], "all of them were answered 200");
    plane.down().await;
}

async fn r25_a_message_that_cannot_be_answered_is_given_up_aloud_and_the_next_one_proceeds(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let (failing, crashing) = (plane.tenant("failing", 1, 3_600).await, plane.tenant("crashing", 2, 3_600).await);
    for (tenant, poison) in [(&failing, "/fail"), (&crashing, "/crash")] {
        plane.write(tenant, poison);
        plane.write(tenant, "next");
    }
    for (tenant, poison) in [(&failing, "told to fail"), (&crashing, "SIGABRT")] {
        // Five attempts, each of which the agent remembered.
        assert_eq!(plane.answered(tenant, "said: next").await, "[6] you said: next");
        assert_eq!(plane.texts(tenant), [chat::GIVEN_UP, "[6] you said: next"]);
        let dead = &plane.updates(tenant).await[0];
        assert_eq!((&dead["stage"], &dead["attempts"]), (&json!("dead"), &json!(5)), "{dead}");
        assert!(dead["reason"].as_str().unwrap().contains(poison), "{dead}");
    }
    plane.down().await;
}

async fn r22_a_slow_start_is_announced_once_and_the_answer_takes_its_place(stores: Stores) {
    // An agent that takes three seconds to get up: the very command, after a pause.
    let agent = format!(
        "sh -c 'sleep 3; exec {} agent --port \"$0\" --state-dir \"$1\"' {{port}} {{state}}",
        env!("CARGO_BIN_EXE_ztm")
    );
    let mut plane = Plane::start_on(stores, &["--agent", &agent]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.write(&tenant, "wake up");
    plane.write(&tenant, "are you there?");
    plane.answered(&tenant, chat::STARTING).await;
    plane.answered(&tenant, "are you there?").await;
    let sent = plane.double.sent(tenant.chat);
    let said: Vec<&str> = sent.iter().map(|sent| sent.text.as_str()).collect();
    assert_eq!(said, ["[1] you said: wake up", "[2] you said: are you there?"]);
    assert_eq!(sent[0].edits, [chat::STARTING]);
    assert!(plane.double.typing(tenant.chat) > 0);
    plane.down().await;
}

async fn telegram_out_of_reach_delays_answers_and_loses_none(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "[1] ").await;
    plane.double.fault(Rule { bot: None, method: None, chat: None, times: Some(4), fault: Fault::RateLimited(1) });
    for number in 2..=6 {
        plane.write(&tenant, &format!("message {number};"));
    }
    plane.answered(&tenant, "message 6;").await;
    let expected: Vec<String> = std::iter::once("[1] you said: hello".to_owned())
        .chain((2..=6).map(|n| format!("[{n}] you said: message {n};")))
        .collect();
    assert_eq!(plane.texts(&tenant), expected);
    plane.down().await;
}

on_every_store!(
    r23_what_telegram_did_certainly_not_do_is_done_again_and_said_once,
    a_send_whose_outcome_is_unknown_may_repeat_and_is_counted,
    a_chat_that_blocks_the_bot_ends_its_message_and_not_the_next_ones,
    a_group_that_became_a_supergroup_gets_its_answer_under_its_new_id,
    r24_every_kind_of_update_is_answered_or_knowingly_let_be,
    r22_repeats_are_taken_once_and_a_late_lower_id_is_still_answered,
    r25_a_message_that_cannot_be_answered_is_given_up_aloud_and_the_next_one_proceeds,
    r22_a_slow_start_is_announced_once_and_the_answer_takes_its_place,
    telegram_out_of_reach_delays_answers_and_loses_none,
);
