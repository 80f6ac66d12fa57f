use std::time::Duration;

use aws_sdk_dynamodb::{
    config::{Credentials, SharedCredentialsProvider},
    types::AttributeValue,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;

/// How a server of the tests behaves, attempt for attempt.
#[derive(Clone, Copy)]
enum Behaviour {
    /// Answers with this status and this error code.
    Says(u16, &'static str),
    /// Reads the request and closes the connection.
    HangsUp,
    /// Reads the request and never answers.
    Stalls,
    /// Answers that all is well.
    Succeeds,
}

async fn request(stream: &mut TcpStream) -> bool {
    let (mut text, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        let Ok(count @ 1..) = stream.read(&mut buffer).await else { return false };
        text.extend_from_slice(&buffer[..count]);
        let all = String::from_utf8_lossy(&text).to_lowercase();
        if let Some((head, body)) = all.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            if body.len() >= length.parse::<usize>().unwrap() {
                return true;
            }
        }
    }
}

/// A server that behaves so, the last way for ever.
async fn server(behaviours: Vec<Behaviour>) -> (Settings, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Settings {
        endpoint: Some(format!("http://{}", listener.local_addr().unwrap())),
        region: Some("us-east-1".to_owned()),
        credentials: Some(SharedCredentialsProvider::new(Credentials::new("id", "secret", None, None, "test"))),
        attempt_timeout: Duration::from_millis(300),
        max_attempts: 3,
        ..Settings::default()
    };
    let task = tokio::spawn(async move {
        let (mut index, mut held) = (0, Vec::new());
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            while request(&mut stream).await {
                let behaviour = behaviours[index.min(behaviours.len() - 1)];
                index += 1;
                let (status, body) = match behaviour {
                    Behaviour::Says(status, code) => (
                        status,
                        format!("{{\"__type\":\"com.amazonaws.dynamodb.v20120810#{code}\",\"message\":\"no\"}}"),
                    ),
                    Behaviour::Succeeds => (200, "{}".to_owned()),
                    Behaviour::HangsUp => break,
                    Behaviour::Stalls => {
                        held.push(stream);
                        break;
                    }
                };
                let head = format!("HTTP/1.1 {status} x\r\ncontent-type: application/x-amz-json-1.0\r\n");
                let text = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(text.as_bytes()).await.unwrap();
                if matches!(behaviour, Behaviour::Stalls) {
                    break;
                }
            }
        }
    });
    (settings, task)
}

async fn put(behaviours: Vec<Behaviour>) -> (Result<&'static str>, bool) {
    let (settings, task) = server(behaviours).await;
    let attempts = Attempts::default();
    let client = client(&settings).await.unwrap();
    let put = client.put_item().table_name("t").item("k", AttributeValue::S("v".to_owned()));
    let answer = attempts.written(put.customize().interceptor(attempts.clone()).send().await);
    task.abort();
    let answer = answer.map(|written| match written {
        Written::Done(_) => "done",
        Written::Unmet => "unmet",
    });
    (answer, attempts.unsure())
}

#[tokio::test]
async fn a_write_that_was_answered_is_certain() {
    use Behaviour::{Says, Succeeds};
    assert!(matches!(put(vec![Succeeds]).await, (Ok("done"), false)));
    assert!(matches!(put(vec![Says(400, "ConditionalCheckFailedException")]).await, (Ok("unmet"), false)));
    let throttled = || Says(400, "ProvisionedThroughputExceededException");
    assert!(matches!(put(vec![throttled(), throttled(), Succeeds]).await, (Ok("done"), false)));
    assert!(matches!(put(vec![throttled()]).await, (Err(Error::Unavailable { .. }), false)));
}

#[tokio::test]
async fn a_write_that_was_not_answered_is_unsure_whatever_follows() {
    use Behaviour::{HangsUp, Says, Stalls, Succeeds};
    let unmet = Says(400, "ConditionalCheckFailedException");
    let throttled = Says(400, "ThrottlingException");
    for unanswered in [HangsUp, Stalls, Says(500, "InternalServerError"), Says(503, "ServiceUnavailable")] {
        assert!(matches!(put(vec![unanswered, Succeeds]).await, (Ok("done"), true)));
        assert!(matches!(put(vec![unanswered, unmet]).await, (Ok("unmet"), true)));
        assert!(matches!(put(vec![unanswered, throttled]).await, (Err(Error::OutcomeUnknown { .. }), true)));
        assert!(matches!(put(vec![unanswered]).await, (Err(Error::OutcomeUnknown { .. }), true)));
    }
}

#[tokio::test]
async fn a_write_to_nobody_was_certainly_not_done() {
    let (settings, task) = server(vec![Behaviour::Succeeds]).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let attempts = Attempts::default();
    let client = client(&settings).await.unwrap();
    let put = client.put_item().table_name("t").item("k", AttributeValue::S("v".to_owned()));
    let answer = attempts.written(put.customize().interceptor(attempts.clone()).send().await);
    assert!(matches!(answer, Err(Error::Unavailable { part: PART, .. })), "{answer:?}");
}

#[tokio::test]
async fn what_a_server_says_means_what_its_callers_act_on() {
    use Behaviour::Says;
    let said = async |code| put(vec![Says(400, code)]).await.0.unwrap_err();
    assert!(matches!(said("AccessDeniedException").await, Error::Refused { .. }));
    assert!(matches!(said("UnrecognizedClientException").await, Error::Refused { .. }));
    assert!(matches!(said("ResourceNotFoundException").await, Error::Refused { .. }));
    assert!(matches!(said("ItemCollectionSizeLimitExceededException").await, Error::StoreFull));
    assert!(matches!(said("ValidationException").await, Error::Internal { .. }));
}
