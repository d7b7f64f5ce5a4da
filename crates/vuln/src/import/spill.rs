//! What was read, kept on disk by id until everything is there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{Fact, ImportError};
use crate::merge::{Contribution, Extras, Stored};
use crate::{Concept, Snapshot};

/// Where a contribution lies in the file.
#[derive(Clone, Copy)]
struct Place {
    at: u64,
    length: u32,
}

/// The file, and the index of it in memory.
pub(crate) struct Spill {
    folder: PathBuf,
    file: BufWriter<File>,
    end: u64,
    places: BTreeMap<String, Vec<Place>>,
    extras: BTreeMap<String, Extras>,
    concepts: BTreeMap<String, Concept>,
    epss_date: String,
    newest: String,
}

impl Spill {
    pub(super) fn new(folder: &Path) -> Result<Self, ImportError> {
        let file = tempfile::tempfile_in(folder)
            .map_err(|source| ImportError::Write { path: folder.to_owned(), source })?;
        Ok(Self {
            folder: folder.to_owned(),
            file: BufWriter::with_capacity(1 << 20, file),
            end: 0,
            places: BTreeMap::new(),
            extras: BTreeMap::new(),
            concepts: BTreeMap::new(),
            epss_date: String::new(),
            newest: String::new(),
        })
    }

    /// Everything that a snapshot was made from.
    pub(super) fn take_over(&mut self, old: &Snapshot) -> Result<(), ImportError> {
        let info = old.info();
        (self.newest, self.epss_date) = (info.newest.clone(), info.epss_date.clone());
        self.extras = old.orphans()?;
        self.concepts = old.concepts()?.into_iter().map(|concept| (concept.id.clone(), concept)).collect();
        for block in 0..old.blocks() {
            for stored in old.block(block)? {
                let id = stored.contributions.first().map(|c| c.record.id.clone()).unwrap_or_default();
                stored.contributions.iter().try_for_each(|contribution| self.append(contribution))?;
                if stored.extras != Extras::default() {
                    self.extras.insert(id, stored.extras);
                }
            }
        }
        Ok(())
    }

    /// `date` is that of the feed; of scores and catalogues the newest feed counts.
    pub(super) fn add(&mut self, fact: Fact, date: &str) -> Result<(), ImportError> {
        if date > self.newest.as_str() {
            date.clone_into(&mut self.newest);
        }
        match fact {
            Fact::Said(contribution) => return self.append(&contribution),
            Fact::Exploited(id, kev) => {
                let known = &mut self.extras.entry(id).or_default().kev;
                if known.as_ref().is_none_or(|(known, _)| known.as_str() < date) {
                    *known = Some((date.to_owned(), kev));
                }
            }
            Fact::Probability(id, epss) => {
                if date > self.epss_date.as_str() {
                    date.clone_into(&mut self.epss_date);
                    self.extras.values_mut().for_each(|extras| extras.epss = None);
                }
                if date == self.epss_date {
                    self.extras.entry(id).or_default().epss = Some(epss);
                }
            }
            Fact::Exploit(id, exploit) => {
                self.extras.entry(id).or_default().exploits.insert(exploit);
            }
            Fact::Technique(id, technique) => {
                self.extras.entry(id).or_default().techniques.insert(technique);
            }
            Fact::Concept(concept) => self.concept(concept),
        }
        Ok(())
    }

    /// Concepts are related from both sides, whichever list says so. A later list's name wins.
    fn concept(&mut self, concept: Concept) {
        for other in &concept.related {
            let known = self.concepts.entry(other.clone()).or_default();
            known.id.clone_from(other);
            insert(&mut known.related, concept.id.clone());
        }
        let known = self.concepts.entry(concept.id.clone()).or_default();
        concept.related.into_iter().for_each(|other| insert(&mut known.related, other));
        (known.id, known.name, known.parents, known.purposes) =
            (concept.id, concept.name, concept.parents, concept.purposes);
    }

    fn append(&mut self, contribution: &Contribution) -> Result<(), ImportError> {
        let fail = |folder: &Path, source| ImportError::Write { path: folder.to_owned(), source };
        let bytes = postcard::to_allocvec(contribution)
            .map_err(|e| fail(&self.folder, std::io::Error::other(e.to_string())))?;
        self.file.write_all(&bytes).map_err(|source| fail(&self.folder, source))?;
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let places = self.places.entry(contribution.record.id.clone()).or_default();
        places.push(Place { at: self.end, length });
        self.end += u64::from(length);
        if contribution.record.modified > self.newest {
            self.newest.clone_from(&contribution.record.modified);
        }
        Ok(())
    }

    /// Every id that a source described, sorted.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.places.keys().cloned().collect()
    }

    /// Newest date in any feed.
    pub(crate) fn newest(&self) -> &str {
        &self.newest
    }

    /// Date of the scores.
    pub(crate) fn epss_date(&self) -> &str {
        &self.epss_date
    }

    /// Weaknesses, patterns and techniques that have a name, by id.
    pub(crate) fn concepts(&self) -> Vec<Concept> {
        self.concepts.values().filter(|concept| !concept.name.is_empty()).cloned().collect()
    }

    /// What catalogues say of ids that no source describes yet.
    pub(crate) fn orphans(&self) -> BTreeMap<String, Extras> {
        let orphans = self.extras.iter().filter(|(id, _)| !self.places.contains_key(*id));
        orphans.map(|(id, extras)| (id.clone(), extras.clone())).collect()
    }

    /// Everything said of an id; what a source says for the second time counts once.
    pub(crate) fn stored(&mut self, id: &str) -> Result<Stored, ImportError> {
        let places = self.places.get(id).cloned().unwrap_or_default();
        let mut contributions: Vec<Contribution> = Vec::with_capacity(places.len());
        for place in places {
            let one =
                self.read(place).map_err(|source| ImportError::Read { path: self.folder.clone(), source })?;
            if !contributions.contains(&one) {
                contributions.push(one);
            }
        }
        crate::merge::sort(&mut contributions);
        Ok(Stored { contributions, extras: self.extras.get(id).cloned().unwrap_or_default() })
    }

    fn read(&mut self, place: Place) -> std::io::Result<Contribution> {
        self.file.flush()?;
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start(place.at))?;
        let mut bytes = vec![0; usize::try_from(place.length).unwrap_or_default()];
        file.read_exact(&mut bytes)?;
        postcard::from_bytes(&bytes).map_err(|e| std::io::Error::other(e.to_string()))
    }
}

/// Keeps a list sorted, each entry once.
fn insert(list: &mut Vec<String>, entry: String) {
    if let Err(at) = list.binary_search(&entry) {
        list.insert(at, entry);
    }
}
