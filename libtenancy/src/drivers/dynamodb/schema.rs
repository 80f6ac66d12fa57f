//! The tables: keys, indexes, expiry. Says what is missing, and makes it.
//!
//! Owns the shape of every table. What is in them is told by the modules that write them. Nothing is ever removed or
//! changed here: a table whose keys are others is refused.
//!
//! All tables are paid for by the request: a fleet that sleeps costs its storage.

pub(super) mod inbox;

use std::{fmt, time::Duration};

use aws_sdk_dynamodb::{
    error::ProvideErrorMetadata,
    types::{
        AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
        GlobalSecondaryIndexUpdate, IndexStatus, KeySchemaElement, KeyType, LocalSecondaryIndex, Projection,
        ProjectionType, ScalarAttributeType, TableDescription, TableStatus, TimeToLiveSpecification, TimeToLiveStatus,
    },
};
use serde::Serialize;

use super::{
    DynamoDb,
    connection::{PART, Settings, read},
};
use crate::error::{Error, Result};

/// The index of all tenants in order of id: partition `listed`, sort `tenant_id`.
pub(super) const BY_ID: &str = "by-id";

/// The index of the tenants that are not idle: partition `active`, sort `tenant_id`. Sparse.
pub(super) const ACTIVE: &str = "active";

/// The index of a tenant's ledger rows: partition `account`, sort `seq`.
pub(super) const BY_TENANT: &str = "by-tenant";

/// How often a table that is being made is looked at.
const POLL: Duration = Duration::from_millis(250);

/// How long a table or an index may take: an index over a hundred thousand items takes minutes.
const PATIENCE: Duration = Duration::from_mins(30);

/// Something that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum Step {
    /// A table, with all its indexes.
    CreateTable {
        /// Its name.
        table: String,
    },
    /// An index of a table that is there.
    AddIndex {
        /// The table.
        table: String,
        /// The index.
        index: String,
    },
    /// That the store removes items once the time in `attribute` has passed.
    ExpireItems {
        /// The table.
        table: String,
        /// The attribute, in seconds since the Unix epoch.
        attribute: String,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateTable { table } => write!(f, "create table `{table}`"),
            Self::AddIndex { table, index } => write!(f, "add index `{index}` to table `{table}`"),
            Self::ExpireItems { table, attribute } => write!(f, "expire items of table `{table}` by `{attribute}`"),
        }
    }
}

/// An attribute that is part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    name: &'static str,
    kind: ScalarAttributeType,
}

fn text(name: &'static str) -> Key {
    Key { name, kind: ScalarAttributeType::S }
}

fn number(name: &'static str) -> Key {
    Key { name, kind: ScalarAttributeType::N }
}

/// What an index holds of an item, beside the keys.
#[derive(Clone, Debug)]
enum Holds {
    Keys,
    Attributes(&'static [&'static str]),
    All,
}

#[derive(Clone, Debug)]
struct Index {
    name: &'static str,
    partition: Key,
    sort: Key,
    holds: Holds,
}

#[derive(Clone, Debug)]
struct Table {
    name: String,
    partition: Key,
    sort: Option<Key>,
    /// Indexes within a partition, which can be read consistently. They are made with the table or never.
    local: Vec<Index>,
    indexes: Vec<Index>,
    /// The attribute that says when an item expires.
    expires: Option<&'static str>,
}

fn registry(settings: &Settings) -> Table {
    Table {
        name: settings.registry_table.clone(),
        partition: text("tenant_id"),
        sort: None,
        local: Vec::new(),
        indexes: vec![
            Index { name: BY_ID, partition: text("listed"), sort: text("tenant_id"), holds: Holds::Keys },
            Index {
                name: ACTIVE,
                partition: text("active"),
                sort: text("tenant_id"),
                holds: Holds::Attributes(&["status"]),
            },
        ],
        expires: None,
    }
}

fn ledger(settings: &Settings) -> Table {
    Table {
        name: settings.ledger_table.clone(),
        partition: number("partition"),
        sort: Some(number("seq")),
        local: Vec::new(),
        indexes: vec![Index { name: BY_TENANT, partition: text("account"), sort: number("seq"), holds: Holds::All }],
        expires: None,
    }
}

fn tables(settings: &Settings) -> [Table; 3] {
    [registry(settings), inbox::table(settings), ledger(settings)]
}

fn key_schema(partition: &Key, sort: Option<&Key>) -> Result<Vec<KeySchemaElement>> {
    let element = |key: &Key, kind| {
        let element = KeySchemaElement::builder().attribute_name(key.name).key_type(kind).build();
        element.map_err(|error| Error::internal(format!("{PART}: {error}")))
    };
    let mut schema = vec![element(partition, KeyType::Hash)?];
    if let Some(sort) = sort {
        schema.push(element(sort, KeyType::Range)?);
    }
    Ok(schema)
}

