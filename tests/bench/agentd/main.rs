//! The figures of `agentd`, against what bounds them in the same run:
//!
//! ```text
//! cargo bench -p services --bench agentd            # everything, about a minute
//! cargo bench -p services --bench agentd -- restore # one part: restore, proxy or bind
//! ```
//!
//! `ZTM_BENCH_AGENTD` names another `agentd` than the one that was just built (the static one, say); `bind` needs
//! `ZTM_TEST_ZEROCLAW`. Everything shares this machine's cores.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark fails by panicking and prints its figures")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures are shown with three digits"
)]

mod bind;
mod machine;
mod proxy;
mod restore;

fn main() {
    // Cargo passes `--bench`; what is left names the parts.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let parts: [(&str, fn()); 3] = [("restore", restore::run), ("proxy", proxy::run), ("bind", bind::run)];
    for (name, run) in parts {
        if wanted.is_empty() || wanted.iter().any(|part| part == name) {
            println!("\n== {name}");
            run();
        }
    }
}

/// The `share`-th quantile (nearest rank) of values, which are sorted by it.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (share * values.len() as f64).ceil().max(1.0) as usize;
    values.get(rank - 1).copied().unwrap_or(f64::NAN)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}
