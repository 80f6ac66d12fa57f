//! Items: reading attributes, and writing some of them on a condition.

use std::{collections::HashMap, path::PathBuf, str::FromStr};

use aws_sdk_dynamodb::{
    operation::{
        delete_item::builders::DeleteItemFluentBuilder, put_item::builders::PutItemFluentBuilder,
        update_item::builders::UpdateItemFluentBuilder,
    },
    types::AttributeValue,
};
use serde::{Serialize, de::DeserializeOwned};

use super::connection::PART;
use crate::error::{Error, Result};

/// An item's attributes.
pub(super) type Attributes = HashMap<String, AttributeValue>;

/// Text as an attribute.
pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number as an attribute.
pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A value as an attribute: JSON.
pub(super) fn json(value: &impl Serialize) -> Result<AttributeValue> {
    serde_json::to_string(value).map(text).map_err(|error| Error::internal(format!("{PART}: {error}")))
}

/// An item that was read, and where it is.
#[derive(Clone, Debug)]
pub(super) struct Item {
    attributes: Attributes,
    path: PathBuf,
}

impl Item {
    /// `table` and `name` say in errors which it is.
    pub(super) fn new(attributes: Attributes, table: &str, name: impl AsRef<str>) -> Self {
        Self { attributes, path: [table, name.as_ref()].iter().collect() }
    }

    /// An error that names the item.
    pub(super) fn damaged(&self, reason: impl Into<String>) -> Error {
        Error::Corrupt { what: "record", path: self.path.clone(), reason: reason.into() }
    }

    /// Whether there is such an attribute.
    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes.contains_key(name)
    }

    /// The attribute as it is.
    pub(super) fn value(&self, name: &str) -> Option<AttributeValue> {
        self.attributes.get(name).cloned()
    }

    /// Text. `Corrupt` if it is something else, here and below.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>> {
        match self.attributes.get(name) {
            None | Some(AttributeValue::Null(_)) => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text)),
            Some(_) => Err(self.damaged(format!("`{name}` is no text"))),
        }
    }

    /// Text that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str> {
        self.text(name)?.ok_or_else(|| self.damaged(format!("`{name}` is missing")))
    }

    /// Bytes.
    pub(super) fn bytes(&self, name: &str) -> Result<Option<&[u8]>> {
        match self.attributes.get(name) {
            None | Some(AttributeValue::Null(_)) => Ok(None),
            Some(AttributeValue::B(bytes)) => Ok(Some(bytes.as_ref())),
            Some(_) => Err(self.damaged(format!("`{name}` is no bytes"))),
        }
    }

    /// A number that must be there.
    pub(super) fn needed<T: FromStr>(&self, name: &str) -> Result<T> {
        self.number(name)?.ok_or_else(|| self.damaged(format!("`{name}` is missing")))
    }

    /// A number.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        let wrong = || self.damaged(format!("`{name}` is no number, or out of its bounds"));
        match self.attributes.get(name) {
            None | Some(AttributeValue::Null(_)) => Ok(None),
            Some(AttributeValue::N(digits)) => digits.parse().map(Some).map_err(|_| wrong()),
            Some(_) => Err(wrong()),
        }
    }

    /// Whether.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>> {
        match self.attributes.get(name) {
            None | Some(AttributeValue::Null(_)) => Ok(None),
            Some(AttributeValue::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.damaged(format!("`{name}` is neither true nor false"))),
        }
    }

    /// Text that is parsed.
    pub(super) fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        let parse = |text: &str| text.parse().map_err(|_| self.damaged(format!("`{name}` cannot be read")));
        self.text(name)?.map(parse).transpose()
    }

    /// What [`json`] wrote.
    pub(super) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let parse = |text| serde_json::from_str(text).map_err(|error| self.damaged(format!("`{name}`: {error}")));
        self.text(name)?.map(parse).transpose()
    }
}

/// A condition on one item, or a change of it.
///
/// Every attribute is named by a placeholder, since DynamoDB reserves many words.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    set: Vec<String>,
    remove: Vec<String>,
    add: Vec<String>,
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: Attributes,
}

