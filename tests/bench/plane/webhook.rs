//! Durable webhook throughput: updates answered 200 *and* forwarded to an agent, its reply sent.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde_json::json;
use services::doubles::{bare, telegram};

use crate::{
    load::{Tally, Target, drive, now},
    plane::Plane,
    quantile, runtime,
};

const TENANTS: usize = 100;
const CONNECTIONS: usize = 64;

pub(crate) fn run() {
    runtime().block_on(async {
        let bare = bare_limit().await;
        println!("bare axum handler (reads the body, answers 200, stores nothing): {bare:.0}/s");

        let dir = tempfile::tempdir().unwrap();
        let settings = telegram::Settings { keep: false, ..telegram::Settings::default() };
        let double = telegram::Double::start_with(([127, 0, 0, 1], 0).into(), settings).await.unwrap();
        let router = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let plane = Plane::up(
            &dir.path().join("state"),
            &[
                "--router-port", &router.port().to_string(), "--telegram-url", &double.url(),
                "--public-url", &format!("http://{router}"), "--warm", "4", "--snapshot-interval", "1h",
            ],
        )
        .await;
        let targets = Arc::new(targets(&plane, &double).await);
        for target in 0..TENANTS {
            plane.call("POST", &format!("/wake/t{target}"), None).await;
        }
        println!("control plane with {TENANTS} running agents: {:.1} MiB", plane.memory("VmRSS"));

        // The highest rate that is forwarded as fast as it is accepted.
        let mut best = 0.0_f64;
        let mut rate = 1_000.0;
        let step = Duration::from_secs(4);
        loop {
            let (before, tally) = (double.sent_total(), Arc::new(Tally::default()));
            let start = now();
            drive(router, &targets, CONNECTIONS, Some(rate), step, &tally).await;
            let forwarded = (double.sent_total() - before) as f64 / start.elapsed().as_secs_f64();
            let accepted = tally.ok.load(Ordering::Relaxed);
            println!("  offered {rate:.0}/s: accepted {:.0}/s, forwarded {forwarded:.0}/s", accepted as f64 / step.as_secs_f64());
            drain(&double, before + accepted).await;
            best = best.max(forwarded);
            if forwarded < rate * 0.95 {
                break;
            }
            rate *= 1.25;
        }
        println!("answered and forwarded: {best:.0}/s = {:.2} of the bare handler", best / bare);

        let (cpu, before, tally) = (plane.cpu_ms().await, double.sent_total(), Arc::new(Tally::default()));
        let times = drive(router, &targets, CONNECTIONS, Some(best / 2.0), Duration::from_secs(10), &tally).await;
        let accepted = tally.ok.load(Ordering::Relaxed);
        drain(&double, before + accepted).await;
        println!(
            "at half of it: answer p50 {:.2} ms, p99 {:.2} ms; {:.3} core-ms of `ztm up` a message",
            quantile(&times, 0.5),
            quantile(&times, 0.99),
            (plane.cpu_ms().await - cpu) / accepted as f64
        );

        let (before, tally) = (double.sent_total(), Arc::new(Tally::default()));
        let start = now();
        let times = drive(router, &targets, 512, None, Duration::from_secs(15), &tally).await;
        let forwarded = (double.sent_total() - before) as f64 / start.elapsed().as_secs_f64();
        let (ok, full, other) =
            (tally.ok.load(Ordering::Relaxed), tally.unavailable.load(Ordering::Relaxed), tally.other.load(Ordering::Relaxed));
        println!(
            "overload, 512 connections: {ok} x 200, {full} x 503, {other} other; forwarded {forwarded:.0}/s; answer p99 {:.1} ms; \
             peak memory {:.1} MiB",
            quantile(&times, 0.99),
            plane.memory("VmHWM")
        );
        drain(&double, before + ok).await;
        println!("after it: every one of the {ok} acknowledged was answered in its chat");
        plane.down().await;
    });
}

/// Waits until `total` messages were sent by bots.
async fn drain(double: &telegram::Double, total: u64) {
    let what = format!("{total} messages");
    double
        .wait_until(&what, Duration::from_secs(180), |double| (double.sent_total() >= total).then_some(()))
        .await
        .unwrap_or_else(|_| panic!("lost: {} of {total} arrived", double.sent_total()));
}

async fn targets(plane: &Plane, double: &telegram::Double) -> Vec<Target> {
    let mut targets = Vec::new();
    for index in 0..TENANTS {
        let token = format!("{}:bench-bot-0123456789-0123456789-{index}", 700_000 + index);
        double.bot_add(&token).unwrap();
        let body = json!({"tenant_id": format!("t{index}"), "bot_token": token, "idle_timeout_s": 3600});
        plane.call("POST", "/tenants", Some(body)).await;
        let webhook = double.wait_webhook(&token, Duration::from_secs(10)).await.unwrap();
        targets.push(Target {
            path: format!("/tg/t{index}"),
            secret: webhook.secret.unwrap(),
            chat: 5_000 + index as i64,
            next_update: 1.into(),
        });
    }
    targets
}

/// What the machine gives a handler that does nothing, under the same load generator.
async fn bare_limit() -> f64 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    // Threads of its own, as the control plane has.
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = listener.into_std().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            services::server::serve(listener, bare::app(), async { drop(ended.await) }).await;
        });
    });
    let targets =
        Arc::new(vec![Target { path: "/tg/t0".into(), secret: "x".repeat(64), chat: 1, next_update: 1.into() }]);
    let tally = Arc::new(Tally::default());
    let time = Duration::from_secs(5);
    drive(address, &targets, CONNECTIONS, None, time, &tally).await;
    end.send(()).unwrap();
    tokio::task::spawn_blocking(move || server.join().unwrap()).await.unwrap();
    tally.ok.load(Ordering::Relaxed) as f64 / time.as_secs_f64()
}
