//! One file that holds everything known at one time; it never changes.
//!
//! What every source said lies in compressed blocks, so that a snapshot can be brought up to date; beside them stand
//! tables by id, by product, by package and by word. What matching needs of a record lies with the product, so that
//! finding matches decodes no records.

use std::path::{Path, PathBuf};

use redb::{ReadOnlyDatabase, ReadableDatabase, TableDefinition};
use serde::{Deserialize, Serialize};

use std::collections::BTreeMap;

use crate::matching::unnumbered;
use crate::merge::{Extras, Stored};
use crate::{Concept, Exploitation, Vulnerability};

pub(crate) mod aliases;
mod entry;
mod words;
mod write;

pub(crate) use entry::{Entry, PackageEntry, Short};
pub(crate) use write::write;

/// Records in one block.
const BLOCK: u32 = 8;
/// Largest decompressed block or list, in bytes.
const MAX_DECOMPRESSED: usize = 256 << 20;
/// Version of the layout.
const LAYOUT: u32 = 4;

const ALIASES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("aliases");
const BLOCKS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("blocks");
const IDS: TableDefinition<'_, &str, u32> = TableDefinition::new("ids");
const SUMMARIES: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("summaries");
const PRODUCTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("products");
const PACKAGES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("packages");
const WORDS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("words");
const CONCEPTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("concepts");
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");

/// What a snapshot holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotInfo {
    /// Records.
    pub records: u64,
    /// Those with configurations or packages.
    pub matchable: u64,
    /// Those in CISA's catalogue.
    pub exploited: u64,
    /// Those with an EPSS score.
    pub scored: u64,
    /// Newest date in any feed, as written there.
    pub newest: String,
    /// Date of the EPSS scores; empty without.
    pub epss_date: String,
    /// SHA-256 over all records in order, lower-case hexadecimal: the same data gives the same digest.
    pub sha256: String,
}

/// What a list of matches shows of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Brief {
    pub(crate) id: String,
    pub(crate) score: Option<f64>,
    pub(crate) vector: String,
    pub(crate) epss: Option<f32>,
    pub(crate) kev: bool,
    pub(crate) exploitation: Option<Exploitation>,
}

/// A record found by words.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its id.
    pub id: String,
    /// Score of its effective rating.
    pub score: Option<f64>,
    /// Whether it is in CISA's catalogue.
    pub kev: bool,
}

/// Why a snapshot cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The file cannot be opened as a snapshot.
    #[error("cannot open the snapshot `{path}`; hint: `sukashi vuln import` writes one")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the database says.
        #[source]
        source: Box<redb::Error>,
    },
    /// Written by another version of this program.
    #[error("`{path}` has layout {found}, this program reads {expected}; hint: import again")]
    Layout {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: u32,
        /// Ours.
        expected: u32,
    },
    /// The database cannot be read.
    #[error("cannot read the snapshot")]
    Read {
        /// What the database says.
        #[source]
        source: Box<redb::Error>,
    },
    /// The file is damaged.
    #[error("the snapshot is damaged: {what}; hint: import again")]
    Damaged {
        /// What does not fit.
        what: String,
    },
}

fn read_error(error: impl Into<redb::Error>) -> SnapshotError {
    SnapshotError::Read { source: Box::new(error.into()) }
}

fn damaged(what: impl ToString) -> SnapshotError {
    SnapshotError::Damaged { what: what.to_string() }
}

/// An open snapshot.
pub struct Snapshot {
    database: ReadOnlyDatabase,
    info: SnapshotInfo,
}

impl Snapshot {
    /// Opens a snapshot for reading; many processes may do so at once.
    ///
    /// # Errors
    /// If it is none, or of another layout.
    pub fn open(path: &Path) -> Result<Self, SnapshotError> {
        let fail =
            |source: redb::Error| SnapshotError::Open { path: path.to_owned(), source: Box::new(source) };
        let mut builder = redb::Builder::new();
        builder.set_cache_size(64 << 20);
        let database = builder.open_read_only(path).map_err(|e| fail(e.into()))?;
        let transaction = database.begin_read().map_err(|e| fail(e.into()))?;
        let meta = transaction.open_table(META).map_err(|e| fail(e.into()))?;
        let get = |key: &str| {
            meta.get(key).map_err(read_error)?.ok_or_else(|| damaged(format!("`{key}` is missing")))
        };
        let layout: u32 = postcard::from_bytes(get("layout")?.value()).map_err(damaged)?;
        if layout != LAYOUT {
            return Err(SnapshotError::Layout { path: path.to_owned(), found: layout, expected: LAYOUT });
        }
        let info = postcard::from_bytes(get("info")?.value()).map_err(damaged)?;
        Ok(Self { database, info })
    }

    /// What it holds.
    pub fn info(&self) -> &SnapshotInfo {
        &self.info
    }

