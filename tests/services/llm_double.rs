//! The model's double, as an agent sees it.

use services::doubles::llm::Double;

use crate::client::client;

#[tokio::test]
async fn the_answer_is_a_function_of_the_last_user_message_streamed_or_not() {
    let double = Double::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let ask = async |body: serde_json::Value| {
        let request = client().post(format!("{}/chat/completions", double.url()));
        request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap()
    };
    let messages = serde_json::json!([
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "echo: first"},
        {"role": "user", "content": [{"type": "text", "text": "hello \"there\""}]},
    ]);
    let whole = ask(serde_json::json!({"model": "m", "messages": messages})).await;
    let whole: serde_json::Value = serde_json::from_str(&whole.text().await.unwrap()).unwrap();
    assert_eq!(whole["choices"][0]["message"]["content"], "echo: hello \"there\"");
    assert_eq!(whole["model"], "m");
    let stream = ask(serde_json::json!({"messages": messages, "stream": true})).await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let text = stream.text().await.unwrap();
    let events: Vec<&str> = text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect();
    assert_eq!(events.last(), Some(&"[DONE]"));
    let joined: String = events[..events.len() - 1]
        .iter()
        .map(|event| serde_json::from_str::<serde_json::Value>(event).unwrap())
        .filter_map(|event| event["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(joined, "echo: hello \"there\"");
    assert_eq!(double.requests(), 2);
    assert_eq!(ask(serde_json::json!({"messages": []})).await.status(), 400);
    let models = client().get(format!("{}/models", double.url())).send().await.unwrap();
    assert!(models.text().await.unwrap().contains("echo"));
    double.stop().await;
}
