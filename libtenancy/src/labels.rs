//! Labels: what operators say of tenants, and the choice of tenants by what is said of them.
//!
//! Owns their form and the selectors. The form is Kubernetes' (Labels and Selectors: names of at most 63 characters with an
//! optional prefix), so that what is chosen here can be chosen there; of the selectors it has those by equality, by a set and
//! by presence.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The labels of one tenant: at most [`Labels::MAX`], each with a value, which may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Labels(BTreeMap<String, String>);

/// What becomes of labels, by name: the value that one gets, or that it goes. What is not named stays.
pub type LabelChange = BTreeMap<String, Option<String>>;

impl Labels {
    /// How many a tenant may have.
    pub const MAX: usize = 16;

    /// The value of a label.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The labels after a change. `Invalid` if one has not the form of a label, or if there are too many then.
    pub fn changed(&self, change: &LabelChange) -> Result<Self> {
        let mut labels = self.0.clone();
        for (name, value) in change {
            match value {
                Some(value) => labels.insert(name.clone(), value.clone()),
                None => labels.remove(name),
            };
        }
        Self::try_from(labels)
    }
}

impl TryFrom<BTreeMap<String, String>> for Labels {
    type Error = Error;
    fn try_from(labels: BTreeMap<String, String>) -> Result<Self> {
        if labels.len() > Self::MAX {
            return Err(Error::invalid("labels", format!("{} are more than {}", labels.len(), Self::MAX)));
        }
        for (name, value) in &labels {
            name_checked(name)?;
            value_checked(name, value)?;
        }
        Ok(Self(labels))
    }
}

impl From<Labels> for BTreeMap<String, String> {
    fn from(labels: Labels) -> Self {
        labels.0
    }
}

/// `team=red,env=prod`.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, value)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{name}={value}")?;
        }
        Ok(())
    }
}

/// Letters, digits, and inner `-`, `_` and `.`.
fn is_word(text: &str) -> bool {
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    bytes.len() <= 63 && ends(bytes.first()) && ends(bytes.last()) && bytes.iter().all(inner)
}

fn name_checked(name: &str) -> Result<()> {
    let (prefix, word) = name.split_once('/').map_or((None, name), |(prefix, word)| (Some(prefix), word));
    let of_domain = |prefix: &str| prefix.len() <= 253 && prefix.split('.').all(is_word);
    if is_word(word) && prefix.is_none_or(of_domain) {
        return Ok(());
    }
    let shown: String = name.chars().take(80).collect();
    let form = "must be 1 to 63 letters, digits and inner `-`, `_` and `.`, after a domain and `/` if there is one";
    Err(Error::invalid("label", format!("{shown:?} {form}")))
}

fn value_checked(name: &str, value: &str) -> Result<()> {
    if value.is_empty() || is_word(value) {
        return Ok(());
    }
    let shown: String = value.chars().take(80).collect();
    let form = "must be at most 63 letters, digits and inner `-`, `_` and `.`";
    Err(Error::invalid("label", format!("the value {shown:?} of `{name}` {form}")))
}

/// Which tenants, by their labels: every part holds. `team=red,env!=prod,region in (eu,us),tier notin (free),paid,!trial`;
/// without parts, all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Is(String, String),
    /// Holds too where there is no such label.
    IsNot(String, String),
    In(String, Vec<String>),
    /// Holds too where there is no such label.
    NotIn(String, Vec<String>),
    Has(String),
    HasNot(String),
}

impl Selector {
    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every part holds of these labels.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|part| match part {
            Part::Is(name, value) => labels.get(name) == Some(value.as_str()),
            Part::IsNot(name, value) => labels.get(name) != Some(value.as_str()),
            Part::In(name, values) => labels.get(name).is_some_and(|is| values.iter().any(|value| value == is)),
            Part::NotIn(name, values) => labels.get(name).is_none_or(|is| values.iter().all(|value| value != is)),
            Part::Has(name) => labels.get(name).is_some(),
            Part::HasNot(name) => labels.get(name).is_none(),
        })
    }
}

/// The parts of a selector: what is between commas outside of parentheses.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.split(move |c: char| {
        inside = matches!(c, '(') || inside && c != ')';
        c == ',' && !inside
    })
}

