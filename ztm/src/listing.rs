//! Which rows of a listing are shown, and in which order: `--filter` and `--sort-by`.
//!
//! Works on the JSON of the rows, so that every field that `-o json` shows can be asked for, by the name it has there, or by
//! that of its column in a table.

use std::{cmp::Ordering, str::FromStr};

use serde_json::Value;

/// A field of a row: names with dots between them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field(Vec<String>);

impl Field {
    /// Its value; `None` if the row has no such field.
    fn of<'a>(&self, row: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(row, |value, name| value.get(name))
    }

    fn name(&self) -> String {
        self.0.join(".")
    }
}

impl FromStr for Field {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let names: Vec<String> = text.strip_prefix('.').unwrap_or(text).split('.').map(str::to_owned).collect();
        let name = |name: &String| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-/".contains(c));
        if names.iter().all(name) { Ok(Self(names)) } else { Err(format!("`{text}` is not a field's name")) }
    }
}

/// What a table shows of the rows, beside the names of their fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown {
    /// The fields that rows have, whether or not one of these has a value there.
    pub fields: &'static [&'static str],
    /// Columns of another name than the field that they show: column and field, in lower case.
    pub columns: &'static [(&'static str, &'static str)],
    /// The word that the table shows in place of a field's value, if it does.
    pub word: Option<fn(&Value, &str) -> Option<&'static str>>,
}

impl Shown {
    /// The field that is meant; with those there are, and the most alike, if none is.
    fn field(&self, asked: &Field, rows: &[Value]) -> Result<Field, String> {
        let name = asked.name();
        let known = |field: &str| field == name || field.strip_prefix(&name).is_some_and(|rest| rest.starts_with('.'));
        if rows.is_empty() || rows.iter().any(|row| asked.of(row).is_some()) || self.fields.iter().any(|f| known(f)) {
            return Ok(asked.clone());
        }
        let lower = name.to_lowercase();
        if let Some((_, field)) = self.columns.iter().find(|(column, _)| *column == lower) {
            return field.parse();
        }
        let mut names: Vec<&str> =
            rows.iter().filter_map(Value::as_object).flat_map(|row| row.keys()).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let columns = self.columns.iter().map(|(column, _)| *column);
        let likeness = |other: &str| strsim::jaro(&lower, other);
        let near = names.iter().copied().chain(columns).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let near = near.filter(|near| likeness(near) > ALIKE).map(|near| format!("; did you mean `{near}`"));
        Err(format!("no row has a field `{name}`{}; there are {}", near.unwrap_or_default(), names.join(", ")))
    }
}

/// How alike a name must be to be meant, of 1.
const ALIKE: f64 = 0.8;

/// What says that there is no value.
const NULL: &str = "null";

/// The order of rows: by a field, what has none of it last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    field: Field,
    reverse: bool,
}

impl FromStr for Order {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (reverse, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
        Ok(Self { field: name.parse()?, reverse })
    }
}

/// What must hold of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    field: Field,
    is: Is,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Equal,
    Unequal,
    Below,
    Above,
    AtMost,
    AtLeast,
    With,
}

impl FromStr for Condition {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a condition: write FIELD=VALUE, FIELD!=VALUE, FIELD<VALUE, FIELD<=VALUE, FIELD>VALUE, \
                 FIELD>=VALUE or FIELD~TEXT"
            )
        };
        let place = text.find(['=', '!', '<', '>', '~']).ok_or_else(wrong)?;
        let (field, rest) = text.split_at(place);
        let signs = [
            ("!=", Is::Unequal),
            ("==", Is::Equal),
            ("=", Is::Equal),
            ("<=", Is::AtMost),
            (">=", Is::AtLeast),
            ("<", Is::Below),
            (">", Is::Above),
            ("~", Is::With),
        ];
        let found = signs.into_iter().find_map(|(sign, is)| Some((is, rest.strip_prefix(sign)?)));
        let (is, value) = found.ok_or_else(wrong)?;
        Ok(Self { field: field.trim().parse()?, is, value: value.trim().to_owned() })
    }
}

impl Condition {
    /// Whether it holds of a row, of which a table shows this word in place of the field's value.
    fn holds(&self, row: &Value, word: Option<&str>) -> bool {
        let null = Value::Null;
        let value = self.field.of(row).unwrap_or(&null);
        let is = |orders: &[Ordering]| !value.is_null() && orders.contains(&compare_text(value, &self.value));
        let equal = || match self.value.as_str() {
            NULL => value.is_null(),
            typed => compare_text(value, typed) == Ordering::Equal || word == Some(typed),
        };
        match self.is {
            Is::Equal => equal(),
            Is::Unequal => !equal(),
            Is::Below => is(&[Ordering::Less]),
            Is::Above => is(&[Ordering::Greater]),
            Is::AtMost => is(&[Ordering::Less, Ordering::Equal]),
            Is::AtLeast => is(&[Ordering::Greater, Ordering::Equal]),
            Is::With => text(value).contains(&self.value) || word.is_some_and(|word| word.contains(&self.value)),
        }
    }
}

/// A value as text: what is nothing is empty.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// A value against what was typed: as numbers where both are, as text otherwise (times of RFC 3339 sort as text).
fn compare_text(value: &Value, typed: &str) -> Ordering {
    match (value.as_f64(), typed.parse::<f64>()) {
        (Some(value), Ok(typed)) => value.total_cmp(&typed),
        _ => text(value).as_str().cmp(typed),
    }
}

fn compare(one: &Value, other: &Value) -> Ordering {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        _ => text(one).cmp(&text(other)),
    }
}