fn definitions<'a>(keys: impl Iterator<Item = &'a Key>) -> Result<Vec<AttributeDefinition>> {
    let mut seen: Vec<&Key> = Vec::new();
    for key in keys {
        if !seen.contains(&key) {
            seen.push(key);
        }
    }
    let definition = |key: &Key| {
        let definition = AttributeDefinition::builder().attribute_name(key.name).attribute_type(key.kind.clone());
        definition.build().map_err(|error| Error::internal(format!("{PART}: {error}")))
    };
    seen.into_iter().map(definition).collect()
}

impl Index {
    fn projection(&self) -> Projection {
        let projection = Projection::builder();
        match self.holds {
            Holds::Keys => projection.projection_type(ProjectionType::KeysOnly),
            Holds::All => projection.projection_type(ProjectionType::All),
            Holds::Attributes(names) => projection
                .projection_type(ProjectionType::Include)
                .set_non_key_attributes(Some(names.iter().map(|&name| name.to_owned()).collect())),
        }
        .build()
    }
}

impl Table {
    fn keys(&self) -> impl Iterator<Item = &Key> {
        let all = self.local.iter().chain(&self.indexes);
        let of_indexes = all.flat_map(|index| [&index.partition, &index.sort]);
        std::iter::once(&self.partition).chain(&self.sort).chain(of_indexes)
    }

    /// Refuses a table whose keys are others.
    fn checked(&self, there: &TableDescription) -> Result<()> {
        let same = |found: &[KeySchemaElement], partition: &Key, sort: Option<&Key>| {
            key_schema(partition, sort).map(|schema| schema == found)
        };
        if !same(there.key_schema(), &self.partition, self.sort.as_ref())? {
            return Err(Error::invalid("table", format!("`{}` is there with other keys than ours", self.name)));
        }
        for index in &self.local {
            let found = there.local_secondary_indexes().iter().find(|found| found.index_name() == Some(index.name));
            let same = found.map(|found| same(found.key_schema(), &index.partition, Some(&index.sort))).transpose()?;
            if same != Some(true) {
                let reason = format!(
                    "`{}` is there without our index `{}`, which only a new one can have",
                    self.name, index.name
                );
                return Err(Error::invalid("table", reason));
            }
        }
        for index in &self.indexes {
            let found = there.global_secondary_indexes().iter().find(|found| found.index_name() == Some(index.name));
            if let Some(found) = found
                && !same(found.key_schema(), &index.partition, Some(&index.sort))?
            {
                let reason = format!("`{}` of table `{}` is there with other keys than ours", index.name, self.name);
                return Err(Error::invalid("index", reason));
            }
        }
        Ok(())
    }

    fn missing_indexes(&self, there: &TableDescription) -> Vec<&Index> {
        let there = there.global_secondary_indexes();
        let is_there = |index: &&Index| there.iter().any(|found| found.index_name() == Some(index.name));
        self.indexes.iter().filter(|index| !is_there(index)).collect()
    }
}

impl DynamoDb {
    /// What is missing, in the order in which it is to be made; empty if all is there. Changes nothing.
    ///
    /// `Invalid` if a table or an index is there with other keys.
    pub async fn schema_plan(&self) -> Result<Vec<Step>> {
        let mut steps = Vec::new();
        for table in tables(self.settings()) {
            let expires = match self.described(&table.name).await? {
                None => {
                    steps.push(Step::CreateTable { table: table.name.clone() });
                    self.expiring(&table)
                }
                Some(there) => {
                    table.checked(&there)?;
                    let add =
                        |index: &Index| Step::AddIndex { table: table.name.clone(), index: index.name.to_owned() };
                    steps.extend(table.missing_indexes(&there).into_iter().map(add));
                    self.unexpiring(&table).await?
                }
            };
            if let Some(attribute) = expires {
                steps.push(Step::ExpireItems { table: table.name, attribute: attribute.to_owned() });
            }
        }
        Ok(steps)
    }

    /// Makes what is missing, waits until it can be used, and returns what was made. Then finds rows of the first control
    /// plane ([`DynamoDb::seed_adopt`]). A repeat, and two at once, do no more.
    ///
    /// An index that is added to a table with items takes minutes. `Timeout` if something takes longer than half an hour.
    pub async fn schema_apply(&self) -> Result<Vec<Step>> {
        let steps = self.schema_plan().await?;
        for table in tables(self.settings()) {
            if self.described(&table.name).await?.is_none() {
                self.table_create(&table).await?;
            }
            let mut there = self.table_ready(&table.name).await?;
            // DynamoDB makes one index of a table at a time.
            while let Some(index) = table.missing_indexes(&there).into_iter().next() {
                self.index_add(&table, index).await?;
                there = self.table_ready(&table.name).await?;
            }
            if let Some(attribute) = self.unexpiring(&table).await? {
                self.expiry_set(&table.name, attribute).await?;
            }
        }
        self.seed_adopt().await?;
        Ok(steps)
    }