/// `NAME in (VALUE,…)` and `NAME notin (VALUE,…)`; nothing if a part has neither form.
fn of_set(text: &str) -> Option<Result<(&str, Part)>> {
    let (name, rest) = text.split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let (is_in, rest) = match rest.strip_prefix("notin") {
        Some(rest) => (false, rest),
        None => (true, rest.strip_prefix("in")?),
    };
    let inner = rest.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    let values = inner.split(',').map(|value| {
        let value = value.trim();
        value_checked(name, value).map(|()| value.to_owned())
    });
    Some(values.collect::<Result<Vec<_>>>().map(|values| {
        let of = name.to_owned();
        (name, if is_in { Part::In(of, values) } else { Part::NotIn(of, values) })
    }))
}

impl FromStr for Selector {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let part = |text: &str| {
            let (name, part) = if let Some(part) = of_set(text) {
                part?
            } else if let Some((name, value)) = text.split_once("!=") {
                let (name, value) = (name.trim_end(), value.trim_start());
                value_checked(name, value)?;
                (name, Part::IsNot(name.to_owned(), value.to_owned()))
            } else if let Some((name, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
                let (name, value) = (name.trim_end(), value.trim_start());
                value_checked(name, value)?;
                (name, Part::Is(name.to_owned(), value.to_owned()))
            } else if let Some(name) = text.strip_prefix('!') {
                let name = name.trim_start();
                (name, Part::HasNot(name.to_owned()))
            } else {
                (text, Part::Has(text.to_owned()))
            };
            name_checked(name).map(|()| part)
        };
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        parts(text).map(|text| part(text.trim())).collect::<Result<_>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Result<Labels> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Labels::try_from(pairs.collect::<BTreeMap<_, _>>())
    }

    #[test]
    fn labels_have_the_form_that_kubernetes_gives_them() {
        let long = "a".repeat(63);
        for (name, value) in [("team", "red"), ("example.com/Team_1", "a.b-c"), ("x", ""), (&long, &long)] {
            assert!(labels(&[(name, value)]).is_ok(), "{name}={value}");
        }
        let longer = "a".repeat(64);
        for (name, value) in [
            ("", "x"),
            ("-team", "x"),
            ("team", "red "),
            ("te am", "x"),
            ("a/b/c", "x"),
            ("/b", "x"),
            ("team", "-"),
            ("team", "ü"),
            ("team", "a\u{1b}[2J"),
            (&longer, "x"),
            ("team", &longer),
        ] {
            assert!(matches!(labels(&[(name, value)]), Err(Error::Invalid { .. })), "{name}={value}");
        }
    }

    #[test]
    fn a_tenant_has_sixteen_labels_at_most_also_after_a_change() {
        let many: LabelChange = (0..16).map(|n| (format!("l{n}"), Some(String::new()))).collect();
        let full = Labels::default().changed(&many).unwrap();
        let more = LabelChange::from([("one".to_owned(), Some("more".to_owned()))]);
        assert!(matches!(full.changed(&more), Err(Error::Invalid { .. })));
        let instead = LabelChange::from([("l0".to_owned(), None), ("one".to_owned(), Some("more".to_owned()))]);
        let changed = full.changed(&instead).unwrap();
        assert_eq!((changed.get("l0"), changed.get("one"), changed.get("l15")), (None, Some("more"), Some("")));
    }

    #[test]
    fn a_selector_chooses_by_value_and_by_presence() {
        let red = labels(&[("team", "red"), ("paid", "")]).unwrap();
        for (selector, chosen) in [
            ("", true),
            (" ", true),
            ("team=red", true),
            ("team==red", true),
            ("team=blue", false),
            ("team!=blue", true),
            ("other!=blue", true),
            ("team!=red", false),
            ("paid", true),
            ("!paid", false),
            ("!trial", true),
            ("trial", false),
            ("paid=", true),
            ("team=red, paid,!trial", true),
            ("team=red,trial", false),
            ("team in (red)", true),
            ("team in (blue, red),paid", true),
            ("team in (blue,green)", false),
            ("other in (red)", false),
            ("team notin (blue,green)", true),
            ("team notin (blue,red)", false),
            ("other notin (red)", true),
            ("paid in (,x)", true),
            ("team  in(red)", true),
            ("! trial , team = red", true),
            ("team in (blue,red),trial", false),
        ] {
            assert_eq!(selector.parse::<Selector>().unwrap().matches(&red), chosen, "{selector}");
        }
        for bad in [
            ",",
            "team=red,",
            "=red",
            "!",
            "te am",
            "team=r ed",
            "team in red",
            "team in (red",
            "team in red)",
            "team in (r ed)",
            "team of (red)",
            "in (red)",
            "team in (red) x",
            "!team in (red)",
            "team in (red),",
            "team notin ((red))",
        ] {
            assert!(bad.parse::<Selector>().is_err(), "{bad}");
        }
    }
}
