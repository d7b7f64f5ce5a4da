//! What was read, kept on disk by id until everything is there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{Fact, ImportError};
use crate::merge::Contribution;
use crate::{Epss, Kev};

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
    kev: BTreeMap<String, (String, Kev)>,
    epss: BTreeMap<String, Epss>,
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
            kev: BTreeMap::new(),
            epss: BTreeMap::new(),
            epss_date: String::new(),
            newest: String::new(),
        })
    }

    /// `date` is that of the feed; of scores and catalogues the newest feed counts.
    pub(super) fn add(&mut self, fact: Fact, date: &str) -> Result<(), ImportError> {
        if date > self.newest.as_str() {
            date.clone_into(&mut self.newest);
        }
        match fact {
            Fact::Said(contribution) => self.append(&contribution),
            Fact::Exploited(id, kev) => {
                let newer = self.kev.get(&id).is_none_or(|(known, _)| known.as_str() < date);
                if newer {
                    self.kev.insert(id, (date.to_owned(), kev));
                }
                Ok(())
            }
            Fact::Probability(id, epss) => {
                if date > self.epss_date.as_str() {
                    date.clone_into(&mut self.epss_date);
                    self.epss.clear();
                }
                if date == self.epss_date {
                    self.epss.insert(id, epss);
                }
                Ok(())
            }
        }
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

    pub(crate) fn kev(&self, id: &str) -> Option<Kev> {
        self.kev.get(id).map(|(_, kev)| kev.clone())
    }

    pub(crate) fn epss(&self, id: &str) -> Option<Epss> {
        self.epss.get(id).copied()
    }

    /// Everything said of an id.
    pub(crate) fn contributions(&mut self, id: &str) -> Result<Vec<Contribution>, ImportError> {
        let places = self.places.get(id).cloned().unwrap_or_default();
        let mut out = Vec::with_capacity(places.len());
        for place in places {
            out.push(
                self.read(place).map_err(|source| ImportError::Read { path: self.folder.clone(), source })?,
            );
        }
        Ok(out)
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
