//! What was found.

use std::collections::BTreeMap;

use crate::{Bytes, Cause, Format, Problem};

/// Every file of an image, over all layers.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    entries: BTreeMap<String, Entry>,
    problems: Vec<Problem>,
}

/// One file, directory, link or device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits, with set-user-id and its like (`0o7777`).
    pub mode: u32,
    /// Owner's user id.
    pub uid: u32,
    /// Owner's group id.
    pub gid: u32,
    /// The formats that were opened to get here, outermost first.
    pub layers: Vec<Format>,
}

/// Kinds of entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file with its content.
    File(Bytes),
    /// A directory.
    Directory,
    /// A symbolic link and where it points to, as stated.
    Symlink(String),
    /// A device node, pipe or socket.
    Special,
}

impl Entry {
    /// A regular file's content.
    pub fn content(&self) -> Option<&Bytes> {
        match &self.kind {
            EntryKind::File(content) => Some(content),
            EntryKind::Directory | EntryKind::Symlink(_) | EntryKind::Special => None,
        }
    }
}

/// Files alone, each with its content, as if they had been found below one folder; the last of one path stays.
impl FromIterator<(String, Vec<u8>)> for Tree {
    fn from_iter<I: IntoIterator<Item = (String, Vec<u8>)>>(files: I) -> Self {
        let entry = |content| Entry {
            kind: EntryKind::File(Bytes::from(content)),
            mode: 0o644,
            uid: 0,
            gid: 0,
            layers: Vec::new(),
        };
        let entries = files.into_iter().map(|(path, content)| (path, entry(content)));
        Self { entries: entries.collect(), problems: Vec::new() }
    }
}

impl Tree {
    /// All entries by path, sorted.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// Regular files by path, sorted.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.entries().filter_map(|(path, entry)| Some((path, entry.content()?)))
    }

    /// The entry at a path.
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// What was not seen, sorted by path.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(crate) fn insert(&mut self, path: String, entry: Entry) {
        let directory = matches!(entry.kind, EntryKind::Directory);
        if let Some(before) = self.entries.insert(path.clone(), entry)
            && !(directory && matches!(before.kind, EntryKind::Directory))
        {
            self.problem(path, "file", Cause::Replaced);
        }
    }

    pub(crate) fn problem(&mut self, path: impl Into<String>, what: impl Into<String>, cause: Cause) {
        self.problems.push(Problem { path: path.into(), what: what.into(), cause });
    }

    pub(crate) fn sort_problems(&mut self) {
        self.problems.sort();
        self.problems.dedup();
    }
}
