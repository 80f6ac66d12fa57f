//! What data looks like on a screen: columns and fields, from the same types that the API speaks.
//!
//! Everything that comes from outside (names, errors, what an agent said) passes [`plain`], so that it cannot speak to
//! the terminal.

use std::{borrow::Cow, cell::Cell as Kept, time::Duration};

use comfy_table::{Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Table, Width};
use libtenancy::clock::{Clock, SystemClock, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::listing::{Shown, column::Column};

pub mod admin;
pub mod apply;
pub mod bench;
pub mod config;
pub mod context;
pub mod demo;
pub mod doctor;
pub mod events;
pub mod inbox;
pub mod job;
pub mod logs;
pub mod node;
pub mod plane;
pub mod pool;
pub mod quota;
pub mod schedule;
pub mod spend;
pub mod tenant;
pub mod top;
pub mod webhook;
pub mod why;

/// Data that a command prints. Its JSON is its serialisation.
pub trait Show: Serialize {
    /// For people: a table or a list of fields.
    fn text(&self, look: &Look) -> String;
    /// The names of the things shown, for `-o name`.
    fn names(&self) -> Vec<String>;
    /// The field of its JSON that is the list, if it is one: a line each for `-o csv`.
    fn rows_name(&self) -> Option<&'static str> {
        None
    }
    /// If it is a list: the fields that every row of it has, for the header of `-o csv` where there is none.
    fn columns(&self) -> &'static [&'static str] {
        &[]
    }
}

/// A listing, whose rows can be chosen and sorted.
pub trait ShowRows: Show {
    /// What a row is.
    type Row: Serialize;
    /// The rows.
    fn rows_mut(&mut self) -> &mut Vec<Self::Row>;

    /// The columns of its table that are called, or shown, otherwise than their fields.
    fn columns_as() -> &'static [Column] {
        &[]
    }

    /// The word that its table shows of a row in the column of this name in place of a value, if it does.
    fn word_for(_row: &Value, _column: &str) -> Option<&'static str> {
        None
    }

    /// What its rows can be chosen by beside what they are as JSON.
    fn shown(&self) -> Shown {
        Shown { fields: self.columns(), columns: Self::columns_as(), word: Some(Self::word_for) }
    }

    /// Rows were left out: what its sums are of then, once they are those of the rows that stay; `None` if it has none.
    fn narrowed(&mut self) -> Option<&'static str> {
        None
    }

    /// The rows at these places, in this order, are all that stay.
    fn arrange(&mut self, places: &[usize]) {
        let rows = self.rows_mut();
        let mut old: Vec<Option<Self::Row>> = std::mem::take(rows).into_iter().map(Some).collect();
        rows.extend(places.iter().filter_map(|place| old.get_mut(*place)?.take()));
    }
}

/// The fields that the rows of a listing have, by the words of its command: what its rows can be chosen and sorted by.
pub fn fields(noun: &str, verb: &str) -> &'static [&'static str] {
    match (noun, verb) {
        ("tenant", "list") => tenant::COLUMNS,
        ("job", "list" | "dead") => job::COLUMNS,
        ("inbox", "list") => inbox::COLUMNS,
        ("node", "list") => node::COLUMNS,
        ("quota", "list") => quota::COLUMNS,
        ("schedule", "list") => schedule::COLUMNS,
        ("spend", "report") => spend::COLUMNS,
        ("context", "list") => context::COLUMNS,
        _ => &[],
    }
}

/// How wide the columns of a table are, in characters.
pub type Widths = [u16; 16];

/// How wide a column is from the beginning whose rows come one by one: as wide as what is usual in it.
fn room(column: &str) -> u16 {
    match column {
        "STATUS" | "STAGE" => 12,
        "ACTIVE" | "AGE" | "SINCE" => 4,
        _ => 0,
    }
}

/// How to draw.
#[derive(Clone, Debug)]
pub struct Look {
    /// Whether there is room for more columns.
    pub wide: bool,
    /// Whether to use colour.
    pub color: bool,
    /// Whether tables have a line with the names of their columns.
    pub headers: bool,
    /// The present moment, for ages.
    pub now: Timestamp,
    /// Where rows follow a table: how wide its columns are at least, and how wide they were drawn then.
    pub kept: Kept<Option<Widths>>,
}

impl Look {
    /// A look at this moment.
    pub fn now(wide: bool, color: bool) -> Self {
        Self { wide, color, headers: true, now: SystemClock::default().now(), kept: Kept::new(None) }
    }

    /// Columns with two spaces between them, no lines: easy to read, to cut and to grep.
    pub fn table(&self, header: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) -> String {
        let mut table = Table::new();
        // Rows are as long as they are: arranging them to a width costs seconds at 10,000 rows, and wrapped cells
        // cannot be cut or grepped.
        table.load_style(comfy_table::presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Disabled);
        if self.color {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        if self.headers {
            table.set_header(header.iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
        }
        table.add_rows(rows);
        for column in table.column_iter_mut() {
            column.set_padding((0, PADDING));
        }
        if let Some(mut widths) = self.kept.get() {
            let contents = table.column_max_content_widths();
            for (((least, name), content), column) in
                widths.iter_mut().zip(header).zip(contents).zip(table.column_iter_mut())
            {
                *least =
                    [*least, content, room(name), name.len().try_into().unwrap_or(0)].into_iter().max().unwrap_or(0);
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(*least + PADDING)));
            }
            self.kept.set(Some(widths));
        }
        table.trim_fmt()
    }

