//! The formats of `-o`.

use std::str::FromStr;

use clap::builder::{PossibleValue, TypedValueParser};
use serde::Deserialize;
use serde_json_path::JsonPath;

/// How data is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Output {
    /// Columns for people.
    #[default]
    Table,
    /// More columns for people.
    Wide,
    /// One JSON document; a line each where a command streams.
    Json,
    /// The same as YAML.
    Yaml,
    /// Names only, one a line.
    Name,
    /// Comma-separated lines with a header.
    Csv,
    /// What these expressions choose of the JSON.
    JsonPath(Template),
}

/// The names of the formats, and what they are.
const FORMATS: [(&str, &str); 7] = [
    ("table", "Columns for people"),
    ("wide", "More columns for people"),
    ("json", "One JSON document"),
    ("yaml", "The same as YAML"),
    ("name", "Names only, one a line"),
    ("csv", "Comma-separated lines with a header"),
    ("jsonpath=", "What an expression chooses of the JSON: `jsonpath={.tenants[*].tenant_id}`"),
];

impl Output {
    /// The formats' names, as an error lists them.
    pub fn names() -> String {
        FORMATS.map(|(name, _)| if name == "jsonpath=" { "jsonpath=TEMPLATE" } else { name }).join(", ")
    }

    /// Its name.
    pub fn name(&self) -> String {
        match self {
            Self::Table => "table",
            Self::Wide => "wide",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Name => "name",
            Self::Csv => "csv",
            Self::JsonPath(_) => "jsonpath",
        }
        .to_owned()
    }

    /// Whether a program reads it, which finds errors as JSON beside it.
    pub fn is_document(&self) -> bool {
        matches!(self, Self::Json | Self::Yaml)
    }
}

impl FromStr for Output {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "table" => Self::Table,
            "wide" => Self::Wide,
            "json" => Self::Json,
            "yaml" => Self::Yaml,
            "name" => Self::Name,
            "csv" => Self::Csv,
            _ => match text.strip_prefix("jsonpath=") {
                Some(template) => Self::JsonPath(template.parse()?),
                None => return Err(format!("`{text}` must be one of: {}", Self::names())),
            },
        })
    }
}

impl TryFrom<String> for Output {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// Reads `-o`, and lists what can be said there.
#[derive(Clone, Debug)]
pub struct OutputParser;

impl TypedValueParser for OutputParser {
    type Value = Output;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Output, clap::Error> {
        let text = clap::builder::StringValueParser::new().parse_ref(command, argument, value)?;
        text.parse::<Output>().map_err(|why| {
            let flag = argument.map_or_else(|| "--output".to_owned(), ToString::to_string);
            clap::Error::raw(
                clap::error::ErrorKind::ValueValidation,
                format!("invalid value '{text}' for '{flag}': {why}\n\nFor more information, try '--help'.\n"),
            )
            .with_cmd(command)
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(FORMATS.into_iter().map(|(name, help)| PossibleValue::new(name).help(help))))
    }
}

/// Text with expressions in it, as `kubectl` has them: `{.items[*].name}{"\n"}`. Without braces the whole is one expression.
/// Expressions are `JSONPath` (RFC 9535); the root's `$` may be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Query(JsonPath),
}

impl FromStr for Template {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("an expression must follow `jsonpath=`, as in `jsonpath={.tenants[*].tenant_id}`".to_owned());
        }
        if !text.contains('{') {
            return Ok(Self(vec![query(text)?]));
        }
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some(open) = rest.find('{') {
            if open > 0 {
                parts.push(Part::Text(rest[..open].to_owned()));
            }
            let inner = &rest[open + 1..];
            let close = end_of(inner).ok_or_else(|| format!("a `{{` of `{text}` is not closed"))?;
            parts.push(part(inner[..close].trim())?);
            rest = &inner[close + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }
}

/// Where the brace that closes is: not within quotes.
fn end_of(text: &str) -> Option<usize> {
    let (mut quote, mut escaped) = (None, false);
    for (place, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '}') => return Some(place),
            _ => {}
        }
    }
    None
}

fn part(text: &str) -> Result<Part, String> {
    if text.starts_with('"') {
        return serde_json::from_str(text).map(Part::Text).map_err(|_| format!("`{{{text}}}` is not text in quotes"));
    }
    // kubectl's own, which no path can say.
    if text == "end" || text.split_whitespace().next() == Some("range") {
        return Err(format!(
            "`{{{text}}}` is not known here: one expression chooses of every row, as in `{{.tenants[*].tenant_id}}`"
        ));
    }
    query(text)
}

fn query(text: &str) -> Result<Part, String> {
    let text = text.trim();
    let whole = match text.chars().next() {
        Some('$') => text.to_owned(),
        Some('.') if text.len() == 1 => "$".to_owned(),
        Some('.' | '[') => format!("${text}"),
        _ => format!("$.{text}"),
    };
    JsonPath::parse(&whole).map(Part::Query).map_err(|error| format!("`{text}` is not a JSONPath: {error}"))
}

impl Template {
    /// The text: of what an expression chooses, text as it is and the rest as JSON, with spaces between.
    pub fn render(&self, data: &serde_json::Value) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Query(path) => {
                    let chosen = path.query(data).all().into_iter().map(|value| match value {
                        serde_json::Value::String(text) => text.clone(),
                        value => value.to_string(),
                    });
                    text.push_str(&chosen.collect::<Vec<_>>().join(" "));
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_chooses_of_the_data() {
        let data = json!({"tenants": [{"id": "a", "n": 1, "at": null}, {"id": "b", "n": 2}], "next": "b"});
        for (template, text) in [
            ("{.tenants[*].id}", "a b"),
            ("$.tenants[*].id", "a b"),
            (".tenants[0].n", "1"),
            ("next", "b"),
            ("{.tenants[?@.n > 1].id}{\"\\n\"}", "b\n"),
            ("{.tenants[?@.id == 'a'].id}: {.next}!", "a: b!"),
            ("{.nothing}", ""),
            ("{.tenants[0]}", r#"{"at":null,"id":"a","n":1}"#),
            ("{\"}\"}{.next}", "}b"),
        ] {
            assert_eq!(template.parse::<Template>().unwrap().render(&data), text, "{template}");
        }
        for bad in ["", " ", "{.tenants", "{\"x}", "{.tenants[}", "$$", "{range .tenants[*]}{.id}{end}", "{end}"] {
            assert!(bad.parse::<Template>().is_err(), "{bad}");
        }
    }
}
