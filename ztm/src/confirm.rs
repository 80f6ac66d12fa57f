//! Asking a person: confirmations and secrets. Never asks where nobody can answer.

use std::io::{self, BufRead, IsTerminal, Read};
use std::path::Path;

use libtenancy::{
    Error, Result,
    secret::{Secret, private_check},
};
use rustix::termios::{InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::{
    cli::tenant::BotTokenArgs,
    exit::{Interrupted, Usage, unread},
    printer::Printer,
};

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7f;

/// The longest token that is read from a file, in bytes; Telegram's have 46.
const LONGEST_TOKEN: u64 = 4096;

/// Has a person type `name` after seeing what will be lost; `yes` goes without. Without a terminal and without `yes`
/// this is wrong usage, never a hang.
pub fn name_typed(what: &str, losses: &[String], name: &str, yes: bool) -> anyhow::Result<()> {
    typed(what, &format!("{what} loses for ever:"), losses, name, yes)
}

/// The same, after seeing what it will do.
pub fn agreed(what: &str, will: &[String], name: &str, yes: bool) -> anyhow::Result<()> {
    typed(what, &format!("{what} will:"), will, name, yes)
}

fn typed(what: &str, says: &str, lines: &[String], name: &str, yes: bool) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    askable(what)?;
    let mut question = format!("{says}\n");
    for line in lines {
        question.push_str("  - ");
        question.push_str(&crate::view::plain(line));
        question.push('\n');
    }
    let answer = line_typed(&format!("{question}Type `{name}` to go on: "))?;
    if answer.trim() == name {
        return Ok(());
    }
    Err(unconfirmed(what))
}

/// Has a person answer a question with yes, for what can be made again as it was; `yes` goes without, as above.
pub fn answered(what: &str, question: &str, yes: bool) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    askable(what)?;
    let answer = line_typed(&format!("{} [y/N] ", crate::view::plain(question)))?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(unconfirmed(what)),
    }
}

/// A line that is typed after `prompt`, with the keys that the terminal itself edits by. Ctrl-C, and Ctrl-D before anything
/// else, end the command: both reach it as input, since a signal would be caught by the runtime and the read go on.
fn line_typed(prompt: &str) -> anyhow::Result<String> {
    let terminal = Changed::begin(io::stdin(), |modes| {
        modes.input_modes.insert(InputModes::ICRNL);
        modes.local_modes.insert(LocalModes::ECHO | LocalModes::ICANON);
        modes.local_modes.remove(LocalModes::ISIG);
        // It ends a line, as Enter does.
        modes.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
    })?;
    let screen = dialoguer::console::Term::stderr();
    screen.write_str(prompt)?;
    let mut typed = Vec::new();
    let mut keyboard = terminal.stdin.lock();
    while !typed.ends_with(b"\n") {
        let piece = keyboard.fill_buf()?;
        if piece.is_empty() || piece.contains(&CTRL_C) {
            screen.write_line("")?;
            return Err(ended());
        }
        let length = piece.len();
        typed.extend_from_slice(piece);
        keyboard.consume(length);
    }
    Ok(String::from_utf8_lossy(&typed).into_owned())
}

/// What a question is ended with instead of an answer.
fn ended() -> anyhow::Error {
    anyhow::Error::new(Interrupted).context("nothing was done")
}

fn askable(what: &str) -> anyhow::Result<()> {
    if can_ask() {
        return Ok(());
    }
    let message = format!("{what} needs a confirmation, and there is no terminal to ask on");
    Err(Usage { message, hint: Some("pass `--yes` if you mean it".to_owned()) }.into())
}

fn unconfirmed(what: &str) -> anyhow::Error {
    Usage { message: format!("{what} was not confirmed; nothing was changed"), hint: None }.into()
}

