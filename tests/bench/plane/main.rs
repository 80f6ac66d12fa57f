//! The figures of the whole control plane, measured from outside on the release binary:
//!
//! ```text
//! cargo bench -p ztm --bench plane            # everything, about four minutes
//! cargo bench -p ztm --bench plane -- webhook # one part: webhook, wakes, listing or density
//! ```
//!
//! Load generator, Telegram double, agents and control plane share this machine's cores. Times of answers are measured by
//! the load generator from the write of a request to the last byte of its answer.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark fails by panicking and prints its figures")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "figures are shown with three digits"
)]

mod density;
mod listing;
mod load;
mod plane;
mod wakes;
mod webhook;

fn main() {
    // Cargo passes `--bench`; what is left names the parts.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let parts: [(&str, fn()); 4] =
        [("webhook", webhook::run), ("wakes", wakes::run), ("listing", listing::run), ("density", density::run)];
    for (name, run) in parts {
        if wanted.is_empty() || wanted.iter().any(|part| part == name) {
            println!("\n== {name}");
            run();
        }
    }
}

/// The `share`-th quantile (nearest rank) of sorted values.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}