    async fn described(&self, table: &str) -> Result<Option<TableDescription>> {
        match self.client().describe_table().table_name(table).send().await {
            Ok(output) => Ok(output.table),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => read(Err(error)),
        }
    }

    /// The attribute by which the table's items are to expire.
    fn expiring(&self, table: &Table) -> Option<&'static str> {
        table.expires.filter(|_| self.settings().time_to_live)
    }

    /// [`DynamoDb::expiring`] of a table that is there, unless they do.
    async fn unexpiring(&self, table: &Table) -> Result<Option<&'static str>> {
        let Some(attribute) = self.expiring(table) else { return Ok(None) };
        let there = read(self.client().describe_time_to_live().table_name(&table.name).send().await)?;
        let there = there.time_to_live_description;
        let enabled = there.is_some_and(|there| {
            let on = [TimeToLiveStatus::Enabled, TimeToLiveStatus::Enabling];
            there.attribute_name() == Some(attribute)
                && there.time_to_live_status().is_some_and(|status| on.contains(status))
        });
        Ok((!enabled).then_some(attribute))
    }

    async fn table_create(&self, table: &Table) -> Result<()> {
        let index = |index: &Index| {
            GlobalSecondaryIndex::builder()
                .index_name(index.name)
                .set_key_schema(Some(key_schema(&index.partition, Some(&index.sort))?))
                .projection(index.projection())
                .build()
                .map_err(|error| Error::internal(format!("{PART}: {error}")))
        };
        let local = |index: &Index| {
            LocalSecondaryIndex::builder()
                .index_name(index.name)
                .set_key_schema(Some(key_schema(&index.partition, Some(&index.sort))?))
                .projection(index.projection())
                .build()
                .map_err(|error| Error::internal(format!("{PART}: {error}")))
        };
        let local = table.local.iter().map(local).collect::<Result<Vec<_>>>()?;
        let created = self
            .client()
            .create_table()
            .table_name(&table.name)
            .set_attribute_definitions(Some(definitions(table.keys())?))
            .set_key_schema(Some(key_schema(&table.partition, table.sort.as_ref())?))
            .set_local_secondary_indexes(Some(local).filter(|local| !local.is_empty()))
            .set_global_secondary_indexes(Some(table.indexes.iter().map(index).collect::<Result<_>>()?))
            .billing_mode(BillingMode::PayPerRequest)
            .send()
            .await;
        match created {
            // Somebody else makes it.
            Err(error) if error.code() == Some("ResourceInUseException") => Ok(()),
            created => read(created).map(drop),
        }
    }

    async fn index_add(&self, table: &Table, index: &Index) -> Result<()> {
        let create = CreateGlobalSecondaryIndexAction::builder()
            .index_name(index.name)
            .set_key_schema(Some(key_schema(&index.partition, Some(&index.sort))?))
            .projection(index.projection())
            .build()
            .map_err(|error| Error::internal(format!("{PART}: {error}")))?;
        let keys = std::iter::once(&table.partition).chain(&table.sort).chain([&index.partition, &index.sort]);
        let added = self
            .client()
            .update_table()
            .table_name(&table.name)
            .set_attribute_definitions(Some(definitions(keys)?))
            .global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(create).build())
            .send()
            .await;
        match added {
            Err(error) if error.code() == Some("ResourceInUseException") => Ok(()),
            added => read(added).map(drop),
        }
    }

    async fn expiry_set(&self, table: &str, attribute: &str) -> Result<()> {
        let specification = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute).build();
        let specification = specification.map_err(|error| Error::internal(format!("{PART}: {error}")))?;
        let set =
            self.client().update_time_to_live().table_name(table).time_to_live_specification(specification).send();
        read(set.await).map(drop)
    }

    /// Waits until a table and all its indexes can be used.
    async fn table_ready(&self, table: &str) -> Result<TableDescription> {
        let wait = async {
            loop {
                if let Some(there) = self.described(table).await? {
                    let indexes = there.global_secondary_indexes();
                    if there.table_status() == Some(&TableStatus::Active)
                        && indexes.iter().all(|index| index.index_status() == Some(&IndexStatus::Active))
                    {
                        return Ok(there);
                    }
                }
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .unwrap_or_else(|_| Err(Error::Timeout { what: format!("table `{table}`"), after: PATIENCE }))
    }
}