/// The bot's token, from wherever the flags say; `None` if they say nothing.
pub fn bot_token(positional: Option<Secret>, flags: BotTokenArgs, printer: &Printer) -> anyhow::Result<Option<Secret>> {
    let given = match (positional, flags.bot_token, flags.bot_token_file) {
        (None, Some(token), _) if token.expose().is_empty() => return ask_token().map(Some),
        (Some(token), _, _) | (None, Some(token), _) => Some(token),
        (None, None, Some(path)) => return token_in_file(&path).map(Some).map_err(unread),
        (None, None, None) => None,
    };
    if given.is_some() {
        printer.warn(
            "a token as an argument is seen by every user of this machine and kept by the shell; \
             use `--bot-token-file FILE`, `--bot-token-file -`, or `--bot-token` alone",
        );
    }
    given.map(|token| one_line(token.expose())).transpose().map_err(Into::into)
}

fn ask_token() -> anyhow::Result<Secret> {
    if !can_ask() {
        return Err(Usage {
            message: "there is no terminal to ask for the bot's token on".to_owned(),
            hint: Some("pass it with `--bot-token-file FILE`, or `--bot-token-file -` for standard input".to_owned()),
        }
        .into());
    }
    // Hidden before it asks: nothing that is typed early is shown.
    let hidden = Changed::begin(io::stdin(), |modes| {
        modes.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
    })?;
    let terminal = dialoguer::console::Term::stderr();
    terminal.write_str("Bot token (not shown): ")?;
    let typed = hidden.secret();
    drop(hidden);
    terminal.write_line("")?;
    Ok(one_line(typed?.expose())?)
}

/// A terminal in other modes; as it was before when this ends.
struct Changed {
    stdin: io::Stdin,
    before: Termios,
}

impl Changed {
    fn begin(stdin: io::Stdin, change: impl FnOnce(&mut Termios)) -> io::Result<Self> {
        let before = tcgetattr(&stdin)?;
        let mut modes = before.clone();
        change(&mut modes);
        tcsetattr(&stdin, OptionalActions::Now, &modes)?;
        Ok(Self { stdin, before })
    }

    /// Reads a line of a terminal that neither edits nor shows it. Ctrl-C, and Ctrl-D before anything else, end the command.
    fn secret(&self) -> anyhow::Result<Secret> {
        let mut typed = Zeroizing::new(Vec::new());
        for byte in self.stdin.lock().bytes() {
            match byte? {
                b'\r' | b'\n' => break,
                CTRL_C => return Err(ended()),
                CTRL_D if typed.is_empty() => return Err(ended()),
                BACKSPACE | DELETE => drop(typed.pop()),
                byte if (typed.len() as u64) < LONGEST_TOKEN => typed.push(byte),
                _ => {}
            }
        }
        Ok(Secret::new(String::from_utf8_lossy(&typed)))
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
    }
}

/// The bot's token in a file; `-` is standard input.
pub fn token_in_file(path: &Path) -> Result<Secret> {
    let mut text = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(LONGEST_TOKEN).read_to_end(&mut text).map_err(Error::io("read", "standard input"))?;
    } else {
        private_check(path)?;
        let file = std::fs::File::open(path).map_err(Error::io("open", path))?;
        file.take(LONGEST_TOKEN).read_to_end(&mut text).map_err(Error::io("read", path))?;
    }
    let text = Secret::new(String::from_utf8(text).map_err(|_| Error::invalid("bot token", "it is not text"))?);
    one_line(text.expose())
}

/// The token without the line's end; what else it must be is the library's to say.
fn one_line(text: &str) -> Result<Secret> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid("bot token", "it is empty"));
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Error::invalid("bot token", "it must be one word"));
    }
    Ok(Secret::new(text))
}

pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_word_whatever_surrounds_it() {
        assert_eq!(one_line(" 1:abc\r\n").unwrap().expose(), "1:abc");
        for text in ["", " \n", "1:a b", "1:a\n2:b", "1:\u{7}"] {
            assert!(one_line(text).is_err(), "{text:?}");
        }
    }
}