    /// One field a line, those without a value left out.
    pub fn fields(&self, fields: impl IntoIterator<Item = (&'static str, Option<Cell>)>) -> String {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Disabled);
        if self.color {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        for (name, value) in fields {
            if let Some(value) = value {
                table.add_row([Cell::new(name).add_attribute(Attribute::Bold), value]);
            }
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        table.trim_fmt()
    }

    /// How long ago something was.
    pub fn age(&self, then: Timestamp) -> String {
        span(self.now.since(then))
    }
}

/// The spaces after a column.
const PADDING: u16 = 2;

/// How many characters of one text a table shows; JSON has all of them.
const LONGEST_CELL: usize = 400;

/// A cell with text from outside.
pub fn cell(text: impl AsRef<str>) -> Cell {
    let text = text.as_ref();
    match text.char_indices().nth(LONGEST_CELL) {
        Some((end, _)) => Cell::new(format!("{}…", plain(&text[..end]))),
        None => Cell::new(plain(text)),
    }
}

/// A cell with a number.
pub fn number(value: impl ToString) -> Cell {
    Cell::new(value).set_alignment(CellAlignment::Right)
}

/// A cell with a status, in its colour.
pub fn status(label: &str) -> Cell {
    let cell = cell(label);
    match label {
        "running" | "ready" | "handled" | "succeeded" => cell.fg(Color::Green),
        "provisioning" | "stopping" | "pending" | "replied" | "queued" | "delayed" => cell.fg(Color::Yellow),
        "terminated" | "suspended" | "unavailable" | "dead" | "cancelled" => cell.fg(Color::Red),
        _ => cell,
    }
}

/// The text on one line, without characters that a terminal obeys.
pub fn plain(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => clean.push(' '),
            c if obeyed(c) => clean.extend(c.escape_unicode()),
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}

/// So many of something: `1 agent`, `2 agents`.
pub fn counted(count: impl TryInto<u64>, what: &str) -> String {
    match count.try_into() {
        Ok(1) => format!("1 {what}"),
        Ok(count) => format!("{count} {what}s"),
        Err(_) => format!("many {what}s"),
    }
}

/// A time span in its largest unit, as `kubectl` shows it: `5s`, `3m`, `2h`, `4d`.
pub fn span(time: Duration) -> String {
    match time.as_secs() {
        s @ 0..120 => format!("{s}s"),
        s @ 120..7_200 => format!("{}m", s / 60),
        s @ 7_200..172_800 => format!("{}h", s / 3_600),
        s => format!("{}d", s / 86_400),
    }
}

/// Seconds as they are set: `300s`, `30m`, `2h`, in the largest unit that is exact.
pub fn exact(seconds: u64) -> String {
    match seconds {
        s if s >= 86_400 && s.is_multiple_of(86_400) => format!("{}d", s / 86_400),
        s if s >= 3_600 && s.is_multiple_of(3_600) => format!("{}h", s / 3_600),
        s if s >= 600 && s.is_multiple_of(60) => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

/// A size in binary units with three digits: `512 B`, `1.5 KiB`, `14.2 MiB`.
pub fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit < 4 {
        value /= 1024.0;
        unit += 1;
    }
    let name = ["B", "KiB", "MiB", "GiB", "TiB"][unit];
    if unit == 0 { format!("{bytes} {name}") } else { format!("{value:.1} {name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_speak_to_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\nc\u{9b}d\u{202e}e"), "a\\u{1b}[2Jb c\\u{9b}d\\u{202e}e");
        assert!(matches!(plain("schön 你好"), Cow::Borrowed(_)));
    }

    #[test]
    fn one_of_something_is_said_as_one() {
        assert_eq!([0_u64, 1, 2].map(|count| counted(count, "agent")), ["0 agents", "1 agent", "2 agents"]);
    }

    #[test]
    fn spans_and_sizes_are_short() {
        let spans: Vec<_> = [0, 119, 120, 7_199, 7_200, 172_800].map(|s| span(Duration::from_secs(s))).into();
        assert_eq!(spans, ["0s", "119s", "2m", "119m", "2h", "2d"]);
        assert_eq!([300, 1800, 3600, 90, 86_400].map(exact), ["300s", "30m", "1h", "90s", "1d"]);
        assert_eq!([0, 1536, 14_890_000].map(size), ["0 B", "1.5 KiB", "14.2 MiB"]);
    }

    #[test]
    fn columns_are_two_spaces_apart_and_lines_have_no_end_of_spaces() {
        let look = Look { now: Timestamp::default(), ..Look::now(false, false) };
        let text = look.table(&["A", "LONGER"], [vec![cell("xyz"), cell("1")]]);
        assert_eq!(text, "A    LONGER\nxyz  1");
    }

    #[test]
    fn rows_that_follow_a_table_stand_below_its_columns() {
        let look = |headers, kept| Look { headers, kept: Kept::new(kept), ..Look::now(false, false) };
        let (header, first) = (["NAME", "STATUS", "USED"], look(true, Some(Widths::default())));
        let text = first.table(&header, [vec![cell("alice"), cell("idle"), number(1200)]]);
        assert_eq!(text, "NAME   STATUS        USED\nalice  idle          1200");
        let next = look(false, first.kept.get());
        let text = next.table(&header, [vec![cell("b"), cell("provisioning"), number(1)]]);
        assert_eq!(text, "b      provisioning     1");
        assert_eq!(next.kept.get(), first.kept.get());
        let wider = look(false, next.kept.get());
        wider.table(&header, [vec![cell("caroline"), cell("idle"), number(1)]]);
        assert_eq!(wider.kept.get().unwrap()[..3], [8, 12, 4]);
    }
}
