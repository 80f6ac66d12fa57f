//! Which rows of a listing are shown, and in which order: `--filter` and `--sort-by`.
//!
//! Works on the JSON of the rows, so that every field that `-o json` shows can be asked for, by the name it has there, or by
//! that of its column in a table.

use std::{cmp::Ordering, str::FromStr};

use libtenancy::clock::Timestamp;
use serde_json::Value;

pub mod column;

use column::{Column, Measure};

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
    /// Columns that are another thing than the field of their name.
    pub columns: &'static [Column],
    /// The word that the table shows in the column of this name in place of a value, if it does.
    pub word: Option<fn(&Value, &str) -> Option<&'static str>>,
}

/// What is meant by a name: a field, and how it is compared.
#[derive(Clone, Debug)]
struct Meant {
    name: String,
    field: Field,
    measure: Measure,
}

impl Meant {
    fn value(&self, row: &Value, now: Timestamp) -> Option<Value> {
        self.measure.value(row, self.field.of(row), now)
    }
}

impl Shown {
    /// The field or the column that is meant; with those there are, and the most alike, if none is.
    fn meant(&self, asked: &Field, rows: &[Value]) -> Result<Meant, String> {
        let name = asked.name();
        let lower = name.to_lowercase().replace('-', "_");
        let is_it = |column: &&Column| column.name == lower;
        if let Some(Column { field, measure, .. }) = self.columns.iter().find(is_it).copied() {
            let measure = if matches!(measure, Measure::Plain) { Measure::of_field(field) } else { measure };
            return Ok(Meant { name: lower, field: field.parse()?, measure });
        }
        let known = |field: &str| field == name || field.strip_prefix(&name).is_some_and(|rest| rest.starts_with('.'));
        if rows.is_empty() || rows.iter().any(|row| asked.of(row).is_some()) || self.fields.iter().any(|f| known(f)) {
            let measure = Measure::of_field(&name);
            return Ok(Meant { name, field: asked.clone(), measure });
        }
        // A column in capitals whose field is called like it.
        if name != lower && self.fields.contains(&lower.as_str()) {
            return self.meant(&lower.parse()?, rows);
        }
        let fields = rows.iter().filter_map(Value::as_object).flat_map(|row| row.keys()).map(String::as_str);
        let mut names: Vec<&str> = fields.chain(self.columns.iter().map(|column| column.name)).collect();
        names.sort_unstable();
        names.dedup();
        let likeness = |other: &str| strsim::jaro(&lower, other);
        let near = names.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
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

/// A condition on what is meant by its field.
struct Asked<'a> {
    meant: Meant,
    condition: &'a Condition,
    /// What was typed, as a number.
    number: Option<f64>,
}

impl<'a> Asked<'a> {
    /// Fails if values have a unit, or are numbers, and what was typed can be none of them.
    fn new(condition: &'a Condition, shown: Shown, rows: &[Value], now: Timestamp) -> Result<Self, String> {
        let mut meant = shown.meant(&condition.field, rows)?;
        let typed = condition.value.as_str();
        let values = || rows.iter().filter_map(|row| meant.value(row, now));
        let is_moment = |value: Value| value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok());
        if matches!(meant.measure, Measure::Plain) && column::time(typed).is_some() && values().any(is_moment) {
            meant.measure = Measure::of_moment(&meant.name);
        }
        let number = meant.measure.number(typed);
        let equals = matches!(condition.is, Is::Equal | Is::Unequal);
        let is_free = condition.is == Is::With || (equals && (typed.is_empty() || typed == NULL));
        let has_word = |row: &Value| shown.word.and_then(|word| word(row, &meant.name)) == Some(typed);
        if number.is_none() && !is_free && !(equals && rows.iter().any(has_word)) {
            let (name, values) = (&meant.name, || rows.iter().filter_map(|row| meant.value(row, now)));
            let is_shown = |value: Value| meant.measure.shown(&value).as_deref() == Some(typed);
            match meant.measure.kind() {
                // Moments can be asked for as such, too.
                Some(_) if matches!(meant.measure, Measure::Ago | Measure::Until) && is_date(typed) => {
                    meant.measure = Measure::Plain;
                }
                Some(_) if equals && values().any(is_shown) => {}
                Some(kind) => return Err(format!("`{name}` is {kind}, and `{typed}` is not")),
                None if values().any(|value| value.is_number()) => {
                    return Err(format!("`{name}` is a number, and `{typed}` is not"));
                }
                None => {}
            }
        }
        Ok(Self { meant, condition, number })
    }

    /// Whether it holds of a row, of which a table shows this word in place of a value.
    fn holds(&self, row: &Value, word: Option<&str>, now: Timestamp) -> bool {
        let typed = self.condition.value.as_str();
        let value = self.meant.value(row, now).unwrap_or_default();
        let order = match (value.as_f64(), self.number) {
            (Some(value), Some(number)) => value.total_cmp(&number),
            _ => text(&value).as_str().cmp(typed),
        };
        let is = |orders: &[Ordering]| !value.is_null() && orders.contains(&order);
        let shown = self.meant.measure.shown(&value);
        let equal = || match typed {
            NULL => value.is_null(),
            typed => order == Ordering::Equal || word == Some(typed) || shown.as_deref() == Some(typed),
        };
        match self.condition.is {
            Is::Equal => equal(),
            Is::Unequal => !equal(),
            Is::Below => is(&[Ordering::Less]),
            Is::Above => is(&[Ordering::Greater]),
            Is::AtMost => is(&[Ordering::Less, Ordering::Equal]),
            Is::AtLeast => is(&[Ordering::Greater, Ordering::Equal]),
            Is::With => [Some(text(&value).as_str()), word, shown.as_deref()]
                .into_iter()
                .flatten()
                .any(|text| text.contains(typed)),
        }
    }
}