impl Change {
    fn name(&mut self, name: &str) -> String {
        let placeholder = format!("#{name}");
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// Sets an attribute.
    pub(super) fn set(&mut self, name: &str, value: AttributeValue) {
        let (name, value) = (self.name(name), self.value(value));
        self.set.push(format!("{name} = {value}"));
    }

    /// Removes an attribute, if it is there.
    pub(super) fn remove(&mut self, name: &str) {
        let name = self.name(name);
        self.remove.push(name);
    }

    /// Adds to a number, which is 0 where it is not there.
    pub(super) fn add(&mut self, name: &str, count: i64) {
        let (name, value) = (self.name(name), self.value(number(count)));
        self.add.push(format!("{name} {value}"));
    }

    /// Sets or removes an attribute.
    pub(super) fn assign(&mut self, name: &str, value: Option<AttributeValue>) {
        match value {
            Some(value) => self.set(name, value),
            None => self.remove(name),
        }
    }

    /// On the condition that the attribute has this value, or is not there if it is `None`.
    pub(super) fn only_if(&mut self, name: &str, value: Option<AttributeValue>) {
        let name = self.name(name);
        let condition = match value {
            Some(value) => format!("{name} = {}", self.value(value)),
            None => format!("attribute_not_exists({name})"),
        };
        self.conditions.push(condition);
    }

    /// On the condition that the attribute is there.
    pub(super) fn only_with(&mut self, name: &str) {
        let name = self.name(name);
        self.conditions.push(format!("attribute_exists({name})"));
    }

    /// On the condition that the attribute has another value, or is not there.
    pub(super) fn only_unless(&mut self, name: &str, value: AttributeValue) {
        let (name, value) = (self.name(name), self.value(value));
        self.conditions.push(format!("(attribute_not_exists({name}) OR {name} <> {value})"));
    }

    /// On the condition that the attribute is less.
    pub(super) fn only_below(&mut self, name: &str, value: AttributeValue) {
        let (name, value) = (self.name(name), self.value(value));
        self.conditions.push(format!("{name} < {value}"));
    }

    /// On the condition that one attribute is not there, or another has this value.
    pub(super) fn only_without_or(&mut self, missing: &str, name: &str, value: AttributeValue) {
        let (missing, name, value) = (self.name(missing), self.name(name), self.value(value));
        self.conditions.push(format!("(attribute_not_exists({missing}) OR {name} = {value})"));
    }

    fn condition(&self) -> Option<String> {
        (!self.conditions.is_empty()).then(|| self.conditions.join(" AND "))
    }

    fn expression(&self) -> Option<String> {
        let clause = |word: &str, parts: &[String]| match parts {
            [] => None,
            parts => Some(format!("{word} {}", parts.join(", "))),
        };
        let clauses: Vec<String> = [clause("SET", &self.set), clause("REMOVE", &self.remove), clause("ADD", &self.add)]
            .into_iter()
            .flatten()
            .collect();
        (!clauses.is_empty()).then(|| clauses.join(" "))
    }

    fn placeholders(self) -> (Option<HashMap<String, String>>, Option<Attributes>) {
        (Some(self.names).filter(|names| !names.is_empty()), Some(self.values).filter(|values| !values.is_empty()))
    }

    /// As an update.
    pub(super) fn update(self, request: UpdateItemFluentBuilder) -> UpdateItemFluentBuilder {
        let request = request.set_update_expression(self.expression()).set_condition_expression(self.condition());
        let (names, values) = self.placeholders();
        request.set_expression_attribute_names(names).set_expression_attribute_values(values)
    }

    /// Its conditions, of a whole item that is put.
    pub(super) fn put(self, request: PutItemFluentBuilder) -> PutItemFluentBuilder {
        let request = request.set_condition_expression(self.condition());
        let (names, values) = self.placeholders();
        request.set_expression_attribute_names(names).set_expression_attribute_values(values)
    }

    /// Its conditions, of an item that is deleted.
    pub(super) fn delete(self, request: DeleteItemFluentBuilder) -> DeleteItemFluentBuilder {
        let request = request.set_condition_expression(self.condition());
        let (names, values) = self.placeholders();
        request.set_expression_attribute_names(names).set_expression_attribute_values(values)
    }
}
