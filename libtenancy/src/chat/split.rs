//! Cutting a reply into messages.
//!
//! # Design notes
//! Cuts are sought from the best kind to the worst: between paragraphs, lines, sentences, words, and at last between
//! graphemes; a kind is taken only if the part stays at least half full, so that a long text does not fall into crumbs.
//! Replies go out without a parse mode, so a code fence is plain text; it is still closed at the end of a part and
//! opened again in the next, since each message is read (and copied) by itself.

use unicode_segmentation::{GraphemeCursor, GraphemeIncomplete};

use super::{MAX_MESSAGE_UNITS, is_blank};

/// The longest run of backticks that is taken for a fence, and the longest info string that is repeated, in bytes.
const MAX_FENCE: usize = 10;
const MAX_INFO: usize = 32;

/// Cuts `text` into parts of at most [`MAX_MESSAGE_UNITS`] UTF-16 units, none of them blank; a blank text has no
/// parts, one that fits is left as it is.
///
/// Nothing is lost but white space around a cut; nothing is added but closing and opening lines of code fences.
pub fn split(text: &str) -> Vec<String> {
    split_at_most(text, MAX_MESSAGE_UNITS)
}

/// An open code fence: how many backticks, and what its opening line said after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fence<'a> {
    ticks: usize,
    info: &'a str,
}

impl<'a> Fence<'a> {
    /// The fence that is open after `line`, if `open` was before (`CommonMark` 0.31, section 4.5, backticks only).
    fn after_line(open: Option<Self>, line: &'a str) -> Option<Self> {
        let trimmed = line.trim();
        let ticks = trimmed.bytes().take_while(|&b| b == b'`').count();
        let rest = &trimmed[ticks..];
        match open {
            Some(fence) if ticks >= fence.ticks && rest.is_empty() => None,
            Some(fence) => Some(fence),
            None if (3..=MAX_FENCE).contains(&ticks) && !rest.contains('`') => Some(Self { ticks, info: rest }),
            None => None,
        }
    }

    fn after(open: Option<Self>, text: &'a str) -> Option<Self> {
        text.split('\n').fold(open, Self::after_line)
    }

    fn opening(self) -> String {
        let info = if self.info.len() <= MAX_INFO { self.info } else { "" };
        format!("{}{info}\n", "`".repeat(self.ticks))
    }

    fn closing(self) -> String {
        format!("\n{}", "`".repeat(self.ticks))
    }
}

fn split_at_most(text: &str, max: usize) -> Vec<String> {
    let mut parts = Vec::new();
    if is_blank(text) {
        return parts;
    }
    // What closing a fence may cost; texts without fences pay nothing.
    let reserve = if text.contains("```") { MAX_FENCE + 1 } else { 0 };
    let mut rest = text;
    let mut open: Option<Fence<'_>> = None;
    if fitting(rest, max) == rest.len() {
        return vec![text.to_owned()];
    }
    loop {
        let prefix = open.map(Fence::opening).unwrap_or_default();
        let budget = max - super::units(&prefix) - reserve;
        let end = fitting(rest, budget);
        let last = end == rest.len();
        let cut = if last { end } else { cut_before(rest, end, open) };
        let body = rest[..cut].trim_end();
        let after = Fence::after(open, body);
        rest = match &rest[cut..] {
            // White space at a cut is not shown anyway; the indentation of the next line of code is.
            next if cut < rest.len() && after.is_some() => next.trim_start_matches(['\n', '\r']),
            next => without_blank_lines(next, rest[..cut].ends_with('\n')),
        };
        if !is_blank(body) {
            let closing = after.map(Fence::closing).unwrap_or_default();
            parts.push(format!("{prefix}{body}{closing}"));
        }
        open = after;
        // The fence's own closing line would make an empty block in the next part.
        if let Some(fence) = open {
            let line_end = rest.find('\n').unwrap_or(rest.len());
            if !is_blank(body) && Fence::after_line(Some(fence), &rest[..line_end]).is_none() {
                rest = rest[line_end..].trim_start_matches('\n');
                open = None;
            }
        }
        if last || is_blank(rest) {
            return parts;
        }
    }
}

