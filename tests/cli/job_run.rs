//! Jobs that are really run, by `ztm up` and the built-in agent.

use serde_json::Value;

use super::invocation::{Ended, World};

/// A world with a control plane that ends with it.
struct Running(World);

impl Running {
    fn start() -> Self {
        let world = World::new();
        world.ztm(["up", "--detach", "--port", "0", "--router-port", "0", "--price-per-credit", "0.002"]).ok();
        let running = Self(world);
        running.ztm(&["tenant", "create", "alice"]).ok();
        running
    }

    fn ztm(&self, line: &[&str]) -> Ended {
        self.0.ztm(line)
    }

    fn json(&self, line: &[&str]) -> Value {
        self.0.ztm(line.iter().copied().chain(["-o", "json"])).ok().json()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.ztm(["down"]);
    }
}

#[test]
fn a_job_is_run_paid_for_and_accounted_for() {
    let plane = Running::start();
    let done = plane.json(&["job", "submit", "alice", "hello", "--cost", "5", "--wait", "--timeout", "50s"]);
    assert_eq!((&done["status"], &done["attempts"]), (&"succeeded".into(), &1.into()));
    assert!(done["result"].as_str().unwrap().contains("hello"), "{done}");
    let id = done["job_id"].as_str().unwrap();
    assert_eq!(plane.json(&["job", "get", id])["result"], done["result"]);
    assert_eq!(plane.json(&["job", "wait", id])["jobs"][0]["job_id"], id);
    assert_eq!(plane.json(&["why", "job", id])["reasons"][0]["code"], "ended");

    let quota = plane.json(&["quota", "set", "alice", "--budget-money", "0.05/day", "--price", "0.002"]);
    assert_eq!((&quota["budget"]["credits"], &quota["held"]), (&25.into(), &0.into()));
    assert!(plane.json(&["spend", "audit"])["holds"].as_bool().unwrap());
    plane.ztm(&["spend", "export", "--tenant", "alice"]).ok();

    let delayed = plane.ztm(&["job", "submit", "alice", "later", "--cost", "1", "--in", "1d", "-o", "name"]).ok();
    let id = delayed.stdout.trim();
    assert_eq!(plane.json(&["why", "job", id])["reasons"][0]["code"], "scheduled");
    assert_eq!(plane.ztm(&["job", "wait", id, "--timeout", "300ms"]).code, Some(6));
    assert_eq!(plane.json(&["job", "cancel", id])["jobs"][0]["status"], "cancelled");
    assert_eq!(plane.ztm(&["job", "wait", id]).code, Some(1));
    assert_eq!(plane.ztm(&["job", "cancel", id]).code, Some(5));

    // The store says the same once nothing runs.
    plane.ztm(&["down"]).ok();
    assert_eq!(plane.json(&["job", "list", "alice"])["jobs"].as_array().unwrap().len(), 2);
    assert!(plane.json(&["spend", "audit"])["holds"].as_bool().unwrap());
}
