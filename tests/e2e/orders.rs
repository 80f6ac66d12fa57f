//! Orders whose answers are lost, and whose givers die: done once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::Command,
    task::JoinHandle,
};

use crate::plane::{Ended, Plane};

/// The way to a control plane, on which the answers to the first connections are lost.
struct Lossy {
    url: String,
    task: JoinHandle<()>,
}

impl Drop for Lossy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(mut here: TcpStream, to: &str, loses: bool) -> std::io::Result<()> {
    let mut there = TcpStream::connect(to).await?;
    let (mut asked, mut answered) = ([0; 16 << 10], [0; 16 << 10]);
    loop {
        tokio::select! {
            read = here.read(&mut asked) => match read? {
                0 => return Ok(()),
                length => there.write_all(&asked[..length]).await?,
            },
            read = there.read(&mut answered) => match read? {
                // It was done, and nobody hears of it.
                0 => return Ok(()),
                _ if loses => return Ok(()),
                length => here.write_all(&answered[..length]).await?,
            },
        }
    }
}

impl Lossy {
    async fn start(plane: &Plane, lost: usize) -> Self {
        let to = plane.orchestrator().trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let left = Arc::new(AtomicUsize::new(lost));
        let task = tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                let loses = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok();
                let to = to.clone();
                tokio::spawn(async move { Box::pin(pass(here, &to, loses)).await });
            }
        });
        Self { url, task }
    }

    /// A command that goes this way.
    fn command(&self, plane: &Plane, arguments: &[&str]) -> Command {
        let mut command = plane.command();
        command.args(["--orchestrator-url", &self.url, "--token-file"]).arg(plane.state_dir().join("api-token"));
        command.args(arguments);
        command
    }

    async fn ztm(&self, plane: &Plane, arguments: &[&str]) -> Ended {
        self.command(plane, arguments).output().await.unwrap().into()
    }
}

/// How often the control plane did something of a tenant.
async fn done(plane: &Plane, tenant: &str, what: &str) -> usize {
    let lines = plane.ztm(&["logs", tenant, "-o", "json"]).await.ok().json();
    let lines = lines["lines"].as_array().unwrap();
    lines.iter().filter(|line| line["text"].as_str().unwrap().starts_with(what)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_answer_is_lost_is_given_again_and_done_once() {
    let mut plane = Plane::start(&["--warm", "0"]).await;
    let lossy = Lossy::start(&plane, 2).await;
    let created = lossy.ztm(&plane, &["tenant", "create", "acme", "-o", "json"]).await.ok();
    assert_eq!(created.json()["tenant_id"], "acme");
    plane.wait("it is told of", async || (done(&plane, "acme", "created").await > 0).then_some(())).await;
    assert_eq!(done(&plane, "acme", "created").await, 1);
    let lossy = Lossy::start(&plane, 1).await;
    let deleted = lossy.ztm(&plane, &["tenant", "delete", "acme", "--yes"]).await;
    assert_eq!(deleted.code, Some(0), "{deleted:?}");
    // Whoever never hears an answer is told that nobody knows.
    let lossy = Lossy::start(&plane, usize::MAX).await;
    let unsure = lossy.ztm(&plane, &["tenant", "create", "b"]).await;
    assert_eq!((unsure.code, unsure.stdout.as_str()), (Some(7), ""), "{unsure:?}");
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_was_killed_before_its_answer_is_given_again_under_its_key() {
    let mut plane = Plane::start(&["--warm", "0"]).await;
    plane.create_plain("acme").await;
    let lossy = Lossy::start(&plane, usize::MAX).await;
    let delete = ["tenant", "delete", "acme", "--yes", "-o", "json"];
    let mut child = lossy.command(&plane, &delete).env("ZTM_IDEMPOTENCY_KEY", "deploy-7").spawn().unwrap();
    plane
        .wait("it is done", async || (plane.ztm(&["tenant", "get", "acme"]).await.code == Some(3)).then_some(()))
        .await;
    child.kill().await.unwrap();
    let again = async |key: Option<&str>| {
        let mut command = plane.command();
        command.args(delete).envs(key.map(|key| ("ZTM_IDEMPOTENCY_KEY", key)));
        let output = command.output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(again(None).await.0, Some(3));
    let (code, said) = again(Some("deploy-7")).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(r#""tenant_id": "acme""#), "{said}");
    assert_eq!(again(Some("deploy 8")).await.0, Some(2), "a key with a space");
    // Credits are granted once under a key, and a job is submitted once.
    plane.create_plain("b").await;
    let twice = async |arguments: &[&str]| {
        let mut said = Vec::new();
        for _ in 0..2 {
            let mut command = plane.command();
            let output = command.args(arguments).env("ZTM_IDEMPOTENCY_KEY", "deploy-9").output().await.unwrap();
            assert!(output.status.success(), "{output:?}");
            said.push(String::from_utf8(output.stdout).unwrap());
        }
        said
    };
    let granted = twice(&["quota", "grant", "b", "100", "-o", "jsonpath={.grants[*].amount}"]).await;
    assert_eq!(granted[0], granted[1]);
    let jobs = twice(&["job", "submit", "b", "--cost", "1", "hello", "-o", "name"]).await;
    assert_eq!(jobs[0], jobs[1]);
    plane.down().await;
}
