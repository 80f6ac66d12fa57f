//! The one place that prints: data to standard output, everything else to standard error.
//!
//! Owns the formats of `-o`, colour, errors with their hints, and the end of a pipe. What a thing looks like is said in
//! [`crate::view`].

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use libtenancy::{
    api::ErrorBody,
    clock::{Clock, SystemClock},
};
use serde::Serialize;

use crate::{
    cli::{global::Color, listing::ListingArgs, output::Output},
    client, exit, format, listing,
    view::{Look, Show, ShowRows, Widths, plain},
};

/// Standard output was closed by its reader: nothing more can be said there, and that is no failure.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads standard output any more")]
pub struct BrokenPipe;

/// How often progress is drawn.
const TICK: Duration = Duration::from_millis(100);

/// Prints.
#[derive(Clone, Debug)]
pub struct Printer {
    output: Output,
    out: Stream,
    err: Stream,
    quiet: bool,
}

/// One of the standard streams.
#[derive(Clone, Copy, Debug)]
struct Stream {
    color: bool,
    terminal: bool,
}

impl Printer {
    /// A printer on this process' standard streams.
    pub fn new(output: Output, color: Color, quiet: bool) -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let wanted = |terminal| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if variable("NO_COLOR").is_some() => false,
            Color::Auto if variable("CLICOLOR_FORCE").is_some_and(|v| v != "0") => true,
            Color::Auto => terminal && variable("TERM").is_none_or(|term| term != "dumb"),
        };
        let stream = |terminal| Stream { color: wanted(terminal), terminal };
        Self { output, out: stream(io::stdout().is_terminal()), err: stream(io::stderr().is_terminal()), quiet }
    }

    /// The format of data.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Whether progress may be drawn on standard error.
    pub fn draws_progress(&self) -> bool {
        self.err.terminal && !self.quiet && !self.output.is_document()
    }

    /// A line on standard error that says what goes on, and is gone at the end; nothing where none may be drawn.
    pub fn progress(&self) -> ProgressBar {
        if !self.draws_progress() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.enable_steady_tick(TICK);
        // That of a bar without an end has no place for words.
        bar.with_style(ProgressStyle::default_spinner())
    }

    /// Whether standard output has colour.
    pub fn paints(&self) -> bool {
        self.out.color
    }

    /// Whether standard output is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.out.terminal
    }

    /// Prints data: what the command was asked for.
    pub fn show<T: Show>(&self, data: &T) -> anyhow::Result<()> {
        self.print(data, true)
    }

    /// Prints the rows of a listing that its flags choose, in the order that they say.
    pub fn show_rows<T: ShowRows>(&self, mut data: T, args: &ListingArgs) -> anyhow::Result<()> {
        let all = data.rows_mut().len();
        let mut chosen = Self::arranged(data, args)?;
        if chosen.rows_mut().len() < all
            && let Some(sums) = chosen.narrowed()
        {
            self.note(sums);
        }
        let left_out = chosen.rows_mut().len() - Self::limited(&mut chosen, args);
        if all > 0 && chosen.rows_mut().is_empty() {
            self.note(&match all {
                1 => "there is 1 row, and `--filter` does not hold of it".to_owned(),
                all => format!("there are {all} rows, and `--filter` holds of none of them"),
            });
        }
        self.print(&chosen, !args.no_headers)?;
        if left_out > 0 {
            self.left_out(&format!("{left_out} more"));
        }
        Ok(())
    }

    /// Leaves out what is beyond the limit; how many rows are left.
    fn limited<T: ShowRows>(data: &mut T, args: &ListingArgs) -> usize {
        let rows = data.rows_mut();
        rows.truncate(args.limit.unwrap_or(usize::MAX));
        rows.len()
    }

    /// Says, to whom reads documents too, that `--limit` left something out.
    pub fn left_out(&self, more: &str) {
        if !self.quiet {
            say(&plain(&format!("`--limit` leaves out {more}")));
        }
    }

    /// The rows of a listing that its flags choose, in the order that they say.
    fn arranged<T: ShowRows>(mut data: T, args: &ListingArgs) -> anyhow::Result<T> {
        if args.sort_by.is_some() || !args.filter.is_empty() {
            let rows = data.rows_mut().iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
            let places = listing::arrange(
                &rows,
                data.shown(),
                args.sort_by.as_ref(),
                &args.filter,
                SystemClock::default().now(),
            )
            .map_err(|message| exit::Usage { message, hint: Some("`-o json` shows every field".to_owned()) })?;
            data.arrange(&places);
        }
        Ok(data)
    }

    /// Prints data, with the names of the columns or without.
    pub fn show_headed<T: Show>(&self, data: &T, headers: bool) -> anyhow::Result<()> {
        self.print(data, headers)
    }

    fn look(&self, headers: bool) -> Look {
        Look { headers, ..Look::now(self.output == Output::Wide, self.out.color) }
    }

    fn print<T: Show>(&self, data: &T, headers: bool) -> anyhow::Result<()> {
        let mut text = match &self.output {
            Output::Json => format::json(data)?,
            Output::Yaml => format::yaml(data)?,
            Output::Name => data.names().join("\n"),
            Output::Csv => format::csv(data, data.rows_name(), data.columns(), headers)?,
            Output::JsonPath(template) => template.render(&serde_json::to_value(data)?),
            Output::Table | Output::Wide => data.text(&self.look(headers)),
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        self.bytes(text.as_bytes())
    }

    /// Prints one line of a stream of JSON.
    pub fn json_line<T: Serialize>(&self, data: &T) -> anyhow::Result<()> {
        let mut text = serde_json::to_vec(data)?;
        text.push(b'\n');
        self.bytes(&text)
    }

    /// Prints data as it is, at once.
    pub fn bytes(&self, data: &[u8]) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(data).and_then(|()| out.flush()).map_err(|e| match e.kind() {
            io::ErrorKind::BrokenPipe => BrokenPipe.into(),
            _ => anyhow::Error::new(e).context("cannot write to standard output"),
        })
    }

    /// Says something beside the data, to people.
    pub fn note(&self, text: &str) {
        if !self.quiet && !self.output.is_document() {
            say(&plain(text));
        }
    }

    /// Warns. Under `-o json` a line of JSON like an error's, with the code `warning`.
    pub fn warn(&self, text: &str) {
        if self.quiet {
            return;
        }
        if self.output.is_document() {
            self.failure("warning", text, None);
        } else {
            say(&format!("{} {}", self.paint("warning:", "\x1b[1;33m"), plain(&redact(text))));
        }
    }

    /// Prints an error once: its message with all causes, and what can be done about it.
    pub fn error(&self, error: &anyhow::Error) {
        self.failure(exit::code(error), &format!("{error:#}"), exit::hint(error).as_deref());
    }

    /// Prints an error in the form the output asks for.
    pub fn failure(&self, code: &str, message: &str, hint: Option<&str>) {
        let (message, hint) = (redact(message), hint.map(redact));
        if self.output.is_document() {
            let request_id = client::asked_as().filter(|_| !matches!(code, "warning" | "usage")).map(str::to_owned);
            let body = ErrorBody { code: code.to_owned(), error: message, hint, request_id };
            say(&serde_json::to_string(&body).unwrap_or(body.error));
            return;
        }
        say(&format!("{} {}", self.paint("error:", "\x1b[1;31m"), plain(&message)));
        if let Some(hint) = hint {
            say(&format!("{} {}", self.paint("hint:", "\x1b[1;36m"), plain(&hint)));
        }
        // Where the control plane's log says more than it does.
        if let Some(id) = client::asked_as().filter(|_| UNEXPLAINED.contains(&code)) {
            say(&format!("{} {id}", self.paint("request id:", "\x1b[1;36m")));
        }
    }

    /// Prints what clap says: help and versions are data, the rest is an error.
    pub fn clap(&self, error: &clap::Error) -> anyhow::Result<()> {
        let rendered = error.render();
        if !error.use_stderr() {
            let text = if self.out.color { rendered.ansi().to_string() } else { rendered.to_string() };
            return self.bytes(text.as_bytes());
        }
        if self.output.is_document() {
            let text = rendered.to_string();
            let message = text.trim_start_matches("error: ").split("\n\n").next().unwrap_or(&text);
            let words: Vec<&str> = message.split_whitespace().collect();
            self.failure("usage", &words.join(" "), Some("`--help` shows what is right"));
            return Ok(());
        }
        let text = if self.err.color { rendered.ansi().to_string() } else { rendered.to_string() };
        say(redact(&text).trim_end_matches('\n'));
        Ok(())
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.err.color { format!("{code}{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A listing that goes on: rows under each other in the columns of the first ones, or a line of JSON each. What is wider than
/// its column stands below a new line of names.
pub struct Rows<'a> {
    printer: &'a Printer,
    args: &'a ListingArgs,
    widths: Option<Widths>,
}

impl<'a> Rows<'a> {
    /// Prints what there is.
    pub fn begin<T: ShowRows>(printer: &'a Printer, data: T, args: &'a ListingArgs) -> anyhow::Result<Self> {
        let mut data = Printer::arranged(data, args)?;
        Printer::limited(&mut data, args);
        let mut rows = Self { printer, args, widths: None };
        if printer.output.is_document() { rows.lines(data) } else { rows.first(&data) }?;
        Ok(rows)
    }

    /// Prints rows that are the first, under the names of their columns.
    fn first<T: Show>(&mut self, data: &T) -> anyhow::Result<()> {
        if !matches!(self.printer.output, Output::Table | Output::Wide) {
            return self.printer.print(data, !self.args.no_headers);
        }
        let (text, widths) = self.drawn(data, !self.args.no_headers);
        self.widths = (!text.is_empty()).then_some(widths);
        self.printer.bytes(text.as_bytes())
    }

    /// The rows with the time before them, and how wide the columns are then.
    fn drawn<T: Show>(&self, data: &T, headers: bool) -> (String, Widths) {
        let look = self.printer.look(headers);
        look.kept.set(Some(self.widths.unwrap_or_default()));
        (stamped(&data.text(&look), headers), look.kept.get().unwrap_or_default())
    }

    /// Prints more of them, as far as the flags choose them.
    pub fn add<T: ShowRows>(&mut self, data: T) -> anyhow::Result<()> {
        let filter = ListingArgs { sort_by: None, ..self.args.clone() };
        // A field that these have not is no error any more.
        let Ok(mut data) = Printer::arranged(data, &filter) else { return Ok(()) };
        if data.rows_mut().is_empty() {
            return Ok(());
        }
        match (&self.printer.output, self.widths) {
            (Output::Json | Output::Yaml, _) => self.lines(data),
            (Output::Table | Output::Wide, None) => self.first(&data),
            (Output::Table | Output::Wide, Some(before)) => {
                let (mut text, widths) = self.drawn(&data, false);
                self.widths = Some(widths);
                // Nothing stands behind the last column of many, whose texts are of any length.
                let last = if self.printer.output == Output::Wide { widths.iter().rposition(|w| *w > 0) } else { None };
                let grew = |place: usize| Some(place) != last && widths[place] > before[place];
                if !self.args.no_headers && (0..widths.len()).any(grew) {
                    (text, _) = self.drawn(&data, true);
                }
                self.printer.bytes(text.as_bytes())
            }
            (Output::Name | Output::Csv | Output::JsonPath(_), _) => self.printer.print(&data, false),
        }
    }

    fn lines<T: ShowRows>(&self, mut data: T) -> anyhow::Result<()> {
        data.rows_mut().iter().try_for_each(|row| self.printer.json_line(row))
    }
}

/// The lines with the time before them, to the second, and the name of that column before the first if that is the header.
fn stamped(text: &str, headed: bool) -> String {
    let now: String = SystemClock::default().now().to_string().chars().take(19).collect();
    let stamp = |place: usize| if headed && place == 0 { "TIME".to_owned() } else { format!("{now}Z") };
    let lines: Vec<String> =
        text.lines().enumerate().map(|(place, line)| format!("{:<20}  {line}\n", stamp(place))).collect();
    lines.concat()
}

/// The codes of errors that the control plane's log says more of.
const UNEXPLAINED: [&str; 5] = ["internal", "outcome_unknown", "agent_failed", "refused", "corrupt"];

/// Writes a line to standard error; if nobody reads it there is nobody to tell.
fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// The text with everything that has the form of a bot's token taken out.
fn redact(text: &str) -> String {
    let token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(colon) = rest.find(':') {
        let (before, after) = (&rest[..colon], &rest[colon + 1..]);
        let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let tail = after.find(|c| !token(c) && c != ':').unwrap_or(after.len());
        if digits >= 3 && tail >= 20 {
            clean.push_str(before);
            clean.push_str(":…");
            rest = &after[tail..];
        } else {
            clean.push_str(&rest[..=colon]);
            rest = after;
        }
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s7_what_has_the_form_of_a_token_is_never_printed() {
        let token = "1234567890:AAHxyzAAHxyzAAHxyzAAHxyzAAHxyzAAHxy";
        assert_eq!(redact(&format!("unexpected argument '{token}' found")), "unexpected argument '1234567890:…' found");
        assert_eq!(redact(&format!("{token}{token}")).matches("AAH").count(), 0);
        for harmless in
            ["error: x", "http://127.0.0.1:8080/tenants", "a:b:c", "12:34:56", "2026-05-28T20:26:40Z", "é:ü"]
        {
            assert_eq!(redact(harmless), harmless);
        }
    }
}