    /// The record of an id or alias.
    ///
    /// # Errors
    /// If the snapshot is damaged or cannot be read.
    pub fn get(&self, id: &str) -> Result<Option<Vulnerability>, SnapshotError> {
        let transaction = self.database.begin_read().map_err(read_error)?;
        let ids = transaction.open_table(IDS).map_err(read_error)?;
        let Some(number) = ids.get(id).map_err(read_error)?.map(|n| n.value()) else { return Ok(None) };
        let bytes = self.block_bytes(&transaction, number / BLOCK)?;
        let mut rest = bytes.as_slice();
        for _ in 0..number % BLOCK {
            (_, rest) = postcard::take_from_bytes::<Stored>(rest).map_err(damaged)?;
        }
        postcard::take_from_bytes::<Stored>(rest).map(|(stored, _)| Some(stored.join())).map_err(damaged)
    }

    fn block_bytes(
        &self,
        transaction: &redb::ReadTransaction,
        number: u32,
    ) -> Result<Vec<u8>, SnapshotError> {
        let blocks = transaction.open_table(BLOCKS).map_err(read_error)?;
        let block = blocks.get(number).map_err(read_error)?.ok_or_else(|| damaged("a block is missing"))?;
        decompress(block.value())
    }

    pub(crate) fn blocks(&self) -> u32 {
        u32::try_from(self.info.records.div_ceil(u64::from(BLOCK))).unwrap_or(u32::MAX)
    }

    /// What sources said of the records of one block.
    pub(crate) fn block(&self, number: u32) -> Result<Vec<Stored>, SnapshotError> {
        let transaction = self.read()?;
        take_all(&self.block_bytes(&transaction, number)?)
    }

    /// What catalogues say of ids that no source describes.
    pub(crate) fn orphans(&self) -> Result<BTreeMap<String, Extras>, SnapshotError> {
        let transaction = self.read()?;
        let meta = transaction.open_table(META).map_err(read_error)?;
        let bytes =
            meta.get("orphans").map_err(read_error)?.ok_or_else(|| damaged("`orphans` is missing"))?;
        postcard::from_bytes(&decompress(bytes.value())?).map_err(damaged)
    }

    /// A weakness (`CWE-79`), attack pattern (`CAPEC-63`) or technique (`T1190`).
    ///
    /// # Errors
    /// If the snapshot is damaged or cannot be read.
    pub fn concept(&self, id: &str) -> Result<Option<Concept>, SnapshotError> {
        let transaction = self.read()?;
        let table = transaction.open_table(CONCEPTS).map_err(read_error)?;
        let found = table.get(id).map_err(read_error)?;
        found.map(|bytes| postcard::from_bytes(bytes.value()).map_err(damaged)).transpose()
    }

    /// ATT&CK techniques that belong to a record: those mapped to the CVE itself, else those of the attack patterns of
    /// its weaknesses. Sorted by id.
    ///
    /// # Errors
    /// If the snapshot is damaged or cannot be read.
    pub fn techniques(&self, record: &Vulnerability) -> Result<Vec<Concept>, SnapshotError> {
        let mut ids = record.techniques.clone();
        if ids.is_empty() {
            for weakness in &record.weaknesses {
                let patterns =
                    self.concept(&format!("CWE-{weakness}"))?.map(|c| c.related).unwrap_or_default();
                for pattern in patterns {
                    ids.extend(self.concept(&pattern)?.map(|c| c.related).unwrap_or_default());
                }
            }
            ids.retain(|id| id.starts_with('T'));
        }
        ids.sort();
        ids.dedup();
        let named = ids
            .into_iter()
            .map(|id| Ok(self.concept(&id)?.unwrap_or_else(|| Concept { id, ..Concept::default() })));
        named.collect()
    }

    pub(crate) fn concepts(&self) -> Result<Vec<Concept>, SnapshotError> {
        let transaction = self.read()?;
        let table = transaction.open_table(CONCEPTS).map_err(read_error)?;
        let mut out = Vec::new();
        for row in table.range::<&str>(..).map_err(read_error)? {
            let (_, bytes) = row.map_err(read_error)?;
            out.push(postcard::from_bytes(bytes.value()).map_err(damaged)?);
        }
        Ok(out)
    }