/// The places of the rows that are shown, in their order. Fails if none of the rows has a field that is asked for.
pub fn arrange(
    rows: &[Value],
    shown: Shown,
    order: Option<&Order>,
    conditions: &[Condition],
) -> Result<Vec<usize>, String> {
    let meant = |condition: &Condition| {
        Ok::<_, String>(Condition { field: shown.field(&condition.field, rows)?, ..condition.clone() })
    };
    let conditions = conditions.iter().map(meant).collect::<Result<Vec<_>, _>>()?;
    let by = order.map(|order| shown.field(&order.field, rows)).transpose()?;
    for condition in conditions.iter().filter(|c| !matches!(c.is, Is::Equal | Is::Unequal | Is::With)) {
        let is_number = |row: &Value| condition.field.of(row).is_some_and(Value::is_number);
        if condition.value.parse::<f64>().is_err() && rows.iter().any(is_number) {
            return Err(format!("`{}` is a number, and `{}` is not", condition.field.name(), condition.value));
        }
    }
    let word = |row: &Value, condition: &Condition| shown.word?(row, &condition.field.name());
    let holds = |place: &usize| {
        let row = &rows[*place];
        conditions.iter().all(|condition| condition.holds(row, word(row, condition)))
    };
    let mut places: Vec<usize> = (0..rows.len()).filter(holds).collect();
    if let (Some(order), Some(by)) = (order, by) {
        let value = |place: usize| by.of(&rows[place]).filter(|value| !value.is_null());
        places.sort_by(|one, other| match (value(*one), value(*other)) {
            (Some(one), Some(other)) if order.reverse => compare(other, one),
            (Some(one), Some(other)) => compare(one, other),
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
        });
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows() -> Vec<Value> {
        vec![
            json!({"id": "a", "n": 10, "at": "2026-01-02T00:00:00Z", "wake": {"ms": 3.5}, "why": null}),
            json!({"id": "b", "n": 9, "at": "2026-01-01T00:00:00Z", "wake": null, "why": "unpaid"}),
            json!({"id": "c", "n": 100, "at": "2025-12-31T00:00:00Z", "wake": {"ms": 0.5}, "why": null}),
        ]
    }

    #[test]
    fn rows_are_sorted_by_any_field_and_what_has_none_comes_last() {
        for (order, ids) in [("n", "bac"), ("-n", "cab"), (".at", "cba"), ("wake.ms", "cab"), ("-wake.ms", "acb")] {
            let places = arrange(&rows(), Shown::default(), Some(&order.parse().unwrap()), &[]).unwrap();
            let sorted: String = places.iter().map(|place| rows()[*place]["id"].as_str().unwrap().to_owned()).collect();
            assert_eq!(sorted, ids, "{order}");
        }
    }

    #[test]
    fn rows_are_chosen_by_what_holds_of_them() {
        for (conditions, ids) in [
            (&["n>9"] as &[_], "ac"),
            (&["n < 100", "id!=a"], "b"),
            (&["why="], "ac"),
            (&["why!="], "b"),
            (&["why~paid"], "b"),
            (&["at<2026-01-02"], "bc"),
            (&["wake.ms==3.5"], "a"),
            (&["wake.ms>0"], "ac"),
            (&["id=z"], ""),
            (&["n>=10"], "ac"),
            (&["n <= 10"], "ab"),
            (&["at>=2026-01-01T00:00:00Z"], "ab"),
            (&["why!=null"], "b"),
            (&["wake=null"], "b"),
        ] {
            let conditions: Vec<Condition> = conditions.iter().map(|text| text.parse().unwrap()).collect();
            let places = arrange(&rows(), Shown::default(), None, &conditions).unwrap();
            let chosen: String = places.iter().map(|place| rows()[*place]["id"].as_str().unwrap().to_owned()).collect();
            assert_eq!(chosen, ids, "{conditions:?}");
        }
        for bad in ["", "n", "=x", "n!x", "a b=c", "..=1"] {
            assert!(bad.parse::<Condition>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_words_of_a_table_mean_the_fields_that_they_show() {
        let shown = Shown {
            fields: &["never.at"],
            columns: &[("paid", "why")],
            word: Some(|row, field| (field == "id" && !row["why"].is_null()).then_some("unpaid")),
        };
        let chosen = |text: &str| arrange(&rows(), shown, None, &[text.parse().unwrap()]);
        assert_eq!(chosen("PAID~un"), Ok(vec![1]));
        assert_eq!(chosen("id=unpaid"), Ok(vec![1]));
        assert_eq!(chosen("id!=unpaid"), Ok(vec![0, 2]));
        assert_eq!(chosen("id=b"), Ok(vec![1]), "what the JSON says holds too");
        assert_eq!(chosen("never.at=null"), Ok(vec![0, 1, 2]), "a field that no row has a value in");
        assert_eq!(arrange(&rows(), shown, Some(&"-paid".parse().unwrap()), &[]), Ok(vec![1, 0, 2]));
        assert!(chosen("wke=1").unwrap_err().starts_with("no row has a field `wke`; did you mean `wake`; there are"));
    }

    #[test]
    fn what_is_a_number_is_compared_with_numbers() {
        let refused = arrange(&rows(), Shown::default(), None, &["n>abc".parse().unwrap()]).unwrap_err();
        assert_eq!(refused, "`n` is a number, and `abc` is not");
        assert_eq!(arrange(&rows(), Shown::default(), None, &["why>abc".parse().unwrap()]), Ok(vec![1]));
    }

    #[test]
    fn a_field_that_no_row_has_is_said_with_those_there_are() {
        let refused = arrange(&rows(), Shown::default(), Some(&"size".parse().unwrap()), &[]).unwrap_err();
        assert_eq!(refused, "no row has a field `size`; there are at, id, n, wake, why");
        assert_eq!(arrange(&[], Shown::default(), Some(&"size".parse().unwrap()), &[]), Ok(vec![]));
    }
}
