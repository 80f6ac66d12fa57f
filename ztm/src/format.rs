//! Data as a document: JSON, YAML, CSV, and what an expression chooses of it.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The version of the documents' schema: it grows when a field is renamed, removed or means something else, not when one is
/// added.
pub const SCHEMA_VERSION: u32 = 1;

/// Data with the version of its schema.
#[derive(Serialize)]
struct Versioned<'a, T> {
    schema_version: u32,
    #[serde(flatten)]
    data: &'a T,
}

fn versioned<T: Serialize>(data: &T) -> Versioned<'_, T> {
    Versioned { schema_version: SCHEMA_VERSION, data }
}

/// One JSON document.
pub fn json<T: Serialize>(data: &T) -> Result<String> {
    Ok(serde_json::to_string_pretty(&versioned(data))?)
}

/// One YAML document.
pub fn yaml<T: Serialize>(data: &T) -> Result<String> {
    bare_yaml(&versioned(data))
}

/// One YAML document that does not say the version of its schema.
pub fn bare_yaml<T: Serialize>(data: &T) -> Result<String> {
    // Numbers that are written digit by digit are known to JSON alone.
    Ok(serde_saphyr::to_string(&Node::read(&serde_json::value::to_raw_value(data)?)?)?)
}

/// A value of a document, its fields in the order in which they stand.
enum Node {
    Map(Vec<(String, Node)>),
    List(Vec<Node>),
    Leaf(serde_json::Value),
}

impl Node {
    fn read(value: &RawValue) -> Result<Self> {
        let text = value.get();
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let Fields(fields) = serde_json::from_str(text)?;
                Self::Map(
                    fields.into_iter().map(|(name, value)| Ok((name, Self::read(&value)?))).collect::<Result<_>>()?,
                )
            }
            Some(b'[') => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text)?;
                Self::List(items.iter().map(|item| Self::read(item)).collect::<Result<_>>()?)
            }
            _ => Self::Leaf(serde_json::from_str(text)?),
        })
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Map(fields) => serializer.collect_map(fields.iter().map(|(name, value)| (name, value))),
            Self::List(items) => serializer.collect_seq(items),
            Self::Leaf(value) => value.serialize(serializer),
        }
    }
}

/// A line for each row; `rows` names the list, if the data is one, and `columns` the fields that its rows can have, which
/// are the header whatever the rows are. What else some have, as labels are, follows by name; that of other data is as it comes.
pub fn csv<T: Serialize>(data: &T, rows: Option<&str>, columns: &[&str], header: bool) -> Result<String> {
    let whole = serde_json::value::to_raw_value(data)?;
    let rows: Vec<Box<RawValue>> = match rows {
        None => vec![whole],
        Some(name) => {
            let Fields(fields) = serde_json::from_str(whole.get())?;
            let list = fields.into_iter().find(|(field, _)| field == name);
            list.map(|(_, list)| serde_json::from_str(list.get())).transpose()?.unwrap_or_default()
        }
    };
    let (mut names, mut lines): (Vec<String>, Vec<BTreeMap<String, String>>) = (Vec::new(), Vec::new());
    for row in rows {
        let mut cells = Vec::new();
        flatten(String::new(), &row, &mut cells)?;
        for (name, _) in &cells {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        lines.push(cells.into_iter().collect());
    }
    if !columns.is_empty() {
        names.retain(|name| !columns.contains(&name.as_str()));
        names.sort_unstable();
        names.splice(..0, columns.iter().map(ToString::to_string));
    }
    // What has no fields in some row has none of its own.
    let parents: Vec<String> = names.iter().filter_map(|name| Some(name.rsplit_once('.')?.0.to_owned())).collect();
    names.retain(|name| !parents.contains(name));
    let mut writer = csv::Writer::from_writer(Vec::new());
    if header && !names.is_empty() {
        writer.write_record(&names)?;
    }
    for line in lines {
        writer.write_record(names.iter().map(|name| line.get(name).map_or("", String::as_str)))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// The fields of an object in the order in which they stand.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// The fields of a row, those of an object within it with its name before them; a list stays JSON.
fn flatten(name: String, value: &RawValue, into: &mut Vec<(String, String)>) -> Result<()> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            let Fields(fields) = serde_json::from_str(text)?;
            for (field, value) in fields {
                let name = if name.is_empty() { field } else { format!("{name}.{field}") };
                flatten(name, &value, into)?;
            }
        }
        Some(b'n') => into.push((name, String::new())),
        Some(b'"') => into.push((name, serde_json::from_str(text)?)),
        _ => into.push((name, text.to_owned())),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn csv_has_a_column_for_every_field_that_any_row_has() {
        #[derive(Serialize)]
        struct Row {
            id: &'static str,
            wake: serde_json::Value,
            tags: [&'static str; 2],
            at: Option<u8>,
        }
        let (one, other) = (json!({"kind": "cold", "ms": 1.5}), json!(null));
        let rows = [("a", one), ("b,\"c\"", other)].map(|(id, wake)| Row { id, wake, tags: ["x", "y"], at: None });
        let text = csv(&BTreeMap::from([("rows", rows)]), Some("rows"), &["id", "wake.kind", "at"], true).unwrap();
        let tags = r#""[""x"",""y""]""#;
        // Those that are known, and then what some row has besides.
        let whole = format!("id,wake.kind,at,tags,wake.ms\na,cold,,{tags},1.5\n\"b,\"\"c\"\"\",,,{tags},\n");
        assert_eq!(text, whole);
        assert_eq!(csv(&json!({"a": 1, "b": true}), None, &[], false).unwrap(), "1,true\n");
        let none = |header| csv(&json!({"rows": []}), Some("rows"), &["id", "at"], header).unwrap();
        assert_eq!((none(true), none(false)), ("id,at\n".to_owned(), String::new()));
    }

    #[test]
    fn a_document_says_the_version_of_its_schema() {
        assert_eq!(json(&json!({"a": 1})).unwrap(), "{\n  \"schema_version\": 1,\n  \"a\": 1\n}");
        assert_eq!(yaml(&json!({"a": ["x: y", null]})).unwrap(), "schema_version: 1\na:\n- \"x: y\"\n- null\n");
        // A part of a credit is a number there too.
        let credits = BTreeMap::from([("rate", libtenancy::credits::MicroCredits(100_000))]);
        assert_eq!(yaml(&credits).unwrap(), "schema_version: 1\nrate: 0.1\n");
    }
}
