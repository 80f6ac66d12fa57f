//! Where in a file a value stands: its line and its column. Read a second time, and only for what is wrong.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_path_to_error::{Path, Segment};
use serde_saphyr::{Location, Spanned};

/// A value of a document, with the places of what is in it.
enum Node {
    Map(BTreeMap<String, Spanned<Node>>),
    List(Vec<Spanned<Node>>),
    Leaf,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

macro_rules! leaves {
    ($($visit:ident: $type:ty),*) => {
        $(fn $visit<E>(self, _: $type) -> Result<Node, E> {
            Ok(Node::Leaf)
        })*
    };
}

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    leaves!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_i128: i128, visit_u128: u128, visit_f64: f64, visit_str: &str);

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            fields.insert(name, map.next_value()?);
        }
        Ok(Node::Map(fields))
    }
}

/// One step into a value.
pub(super) enum Step<'a> {
    /// To the field of this name.
    Field(&'a str),
    /// To the item of this number, from 0.
    Item(usize),
}

/// The steps of a path.
pub(super) fn steps(path: &Path) -> Vec<Step<'_>> {
    let step = |segment| match segment {
        &Segment::Seq { index } => Some(Step::Item(index)),
        Segment::Map { key } => Some(Step::Field(key)),
        _ => None,
    };
    path.iter().map_while(step).collect()
}

/// Where the value of this path stands in the document of that number, or what is nearest to it; `None` if nothing is.
pub(super) fn of(text: &str, document: usize, path: &[Step<'_>]) -> Option<Location> {
    let documents: Vec<Spanned<Node>> = serde_saphyr::from_multiple(text).ok()?;
    let mut at = documents.get(document)?;
    for step in path {
        let next = match (&at.value, step) {
            (Node::Map(fields), Step::Field(name)) => fields.get(*name),
            (Node::List(items), Step::Item(number)) => items.get(*number),
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    Some(at.referenced)
}
