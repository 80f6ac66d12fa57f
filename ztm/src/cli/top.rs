//! `ztm top`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ThemeName {
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// Of the sixteen colours that every terminal has.
    #[value(name = "16")]
    Sixteen,
    /// Without colours.
    Mono,
}

/// The signs that graphs are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SymbolName {
    /// Dots of braille.
    Braille,
    /// Blocks.
    Block,
    /// What every terminal has.
    Ascii,
}

/// Watch the whole fleet, its queue and its money on one screen
///
/// What runs, what waits and why, what it costs; a tenant opens with `enter`, and the keys are at the bottom and under `?`. Orders
/// (wake, stop, suspend, grant, delete, requeue, scale) are asked back, and done only where the role may. The screen is told
/// what changes by one feed, and says when it is not: STALE. Without a terminal, `--once` prints the same in numbers.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ztm top\n  ztm top --readonly --context production\n  ztm top --once -o json | jq .summary.alerts\n  \
        ztm top --record incident.jsonl\n  ztm top --replay incident.jsonl --speed 10"
)]
pub struct TopArgs {
    /// Print everything in numbers, once, and end
    #[arg(long, conflicts_with_all = ["record", "readonly", "theme", "mouse"])]
    pub once: bool,

    /// Write what the screen is told to a new file, too
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    pub record: Option<PathBuf>,

    /// Show what was recorded, and ask no control plane
    #[arg(long, value_name = "FILE")]
    pub replay: Option<PathBuf>,

    /// So many times as fast as it was
    #[arg(long, value_name = "FACTOR", requires = "replay", default_value = "1", value_parser = speed)]
    pub speed: f64,

    /// Do nothing, only look; `readonly = true` in a context does the same
    #[arg(long)]
    pub readonly: bool,

    /// Colours [default: what the terminal says it has; mono if colour is off]
    #[arg(long, value_name = "THEME")]
    pub theme: Option<ThemeName>,

    /// The signs of graphs [default: block, or ascii where the terminal has no UTF-8]
    #[arg(long, value_name = "SYMBOLS")]
    pub symbols: Option<SymbolName>,

    /// Heed the mouse; the terminal then selects no text
    #[arg(long)]
    pub mouse: bool,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.01..=100_000.0).contains(&speed) => Ok(speed),
        _ => Err(format!("`{text}` is not a number from 0.01 to 100000")),
    }
}
