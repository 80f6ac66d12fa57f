//! Everything that is measured there.

mod memory;
#[path = "../../e2e/on_kubernetes/stage.rs"]
mod stage;
mod wakes;

use std::process::Command;

fn kubectl(arguments: &[&str]) -> String {
    let output = Command::new("kubectl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The `share`-th quantile (nearest rank).
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (share * values.len() as f64).ceil().max(1.0) as usize;
    values.get(rank - 1).copied().unwrap_or(f64::NAN)
}

pub(crate) async fn run() {
    // Cargo passes `--bench`; what is left names the parts.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|part| part == name);
    if is_wanted("wakes") {
        println!("\n== wakes");
        wakes::run().await;
    }
    if is_wanted("memory") {
        println!("\n== memory");
        memory::run().await;
    }
}