/// Where the longest beginning of `text` of at most `max` units ends, in bytes, not inside a grapheme unless a single
/// one is longer than that.
fn fitting(text: &str, max: usize) -> usize {
    if text.len() <= max {
        return text.len();
    }
    let mut left = max;
    let mut end = text.len();
    for (at, c) in text.char_indices() {
        let Some(less) = left.checked_sub(c.len_utf16()) else {
            end = at;
            break;
        };
        left = less;
    }
    if end == text.len() {
        return end;
    }
    let mut cursor = GraphemeCursor::new(end, text.len(), true);
    let boundary: Result<usize, GraphemeIncomplete> = match cursor.is_boundary(text, 0) {
        Ok(true) => Ok(end),
        Ok(false) => cursor.prev_boundary(text, 0).map(Option::unwrap_or_default),
        Err(incomplete) => Err(incomplete),
    };
    match boundary {
        Ok(at) if at > 0 => at,
        Ok(_) | Err(_) => end,
    }
}

/// The best place to cut `text` at or before `end`; more than 0.
fn cut_before(text: &str, end: usize, open: Option<Fence<'_>>) -> usize {
    let window = &text[..end];
    let half = |cut: &usize| *cut >= end / 2;
    let paragraph = || window.rfind("\n\n").map(|at| at + 2).filter(half);
    // A window that ends where a line ends is cut there.
    let line = || {
        let ends_here = text[end..].starts_with('\n').then_some(end);
        ends_here.or_else(|| window.rfind('\n').map(|at| at + 1).filter(half))
    };
    let sentence = || sentence_end(window).filter(half);
    let word = || {
        let after = |at: usize| at + window[at..].chars().next().map_or(1, char::len_utf8);
        let ends_here = text[end..].starts_with(char::is_whitespace).then_some(end);
        ends_here.or_else(|| window.rfind(char::is_whitespace).map(after).filter(half))
    };
    let cut = if open.is_some() || Fence::after(None, window).is_some() {
        line().or_else(word)
    } else {
        paragraph().or_else(line).or_else(sentence).or_else(word)
    }
    .unwrap_or(end);
    // An opening fence goes with its code; a fence's line is not torn.
    let start = text[..cut].trim_end().rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let before = Fence::after(open, &text[..start]);
    let opens = before.is_none() && Fence::after_line(None, &text[start..line_end]).is_some();
    let torn = cut < line_end && Fence::after_line(before, &text[start..line_end]) != before;
    if (opens || torn) && !is_blank(&text[..start]) { start } else { cut }
}

/// Where the last sentence within `window` ends, in bytes.
fn sentence_end(window: &str) -> Option<usize> {
    let mut next: Option<char> = None;
    for (at, c) in window.char_indices().rev() {
        let ends = match c {
            '.' | '!' | '?' | '…' => next.is_some_and(char::is_whitespace),
            '。' | '！' | '？' => true,
            _ => false,
        };
        if ends {
            return Some(at + c.len_utf8());
        }
        next = Some(c);
    }
    None
}

