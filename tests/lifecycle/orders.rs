//! An order that is given under a key, and a control plane that dies over it.

use std::{path::Path, sync::Arc, time::Duration};

use libtenancy::{
    clock::{Clock, SystemClock, Timestamp},
    ports::tenants::Filter,
    receipts::LEASE,
    secret::Secret,
};
use services::{
    auth::{Auth, Role},
    orchestrator,
};

use crate::{
    faulty::Fault,
    plane::{Chat, Plane, config},
};

/// The system's clock, put forward.
struct Ahead(SystemClock, Duration);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.0.now() + self.1
    }
}

fn start(state_dir: &Path, chat: &Chat, ahead: Duration) -> Plane {
    Plane::start_at(config(state_dir, &chat.double.url()), Arc::new(Ahead(SystemClock::default(), ahead)))
}

/// Has a tenant created over HTTP, always under the same key; the status, and the code of a refusal.
async fn create(plane: &Plane) -> (u16, String) {
    let admin = Secret::random().unwrap();
    let auth = Auth::new(vec![(admin.clone(), Role::Admin)]).unwrap();
    let app = orchestrator::app(plane.tenancy.clone(), auth);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/tenants", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let request = reqwest::Client::new().post(url).bearer_auth(admin.expose()).header("idempotency-key", "k");
    let answer = request.body(r#"{"tenant_id":"acme"}"#).send().await.unwrap();
    let status = answer.status().as_u16();
    let body: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    serving.abort();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

fn tenants(plane: &Plane) -> usize {
    plane.block(plane.drivers.tenants.tenant_list(&Filter::default(), None, 10)).unwrap().items.len()
}

#[test]
fn whatever_step_of_an_order_a_control_plane_dies_at_its_key_is_free_again_and_a_repeat_meets_what_is_there() {
    let (chat, dir) = (Chat::start(), tempfile::tempdir().unwrap());
    let mut between = false;
    for death in [Fault::DieBefore, Fault::DieAfter] {
        for call in 0.. {
            let state_dir = dir.path().join(format!("{death:?}-{call}"));
            let plane = start(&state_dir, &chat, Duration::ZERO);
            plane.plan.arm(call, death);
            let died = plane.block(async {
                tokio::select! {
                    () = plane.plan.died() => true,
                    created = create(&plane) => {
                        assert_eq!(created.0, 201, "{created:?}");
                        false
                    }
                }
            });
            let struck = plane.plan.disarm().unwrap_or("never");
            let case = format!("{death:?} at call {call}, {struck}");
            let there = tenants(&plane);
            plane.die();
            let next = start(&state_dir, &chat, Duration::ZERO);
            let soon = next.block(create(&next));
            let was_done = there == 1;
            next.die();
            let later = start(&state_dir, &chat, LEASE);
            let repeated = later.block(create(&later));
            match soon.0 {
                // Nobody knows what became of it, until its key has lapsed.
                503 if was_done => assert_eq!(repeated, (409, "already_exists".to_owned()), "{case}"),
                // It was not, or what came of it was kept.
                201 | 503 => assert_eq!(repeated.0, 201, "{case}: {repeated:?}"),
                _ => panic!("{case}: {soon:?}"),
            }
            assert_eq!(tenants(&later), 1, "{case}");
            later.die();
            between |= (death, struck, soon.0) == (Fault::DieBefore, "receipt_end", 503) && was_done;
            if !died {
                break;
            }
        }
    }
    assert!(between, "no death was between the order and its receipt");
}
