//! What is in here that should not be?

// Findings in files that are no programs: `files::DETECTORS`, each `FileFinding::into_finding`. Complete and tested;
// to be called once a tree by whoever puts records together.
mod files;