/// `text` without the white space it begins with, but with the indentation of its first line; what stands before the
/// first newline is an indentation only if a line starts there.
fn without_blank_lines(text: &str, line_start: bool) -> &str {
    let start = text.len() - text.trim_start().len();
    match text[..start].rfind('\n') {
        Some(newline) => &text[newline + 1..],
        None if line_start => text,
        None => &text[start..],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chat::units;

    fn balanced(part: &str) -> bool {
        Fence::after(None, part).is_none()
    }

    #[test]
    fn r23_a_long_reply_is_cut_into_messages_that_telegram_takes() {
        let text = "word ".repeat(5_000);
        let parts = split(&text);
        assert_eq!(parts.len(), 7);
        assert!(parts.iter().all(|p| units(p) <= MAX_MESSAGE_UNITS));
        assert_eq!(parts.join(" "), text.trim_end());
    }

    #[test]
    fn a_blank_reply_has_no_parts_and_a_short_one_is_left_alone() {
        assert!(split("").is_empty());
        assert!(split(" \n\t\u{200b}").is_empty());
        assert!(split(&"\n".repeat(10_000)).is_empty());
        assert_eq!(split("  ```open\n  indented  "), ["  ```open\n  indented  "]);
        let exact = "x".repeat(MAX_MESSAGE_UNITS);
        assert_eq!(split(&exact), std::slice::from_ref(&exact));
        assert_eq!(split(&format!("{exact}y")), [exact, "y".to_owned()]);
    }

    #[test]
    fn the_best_kind_of_cut_within_reach_is_taken() {
        for (text, expected) in [
            ("one two.\n\nthree four five six", vec!["one two.", "three four five six"]),
            ("aaaaaaaaaaaa\nbbbb bb. ccccc", vec!["aaaaaaaaaaaa", "bbbb bb. ccccc"]),
            ("Aaaa aaaaa aaa. Bbb bbb bb", vec!["Aaaa aaaaa aaa.", "Bbb bbb bb"]),
            ("aaaaaaa bbbbbbb ccccccccc", vec!["aaaaaaa bbbbbbb", "ccccccccc"]),
            ("aaaaaaaaaaaaaaaaaaaaaaaaa", vec!["aaaaaaaaaaaaaaaaaaaa", "aaaaa"]),
            (
                "吾輩は猫である。名前はまだ無い。どこで生れたか",
                vec!["吾輩は猫である。名前はまだ無い。", "どこで生れたか"],
            ),
            ("aaaaaaaaaaaa\n\n\n\n  indented line", vec!["aaaaaaaaaaaa", "  indented line"]),
        ] {
            assert_eq!(split_at_most(text, 20), expected);
        }
    }

    #[test]
    fn characters_are_counted_in_utf16_and_never_torn() {
        let family = "👨‍👩‍👧‍👦";
        assert_eq!(units(family), 11);
        let parts = split_at_most(&family.repeat(5), 24);
        assert_eq!(parts, [family.repeat(2), family.repeat(2), family.to_owned()]);
        assert_eq!(split_at_most("🙂🙂🙂", 3), ["🙂", "🙂", "🙂"]);
        let zalgo = format!("a{}", "\u{301}".repeat(9_000));
        assert!(split(&zalgo).iter().all(|p| units(p) <= MAX_MESSAGE_UNITS));
        assert_eq!(split(&zalgo).concat(), zalgo);
    }

    #[test]
    fn code_fences_are_closed_and_opened_again() {
        let code = (0..12).map(|n| format!("    line {n}")).collect::<Vec<_>>().join("\n");
        let text = format!("Look:\n```rust\n{code}\n```\nDone.");
        let parts = split_at_most(&text, 80);
        assert!(parts.len() > 2);
        for part in &parts {
            assert!(balanced(part), "{part}");
            assert!(units(part) <= 80);
        }
        assert!(parts[0].starts_with("Look:\n```rust\n    line 0\n"), "{}", parts[0]);
        assert!(parts[1].starts_with("```rust\n    line "), "{}", parts[1]);
        assert!(parts.iter().all(|p| !p.contains("```rust\n```")), "{parts:?}");
        let lines: Vec<&str> = parts.iter().flat_map(|p| p.lines()).filter(|l| l.contains("line ")).collect();
        assert_eq!(lines.join("\n"), code);
        assert!(parts.last().unwrap().ends_with("Done."));
    }

    #[test]
    fn a_fence_that_was_never_closed_is_closed_in_every_part() {
        let parts = split_at_most(&format!("```\n{}", "x\n".repeat(100)), 60);
        assert!(parts.len() > 2 && parts.iter().all(|p| balanced(p)), "{parts:?}");
    }

    /// The text without anything a cut may add or drop.
    fn essence(text: &str) -> String {
        text.lines()
            .filter(|line| !line.trim_start().starts_with("```"))
            .flat_map(str::chars)
            .filter(|c| !is_blank(c.encode_utf8(&mut [0; 4])))
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn nothing_is_lost_and_every_part_fits(
            lines in prop::collection::vec(
                prop_oneof![
                    4 => "[a-z.!é🙂👨👩\u{200d} `]{0,60}".prop_filter("a fence", |line| !line.contains("```")),
                    1 => prop::sample::select(vec!["```", "```rust", "````", "    y = 1;", "", "。。。", "  ```"]).prop_map(str::to_owned),
                ],
                0..60,
            ),
            max in 40_usize..200,
        ) {
            let text = lines.join("\n");
            let parts = split_at_most(&text, max);
            for part in &parts {
                prop_assert!(units(part) <= max, "{} units: {part:?}", units(part));
                prop_assert!(!is_blank(part));
                prop_assert!(parts.len() == 1 || balanced(part), "{part:?}");
            }
            prop_assert_eq!(essence(&parts.join("\n")), essence(&text));
        }

        #[test]
        fn any_text_without_fences_is_kept_but_for_white_space(text in "[^`]{0,3000}", max in 2_usize..300) {
            let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            let parts = split_at_most(&text, max);
            prop_assert!(parts.iter().all(|p| units(p) <= max && !is_blank(p)));
            if parts.len() > 1 {
                let invisible = |c: &char| !is_blank(&c.to_string());
                let visible = |text: &str| bare(text).chars().filter(invisible).collect::<String>();
                prop_assert_eq!(visible(&parts.concat()), visible(&text));
            }
        }
    }
}
