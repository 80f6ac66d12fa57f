//! The Telegram double as a webhook sees it. (As a caller sees it: `tests/drivers/messengers.rs`.)

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use libtenancy::{
    drivers::telegram::{Settings as ClientSettings, Telegram},
    ports::messengers::Messengers,
    secret::Secret,
};
use serde_json::{Value, json};
use services::{
    doubles::telegram::{Double, Settings},
    server::Limits,
};

use crate::client::{BOUND, Served, client};

const TOKEN: &str = "4711:AAdouble";

/// A webhook that answers as it is told, 200 otherwise, and keeps what it got.
#[derive(Clone, Default)]
struct Hook {
    answers: Arc<Mutex<VecDeque<u16>>>,
    got: Arc<Mutex<Vec<(i64, String)>>>,
}

impl Hook {
    async fn serve(&self) -> Served {
        async fn take(State(hook): State<Hook>, headers: HeaderMap, body: String) -> StatusCode {
            let update: Value = serde_json::from_str(&body).unwrap();
            let secret = headers["x-telegram-bot-api-secret-token"].to_str().unwrap().to_owned();
            hook.got.lock().unwrap().push((update["update_id"].as_i64().unwrap(), secret));
            let answer = hook.answers.lock().unwrap().pop_front().unwrap_or(200);
            StatusCode::from_u16(answer).unwrap()
        }
        Served::start(Router::new().route("/tg/acme", post(take)).with_state(self.clone()), Limits::default()).await
    }

    fn ids(&self) -> Vec<i64> {
        self.got.lock().unwrap().iter().map(|(id, _)| *id).collect()
    }
}

async fn double() -> (Double, Telegram) {
    let double = Double::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    double.bot_add(TOKEN).unwrap();
    let telegram = Telegram::new(&ClientSettings::new(double.url())).unwrap();
    (double, telegram)
}

#[tokio::test]
async fn updates_wait_for_a_webhook_and_come_in_order_with_the_secret() {
    let (double, telegram) = double().await;
    let ids: Vec<i64> = (0..5).map(|n| double.message_push(TOKEN, 9, &format!("m{n}")).unwrap()).collect();
    assert_eq!((ids.clone(), double.pending(TOKEN)), (vec![1, 2, 3, 4, 5], 5));
    let hook = Hook::default();
    let served = hook.serve().await;
    telegram.webhook_set(&Secret::new(TOKEN), &served.url("/tg/acme"), &Secret::new("s3cret")).await.unwrap();
    double.wait_delivered(BOUND).await.unwrap();
    assert_eq!((hook.ids(), double.accepted(TOKEN)), (ids.clone(), ids));
    assert!(hook.got.lock().unwrap().iter().all(|(_, secret)| secret == "s3cret"));
    assert_eq!(double.answers().by_status, [(200, 5)].into());
}

#[tokio::test]
async fn an_update_is_repeated_until_it_is_accepted_and_holds_the_later_ones_back() {
    let (double, telegram) = double().await;
    let hook = Hook::default();
    hook.answers.lock().unwrap().extend([503, 404, 200]);
    let served = hook.serve().await;
    telegram.webhook_set(&Secret::new(TOKEN), &served.url("/tg/acme"), &Secret::new("s")).await.unwrap();
    double.message_push(TOKEN, 9, "a").unwrap();
    double.message_push(TOKEN, 9, "b").unwrap();
    double.wait_delivered(BOUND).await.unwrap();
    assert_eq!(hook.ids(), [1, 1, 1, 2]);
    assert_eq!(double.answers().by_status, [(200, 2), (404, 1), (503, 1)].into());
}

#[tokio::test]
async fn a_control_plane_that_dies_and_comes_back_elsewhere_gets_what_waited() {
    let (double, telegram) = double().await;
    let hook = Hook::default();
    let first = hook.serve().await;
    let token = Secret::new(TOKEN);
    telegram.webhook_set(&token, &first.url("/tg/acme"), &Secret::new("s")).await.unwrap();
    double.message_push(TOKEN, 9, "a").unwrap();
    double.wait_delivered(BOUND).await.unwrap();
    drop(first);
    double.message_push(TOKEN, 9, "b").unwrap();
    double.wait_until("a failed delivery", BOUND, |d| (d.answers().failures > 0).then_some(())).await.unwrap();
    let info = telegram.webhook_info(&token).await.unwrap();
    assert_eq!(info.pending_update_count, 1);
    assert!(info.last_error_message.unwrap().contains("failed"));
    let second = hook.serve().await;
    telegram.webhook_set(&token, &second.url("/tg/acme"), &Secret::new("s")).await.unwrap();
    double.wait_delivered(BOUND).await.unwrap();
    assert_eq!(hook.ids(), [1, 2]);
}

#[tokio::test]
async fn kinds_that_were_not_asked_for_are_not_sent_and_any_id_can_be_repeated() {
    let (double, telegram) = double().await;
    let hook = Hook::default();
    let served = hook.serve().await;
    telegram.webhook_set(&Secret::new(TOKEN), &served.url("/tg/acme"), &Secret::new("s")).await.unwrap();
    double.update_push(TOKEN, json!({"channel_post": {}})).unwrap();
    double.update_push(TOKEN, json!({"callback_query": {"id": "1"}})).unwrap();
    double.update_push_as(TOKEN, 2, json!({"message": {}})).unwrap();
    double.update_push_as(TOKEN, 70, json!({"message": {}})).unwrap();
    assert_eq!(double.message_push(TOKEN, 9, "x").unwrap(), 71);
    double.wait_delivered(BOUND).await.unwrap();
    assert_eq!(hook.ids(), [2, 2, 70, 71]);
}

#[tokio::test]
async fn without_texts_only_counts_are_kept() {
    let settings = Settings { keep: false, ..Settings::default() };
    let double = Double::start_with(([127, 0, 0, 1], 0).into(), settings).await.unwrap();
    double.bot_add(TOKEN).unwrap();
    let telegram = Telegram::new(&ClientSettings::new(double.url())).unwrap();
    let token = Secret::new(TOKEN);
    let id = telegram.text_send(&token, 9, "a").await.unwrap();
    assert_eq!(telegram.text_send(&token, 9, "b").await.unwrap(), id + 1);
    telegram.text_edit(&token, 9, id, "c").await.unwrap();
    assert!(double.sent(9).is_empty());
    assert_eq!((double.sent_count(9), double.sent_total(), double.calls("sendMessage")), (2, 2, 2));
}

#[tokio::test]
async fn an_unknown_token_or_method_is_refused_as_telegram_does() {
    let (double, _) = double().await;
    for (path, status) in [
        ("/bot1:nobody/getMe", 401),
        ("/bot4711:AAdouble/getUpdates", 404),
        ("/bot4711:AAdouble", 404),
        ("/", 404),
        ("/bot4711:AAdouble/GETME", 200),
    ] {
        let answer = client().get(format!("{}{path}", double.url())).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(body["ok"], status == 200, "{path}");
    }
    let refused = double.wait_sent(9, 1, std::time::Duration::from_millis(10)).await.unwrap_err();
    assert!(matches!(refused, libtenancy::Error::Timeout { .. }));
    double.stop().await;
}
