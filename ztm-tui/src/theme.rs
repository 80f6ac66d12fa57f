//! Colours, and the signs that graphs are drawn with.

use ratatui::style::{Color, Modifier, Style};

/// The styles of what is shown, by what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Text.
    pub text: Style,
    /// What matters less.
    pub dim: Style,
    /// What stands out: titles, keys.
    pub accent: Style,
    /// What is as it should be.
    pub good: Style,
    /// What is not so yet, or needs a look.
    pub warn: Style,
    /// What is wrong.
    pub bad: Style,
    /// The row of the cursor.
    pub selected: Style,
    /// The line at the top.
    pub header: Style,
    /// The same, where a mistake costs most.
    pub header_danger: Style,
}

const fn color(color: Color) -> Style {
    Style::new().fg(color)
}

impl Theme {
    /// For a dark background.
    pub const fn dark() -> Self {
        Self {
            text: Style::new(),
            dim: color(Color::Rgb(130, 138, 150)),
            accent: color(Color::Rgb(110, 180, 255)).add_modifier(Modifier::BOLD),
            good: color(Color::Rgb(120, 200, 130)),
            warn: color(Color::Rgb(235, 190, 90)),
            bad: color(Color::Rgb(240, 110, 105)),
            selected: Style::new().bg(Color::Rgb(50, 62, 82)),
            header: color(Color::Rgb(230, 235, 242)).bg(Color::Rgb(38, 52, 74)),
            header_danger: color(Color::Rgb(255, 240, 238)).bg(Color::Rgb(120, 32, 32)),
        }
    }

    /// For a light background.
    pub const fn light() -> Self {
        Self {
            text: Style::new(),
            dim: color(Color::Rgb(100, 104, 112)),
            accent: color(Color::Rgb(0, 82, 163)).add_modifier(Modifier::BOLD),
            good: color(Color::Rgb(20, 115, 50)),
            warn: color(Color::Rgb(145, 95, 0)),
            bad: color(Color::Rgb(180, 30, 30)),
            selected: Style::new().bg(Color::Rgb(208, 222, 242)),
            header: color(Color::Rgb(20, 30, 45)).bg(Color::Rgb(196, 212, 235)),
            header_danger: color(Color::Rgb(90, 0, 0)).bg(Color::Rgb(248, 196, 190)),
        }
    }

    /// Of the sixteen colours that every terminal has.
    pub const fn ansi16() -> Self {
        Self {
            text: Style::new(),
            dim: color(Color::DarkGray),
            accent: color(Color::Cyan).add_modifier(Modifier::BOLD),
            good: color(Color::Green),
            warn: color(Color::Yellow),
            bad: color(Color::Red),
            selected: Style::new().add_modifier(Modifier::REVERSED),
            header: color(Color::White).bg(Color::Blue),
            header_danger: color(Color::White).bg(Color::Red),
        }
    }

    /// Without colours.
    pub const fn mono() -> Self {
        let plain = Style::new();
        Self {
            text: plain,
            dim: plain.add_modifier(Modifier::DIM),
            accent: plain.add_modifier(Modifier::BOLD),
            good: plain,
            warn: plain.add_modifier(Modifier::BOLD),
            bad: plain.add_modifier(Modifier::BOLD).add_modifier(Modifier::UNDERLINED),
            selected: plain.add_modifier(Modifier::REVERSED),
            header: plain.add_modifier(Modifier::REVERSED),
            header_danger: plain.add_modifier(Modifier::REVERSED).add_modifier(Modifier::BOLD),
        }
    }

    /// The style of a status' word.
    pub fn status(&self, word: &str) -> Style {
        match word {
            "running" | "ready" | "succeeded" | "woken" | "resumed" | "created" => self.good,
            "provisioning" | "stopping" | "pending" | "delayed" | "queued" | "waking" | "refused" => self.warn,
            "suspended" | "dead" | "failed" | "lost" | "unavailable" | "terminated" => self.bad,
            _ => self.dim,
        }
    }
}

/// The signs that graphs are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbols {
    /// Dots of braille: two values a column.
    Braille,
    /// Blocks: one value a column.
    Block,
    /// What every terminal and font has.
    Ascii,
}

impl Symbols {
    /// A graph of one row, of so many columns; the last value is at its right end.
    pub fn graph(self, values: &[u64], columns: usize) -> String {
        let slots = if self == Self::Braille { columns * 2 } else { columns };
        let from = values.len().saturating_sub(slots);
        let shown = &values[from..];
        let most = shown.iter().copied().max().unwrap_or(0).max(1);
        let level = |value: u64, levels: u64| {
            if value == 0 { 0 } else { usize::try_from((value * levels).div_ceil(most)).unwrap_or(0) }
        };
        let missing = slots - shown.len();
        match self {
            Self::Block | Self::Ascii => {
                let signs: &[char] = if self == Self::Block {
                    &[' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
                } else {
                    &[' ', '.', ':', '-', '=', '+', '*', '%', '#']
                };
                let drawn = shown.iter().map(|value| signs[level(*value, 8)]);
                std::iter::repeat_n(' ', missing).chain(drawn).collect()
            }
            Self::Braille => {
                // The dots of a column from below: 7 3 2 1 on the left, 8 6 5 4 on the right (Unicode, block 2800).
                const LEFT: [u32; 5] = [0, 0x40, 0x44, 0x46, 0x47];
                const RIGHT: [u32; 5] = [0, 0x80, 0xa0, 0xb0, 0xb8];
                let mut all = vec![0; missing];
                all.extend_from_slice(shown);
                let sign = |pair: &[u64]| {
                    let dots = LEFT[level(pair[0], 4)] | RIGHT[level(pair[1], 4)];
                    char::from_u32(0x2800 + dots).unwrap_or(' ')
                };
                all.chunks(2).map(sign).collect()
            }
        }
    }

    /// A bar of so many columns, filled to so many thousandths.
    pub fn bar(self, permille: u64, columns: usize) -> String {
        let filled = usize::try_from(permille.min(1_000)).unwrap_or(0) * columns;
        let (full, empty) = if self == Self::Ascii { ('#', '.') } else { ('█', '░') };
        let whole = filled.div_ceil(1_000);
        std::iter::repeat_n(full, whole).chain(std::iter::repeat_n(empty, columns - whole)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphs_have_their_width_whatever_they_are_of() {
        for symbols in [Symbols::Braille, Symbols::Block, Symbols::Ascii] {
            for values in [&[][..], &[0, 0], &[1, 2, 3, u64::MAX / 8], &[5; 300]] {
                assert_eq!(symbols.graph(values, 20).chars().count(), 20, "{symbols:?} {values:?}");
            }
        }
        assert_eq!(Symbols::Block.graph(&[0, 1, 4, 8], 6), "   ▁▄█");
        assert_eq!(Symbols::Ascii.graph(&[0, 1, 4, 8], 4), " .=#");
        assert_eq!(Symbols::Braille.graph(&[1, 4], 1), "\u{28f8}");
    }

    #[test]
    fn a_bar_is_empty_only_at_nothing_and_full_only_at_everything() {
        assert_eq!(Symbols::Ascii.bar(0, 4), "....");
        assert_eq!(Symbols::Ascii.bar(1, 4), "#...");
        assert_eq!(Symbols::Ascii.bar(500, 4), "##..");
        assert_eq!(Symbols::Ascii.bar(9_999, 4), "####");
    }
}
