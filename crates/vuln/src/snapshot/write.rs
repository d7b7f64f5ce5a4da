//! Writing a snapshot: into a temporary file, renamed when complete.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use redb::{Database, TableDefinition, WriteTransaction};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::aliases::Aliases;
use super::words::{List, words};
use super::{
    ALIASES, BLOCK, BLOCKS, Brief, CONCEPTS, IDS, LAYOUT, META, PACKAGES, PRODUCTS, SUMMARIES, SnapshotInfo,
    WORDS, entry,
};
use crate::import::{Event, ImportError, Spill};
use crate::{Concept, Status, Vulnerability};

const LEVEL: i32 = 3;
/// A word in more records than this share of all does not help a search.
const COMMON: usize = 4;

pub(crate) fn write(
    spill: &mut Spill,
    path: &Path,
    folder: &Path,
    progress: &mut dyn FnMut(Event<'_>),
) -> Result<SnapshotInfo, ImportError> {
    let failed = |source| ImportError::Write { path: path.to_owned(), source };
    let temporary = tempfile::Builder::new().prefix(".vuln-").tempfile_in(folder).map_err(failed)?;
    let refused =
        |source: redb::Error| ImportError::Database { path: path.to_owned(), source: Box::new(source) };
    let mut builder = Database::builder();
    builder.set_cache_size(128 << 20);
    let mut database = builder.create(temporary.path()).map_err(|e| refused(e.into()))?;
    let transaction = database.begin_write().map_err(|e| refused(e.into()))?;
    let info = fill(&transaction, spill, progress, path)?;
    transaction.commit().map_err(|e| refused(e.into()))?;
    database.compact().map_err(|e| refused(e.into()))?;
    drop(database);
    temporary.as_file().sync_all().map_err(failed)?;
    temporary.persist(path).map_err(|e| failed(e.error))?;
    Ok(info)
}

/// What is gathered while records go by.
#[derive(Default)]
struct Gathered {
    info: SnapshotInfo,
    digest: Sha256,
    block: Vec<u8>,
    orphans: Vec<u8>,
    concepts: Vec<Concept>,
    ids: BTreeMap<String, u32>,
    products: HashMap<String, Vec<u8>>,
    packages: HashMap<String, Vec<u8>>,
    words: HashMap<String, List>,
    aliases: Aliases,
}

fn fill(
    transaction: &WriteTransaction,
    spill: &mut Spill,
    progress: &mut dyn FnMut(Event<'_>),
    path: &Path,
) -> Result<SnapshotInfo, ImportError> {
    let refused =
        |source: redb::Error| ImportError::Database { path: path.to_owned(), source: Box::new(source) };
    let ids = spill.ids();
    let mut all = Gathered::default();
    {
        let mut blocks = transaction.open_table(BLOCKS).map_err(|e| refused(e.into()))?;
        let mut summaries = transaction.open_table(SUMMARIES).map_err(|e| refused(e.into()))?;
        for (number, id) in (0_u32..).zip(&ids) {
            let stored = spill.stored(id)?;
            all.block.extend(bytes_of(&stored));
            let record = stored.join();
            all.gather(number, &record);
            let brief = bytes_of(&brief(&record));
            summaries.insert(number, brief.as_slice()).map_err(|e| refused(e.into()))?;
            let last = usize::try_from(number).unwrap_or_default() + 1 == ids.len();
            if last || (number + 1) % BLOCK == 0 {
                let block = compress(&std::mem::take(&mut all.block));
                blocks.insert(number / BLOCK, block.as_slice()).map_err(|e| refused(e.into()))?;
            }
            if number % 10_000 == 0 || last {
                progress(Event::Writing { done: u64::from(number) + 1, of: ids.len() as u64 });
            }
        }
    }
    all.info.records = ids.len() as u64;
    spill.newest().clone_into(&mut all.info.newest);
    spill.epss_date().clone_into(&mut all.info.epss_date);
    all.orphans = compress(&bytes_of(&spill.orphans()));
    all.concepts = spill.concepts();
    all.info.sha256 =
        std::mem::take(&mut all.digest).finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    all.write_tables(transaction, ids.len()).map_err(refused)?;
    Ok(all.info)
}

impl Gathered {
    fn gather(&mut self, number: u32, record: &Vulnerability) {
        let bytes = bytes_of(record);
        self.digest.update(bytes);
        self.ids.insert(record.id.clone(), number);
        for alias in &record.aliases {
            self.ids.entry(alias.clone()).or_insert(number);
        }
        self.info.exploited += u64::from(record.kev.is_some());
        self.info.scored += u64::from(record.epss.is_some());
        for word in words(&format!("{} {}", record.id, record.description)) {
            self.words.entry(word).or_default().push(number);
        }
        if record.status == Status::Rejected {
            return;
        }
        self.info.matchable += u64::from(!(record.configurations.is_empty() && record.packages.is_empty()));
        let entries = entry::entries(number, record);
        self.aliases.gather(record, entries.iter().map(|(key, _)| key.as_str()));
        for (key, entry) in entries {
            self.products.entry(key).or_default().extend(bytes_of(&entry));
        }
        for range in &record.packages {
            let entry = super::PackageEntry { record: number, range: range.clone() };
            self.packages.entry(range.package.clone()).or_default().extend(bytes_of(&entry));
        }
    }

    fn write_tables(&mut self, transaction: &WriteTransaction, records: usize) -> Result<(), redb::Error> {
        let mut ids = transaction.open_table(IDS)?;
        for (id, number) in &self.ids {
            ids.insert(id.as_str(), number)?;
        }
        write_sorted(transaction, PRODUCTS, std::mem::take(&mut self.products), compress)?;
        write_sorted(transaction, PACKAGES, std::mem::take(&mut self.packages), compress)?;
        let aliases = std::mem::take(&mut self.aliases).chosen();
        let aliases = aliases.map(|(name, products)| (name, bytes_of(&products)));
        write_sorted(transaction, ALIASES, aliases.collect(), <[u8]>::to_vec)?;
        let helpful = |list: &List| list.bytes.len() <= (records / COMMON).max(1_000);
        let words = std::mem::take(&mut self.words).into_iter().filter(|(_, list)| helpful(list));
        write_sorted(
            transaction,
            WORDS,
            words.map(|(word, list)| (word, list.bytes)).collect(),
            <[u8]>::to_vec,
        )?;
        let mut concepts = transaction.open_table(CONCEPTS)?;
        for concept in &self.concepts {
            concepts.insert(concept.id.as_str(), bytes_of(concept).as_slice())?;
        }
        let mut meta = transaction.open_table(META)?;
        meta.insert("orphans", self.orphans.as_slice())?;
        meta.insert("layout", bytes_of(&LAYOUT).as_slice())?;
        meta.insert("info", bytes_of(&self.info).as_slice())?;
        Ok(())
    }
}

fn write_sorted(
    transaction: &WriteTransaction,
    table: TableDefinition<'_, &str, &[u8]>,
    rows: HashMap<String, Vec<u8>>,
    encode: impl Fn(&[u8]) -> Vec<u8>,
) -> Result<(), redb::Error> {
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let mut table = transaction.open_table(table)?;
    for (key, value) in rows {
        table.insert(key.as_str(), encode(&value).as_slice())?;
    }
    Ok(())
}

fn brief(record: &Vulnerability) -> Brief {
    let rating = record.effective_rating();
    Brief {
        id: record.id.clone(),
        score: rating.map(|(_, score)| score),
        vector: rating.map(|(rating, _)| rating.vector.clone()).unwrap_or_default(),
        epss: record.epss.map(|epss| epss.probability),
        kev: record.kev.is_some(),
        exploitation: record.exploitation,
    }
}

/// Our types always encode: they have no maps of unknown length and no foreign types.
fn bytes_of(value: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).unwrap_or_default()
}

/// Compressing into memory does not fail.
fn compress(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, LEVEL).unwrap_or_default()
}