    /// Records that have all of these words in description, id or names of products; worst first, at most `limit`.
    ///
    /// # Errors
    /// If the snapshot is damaged or cannot be read.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<Found>, SnapshotError> {
        let transaction = self.database.begin_read().map_err(read_error)?;
        let table = transaction.open_table(WORDS).map_err(read_error)?;
        let mut hits: Option<Vec<u32>> = None;
        for word in words::words(text) {
            let numbers = match table.get(word.as_str()).map_err(read_error)? {
                Some(list) => words::decode(list.value()),
                None => Vec::new(),
            };
            hits = Some(match hits {
                None => numbers,
                Some(known) => known.into_iter().filter(|n| numbers.binary_search(n).is_ok()).collect(),
            });
        }
        let tables = self.tables()?;
        let mut found = Vec::new();
        for number in hits.unwrap_or_default() {
            let brief = tables.brief(number)?;
            found.push(Found { id: brief.id, score: brief.score, kev: brief.kev });
        }
        let score = |found: &Found| found.score.unwrap_or(-1.0);
        found.sort_by(|a, b| {
            b.kev.cmp(&a.kev).then(score(b).total_cmp(&score(a))).then_with(|| b.id.cmp(&a.id))
        });
        found.truncate(limit);
        Ok(found)
    }

    pub(crate) fn read(&self) -> Result<redb::ReadTransaction, SnapshotError> {
        self.database.begin_read().map_err(read_error)
    }

    /// Tables that matching asks again and again, opened once.
    pub(crate) fn tables(&self) -> Result<Tables, SnapshotError> {
        let transaction = self.read()?;
        Ok(Tables {
            summaries: transaction.open_table(SUMMARIES).map_err(read_error)?,
            products: transaction.open_table(PRODUCTS).map_err(read_error)?,
            packages: transaction.open_table(PACKAGES).map_err(read_error)?,
            aliases: transaction.open_table(ALIASES).map_err(read_error)?,
        })
    }
}

/// Open tables.
pub(crate) struct Tables {
    summaries: redb::ReadOnlyTable<u32, &'static [u8]>,
    products: redb::ReadOnlyTable<&'static str, &'static [u8]>,
    packages: redb::ReadOnlyTable<&'static str, &'static [u8]>,
    aliases: redb::ReadOnlyTable<&'static str, &'static [u8]>,
}

impl Tables {
    pub(crate) fn brief(&self, number: u32) -> Result<Brief, SnapshotError> {
        let bytes =
            self.summaries.get(number).map_err(read_error)?.ok_or_else(|| damaged("a summary is missing"))?;
        postcard::from_bytes(bytes.value()).map_err(damaged)
    }

    /// Entries of every vendor's product of this name: vendor, entries.
    pub(crate) fn product(
        &self,
        product: &str,
        vendor: Option<&str>,
    ) -> Result<Vec<(String, Vec<Entry>)>, SnapshotError> {
        let from = format!("{product}\0{}", vendor.unwrap_or_default());
        let to = match vendor {
            Some(vendor) => format!("{product}\0{vendor}\0"),
            None => format!("{product}\u{1}"),
        };
        let mut out = Vec::new();
        for row in self.products.range(from.as_str()..to.as_str()).map_err(read_error)? {
            let (key, list) = row.map_err(read_error)?;
            let vendor =
                key.value().split_once('\0').map(|(_, vendor)| vendor.to_owned()).unwrap_or_default();
            out.push((vendor, decode_list(list.value())?));
        }
        Ok(out)
    }

    /// Vendors and products that a distribution's package of this name stands for, by the records that name both; if
    /// they tell nothing of the very package, of those that differ in a number.
    pub(crate) fn aliases(&self, name: &str) -> Result<Vec<(String, String)>, SnapshotError> {
        let own = self.aliases_of(name)?;
        if !own.is_empty() {
            return Ok(own);
        }
        self.aliases_of(&aliases::family(unnumbered(name).unwrap_or(name)))
    }

    fn aliases_of(&self, name: &str) -> Result<Vec<(String, String)>, SnapshotError> {
        match self.aliases.get(name).map_err(read_error)? {
            Some(list) => postcard::from_bytes(list.value()).map_err(damaged),
            None => Ok(Vec::new()),
        }
    }

    pub(crate) fn package(&self, key: &str) -> Result<Vec<PackageEntry>, SnapshotError> {
        match self.packages.get(key).map_err(read_error)? {
            Some(list) => decode_list(list.value()),
            None => Ok(Vec::new()),
        }
    }
}

fn decompress(bytes: &[u8]) -> Result<Vec<u8>, SnapshotError> {
    let size = zstd::bulk::Decompressor::upper_bound(bytes).unwrap_or(MAX_DECOMPRESSED);
    zstd::bulk::decompress(bytes, size.min(MAX_DECOMPRESSED)).map_err(damaged)
}

fn decode_list<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<Vec<T>, SnapshotError> {
    take_all(&decompress(bytes)?)
}

fn take_all<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<Vec<T>, SnapshotError> {
    let (mut rest, mut out) = (bytes, Vec::new());
    while !rest.is_empty() {
        let (one, after) = postcard::take_from_bytes(rest).map_err(damaged)?;
        out.push(one);
        rest = after;
    }
    Ok(out)
}