/// Whether a text begins as a date of RFC 3339 does.
fn is_date(text: &str) -> bool {
    text.len() >= 4 && text.bytes().take(4).all(|b| b.is_ascii_digit()) && text.contains('-')
}

/// A value as text: what is nothing is empty.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn compare(one: &Value, other: &Value) -> Ordering {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        _ => text(one).cmp(&text(other)),
    }
}

/// The places of the rows that are shown, in their order. Fails if none of the rows has a field that is asked for, or what it is
/// compared with can be no value of it.
pub fn arrange(
    rows: &[Value],
    shown: Shown,
    order: Option<&Order>,
    conditions: &[Condition],
    now: Timestamp,
) -> Result<Vec<usize>, String> {
    let asked = |condition| Asked::new(condition, shown, rows, now);
    let conditions = conditions.iter().map(asked).collect::<Result<Vec<_>, _>>()?;
    let by = order.map(|order| shown.meant(&order.field, rows)).transpose()?;
    let holds = |place: &usize| {
        let row = &rows[*place];
        let word = |asked: &Asked<'_>| shown.word.and_then(|word| word(row, &asked.meant.name));
        conditions.iter().all(|asked| asked.holds(row, word(asked), now))
    };
    let places = (0..rows.len()).filter(holds);
    let (Some(order), Some(by)) = (order, by) else { return Ok(places.collect()) };
    let mut valued: Vec<(usize, Option<Value>)> = places.map(|place| (place, by.value(&rows[place], now))).collect();
    valued.sort_by(|(_, one), (_, other)| match (one, other) {
        (Some(one), Some(other)) if order.reverse => compare(other, one),
        (Some(one), Some(other)) => compare(one, other),
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
    });
    Ok(valued.into_iter().map(|(place, _)| place).collect())
}

#[cfg(test)]
mod tables;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        column::{column, measured},
        *,
    };

    fn arrange(
        rows: &[Value],
        shown: Shown,
        order: Option<&Order>,
        conditions: &[Condition],
    ) -> Result<Vec<usize>, String> {
        super::arrange(rows, shown, order, conditions, "2026-01-02T00:01:00Z".parse().unwrap())
    }

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
            columns: const { &[column("paid", "why")] },
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
    fn times_are_compared_by_how_long_ago_they_were_and_values_with_their_units() {
        let shown = Shown {
            columns: const {
                &[
                    measured("age", "at", Measure::Ago),
                    measured("size", "n", Measure::Bytes),
                    measured("paid", "why", Measure::Made(|row| (row["why"] == "unpaid").into())),
                ]
            },
            ..Shown::default()
        };
        let chosen = |text: &str| arrange(&rows(), shown, None, &[text.parse().unwrap()]);
        let sorted = |text: &str| arrange(&rows(), shown, Some(&text.parse().unwrap()), &[]);
        assert_eq!(sorted("age"), Ok(vec![0, 1, 2]), "the youngest first");
        assert_eq!(sorted("-AGE"), Ok(vec![2, 1, 0]));
        for (condition, places) in [
            ("age<2m", vec![0]),
            ("age>=1d", vec![1, 2]),
            ("age=60s", vec![0]),
            ("age=24h", vec![1]),
            ("age!=24h", vec![0, 2]),
            ("age<2026-01-01T12:00:00Z", vec![1, 2]),
            ("at<2m", vec![0]),
            ("size=9 B", vec![1]),
            ("size>0.05KiB", vec![2]),
            ("paid=true", vec![1]),
        ] {
            assert_eq!(chosen(condition), Ok(places), "{condition}");
        }
        let refused = chosen("size=9 bushels").unwrap_err();
        assert_eq!(refused, "`size` is a size, as in `512 KiB` or `1.5 GiB`, and `9 bushels` is not");
        assert!(chosen("age<soon").unwrap_err().starts_with("`age` is how long ago something was"));
    }

    #[test]
    fn what_is_a_number_is_compared_with_numbers() {
        let refused = arrange(&rows(), Shown::default(), None, &["n>abc".parse().unwrap()]).unwrap_err();
        assert_eq!(refused, "`n` is a number, and `abc` is not");
        let refused = arrange(&rows(), Shown::default(), None, &["n=9s".parse().unwrap()]).unwrap_err();
        assert_eq!(refused, "`n` is a number, and `9s` is not");
        assert_eq!(arrange(&rows(), Shown::default(), None, &["why>abc".parse().unwrap()]), Ok(vec![1]));
    }

    #[test]
    fn a_field_that_no_row_has_is_said_with_those_there_are() {
        let refused = arrange(&rows(), Shown::default(), Some(&"size".parse().unwrap()), &[]).unwrap_err();
        assert_eq!(refused, "no row has a field `size`; there are at, id, n, wake, why");
        assert_eq!(arrange(&[], Shown::default(), Some(&"size".parse().unwrap()), &[]), Ok(vec![]));
    }
}
