//! The screen as a picture, with its colours: the one that README.md shows is what is drawn.
//!
//! As insta's snapshots are, it is written anew by `INSTA_UPDATE=always cargo test -p ztm-tui --test tui svg`.

use std::{fmt::Write, path::Path};

use ratatui::{
    buffer::{Buffer, Cell},
    layout::Rect,
    style::{Color, Modifier, Style},
};

use super::scenario::{buffer, busy, drawn, screen};

/// A cell, in tenths of a pixel: no picture depends on how a fraction is rounded. The letters are 14 pixels high.
const WIDTH: usize = 84;
const HEIGHT: usize = 180;

/// From the top of a line to where its letters stand.
const BASE: usize = 138;

/// Around the screen.
const MARGIN: usize = 100;

/// What a terminal with a dark background has where nothing is said.
const FOREGROUND: &str = "#d6dbe3";
const BACKGROUND: &str = "#14181f";

fn pixels(tenths: usize) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn hex(color: Color, otherwise: &str) -> String {
    match color {
        Color::Reset => otherwise.to_owned(),
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        other => panic!("what {other} looks like is each terminal's own"),
    }
}

/// Its letters' colour, its background if it has one, and whether it is bold.
fn look(cell: &Cell) -> (String, Option<String>, bool) {
    let known = Modifier::BOLD | Modifier::REVERSED;
    assert!(known.contains(cell.modifier), "{:?} has no picture", cell.modifier);
    let (front, back) = (hex(cell.fg, FOREGROUND), hex(cell.bg, BACKGROUND));
    let (front, back) = if cell.modifier.contains(Modifier::REVERSED) { (back, front) } else { (front, back) };
    (front, Some(back).filter(|back| back != BACKGROUND), cell.modifier.contains(Modifier::BOLD))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The cells as a picture: a rectangle for each background, a text for each run of one look, up to two blanks.
fn svg(buffer: &Buffer) -> String {
    let (columns, rows) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let (wide, high) = (pixels(columns * WIDTH + 2 * MARGIN), pixels(rows * HEIGHT + 2 * MARGIN));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\">\n\
         <rect width=\"{wide}\" height=\"{high}\" rx=\"6\" fill=\"{BACKGROUND}\"/>\n\
         <g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" \
         font-size=\"14\">\n"
    );
    for (row, cells) in buffer.content.chunks(columns).enumerate() {
        let mut column = 0;
        for run in cells.chunk_by(|one, next| look(one) == look(next)) {
            let (front, back, bold) = look(&run[0]);
            let text: String = run.iter().map(Cell::symbol).collect();
            assert_eq!(text.chars().count(), run.len(), "{text:?} is wider or narrower than its cells");
            let (left, top) = (MARGIN + column * WIDTH, MARGIN + row * HEIGHT);
            column += run.len();
            if let Some(back) = back {
                let (x, y, width, height) = (pixels(left), pixels(top), pixels(run.len() * WIDTH), pixels(HEIGHT));
                writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{back}\"/>")
                    .unwrap();
            }
            let weight = if bold { " font-weight=\"bold\"" } else { "" };
            let mut left = left;
            // However wide the letters of a font are, each stands about in its cell, and no blank is needed for that.
            for part in text.split("  ") {
                let (shown, blanks) = (part.trim(), part.len() - part.trim_start().len());
                let (x, y) = (pixels(left + blanks * WIDTH), pixels(top + BASE));
                left += (part.chars().count() + 2) * WIDTH;
                if !shown.is_empty() {
                    let (length, shown) = (pixels(shown.chars().count() * WIDTH), escaped(shown));
                    let place = format!("x=\"{x}\" y=\"{y}\" textLength=\"{length}\"");
                    writeln!(svg, "<text {place} fill=\"{front}\"{weight}>{shown}</text>").unwrap();
                }
            }
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// The texts of a picture, put where it has them.
fn read(svg: &str, rows: usize) -> String {
    let mut lines = vec![String::new(); rows];
    let number = |element: &str, name: &str| -> usize {
        let value = element.split(&format!(" {name}=\"")).nth(1).unwrap().split('"').next().unwrap();
        value.replace('.', "").parse().unwrap()
    };
    for element in svg.split("<text").skip(1) {
        let (tag, rest) = element.split_once('>').unwrap();
        let text = rest.split("</text>").next().unwrap();
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        assert_eq!(number(tag, "textLength"), text.chars().count() * WIDTH, "{element}");
        let line = &mut lines[(number(tag, "y") - MARGIN - BASE) / HEIGHT];
        let blanks = (number(tag, "x") - MARGIN) / WIDTH - line.chars().count();
        line.push_str(&" ".repeat(blanks));
        line.push_str(&text);
    }
    lines.join("\n")
}

#[test]
fn the_picture_in_the_readme_is_the_screen_as_it_is() {
    let state = screen(busy(), (80, 24));
    let drawn_now = svg(&buffer(&state));
    assert_eq!(read(&drawn_now, 24), drawn(&state));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("top.svg");
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        std::fs::write(&path, &drawn_now).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == drawn_now,
        "ztm-tui/top.svg shows another screen: `INSTA_UPDATE=always cargo test -p ztm-tui --test tui svg` draws it anew"
    );
    assert!(include_str!("../../README.md").contains("](ztm-tui/top.svg)"), "README.md does not show it");
}

#[test]
fn a_picture_has_the_colours_and_what_means_something_in_xml_is_text() {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 2));
    buffer.set_string(2, 0, "a < b && c > \"d\"", Style::new().fg(Color::Rgb(1, 2, 255)).add_modifier(Modifier::BOLD));
    buffer.set_string(0, 1, "plain", Style::new());
    buffer.set_string(5, 1, "x  y", Style::new().bg(Color::Rgb(9, 9, 9)));
    buffer.set_string(9, 1, "back", Style::new().add_modifier(Modifier::REVERSED));
    let picture = svg(&buffer);
    let blue = "<text x=\"26.8\" y=\"23.8\" textLength=\"134.4\" fill=\"#0102ff\" font-weight=\"bold\">a &lt; b &amp;&amp; c &gt; \"d\"</text>";
    for part in [
        blue,
        "<text x=\"10.0\" y=\"41.8\" textLength=\"42.0\" fill=\"#d6dbe3\">plain</text>",
        "<rect x=\"52.0\" y=\"28.0\" width=\"33.6\" height=\"18.0\" fill=\"#090909\"/>",
        "<text x=\"52.0\" y=\"41.8\" textLength=\"8.4\" fill=\"#d6dbe3\">x</text>",
        "<text x=\"77.2\" y=\"41.8\" textLength=\"8.4\" fill=\"#d6dbe3\">y</text>",
        "<rect x=\"85.6\" y=\"28.0\" width=\"33.6\" height=\"18.0\" fill=\"#d6dbe3\"/>",
        "fill=\"#14181f\">back</text>",
    ] {
        assert!(picture.contains(part), "{part} is not in\n{picture}");
    }
    assert_eq!(read(&picture, 2), "  a < b && c > \"d\"\nplainx  yback");
}
