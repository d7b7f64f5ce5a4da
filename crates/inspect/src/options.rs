//! What an inspection may cost, and who hears how far it is.

/// How much work may be spent; units, so that the same effort cuts at the same place on every machine.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Recovering functions.
    pub program: program::Effort,
    /// Following values.
    pub flow: flow::Effort,
    /// Bounds on reading executable files.
    pub image: program::image::ImageLimits,
}

/// Hears how far an inspection is. Called from several threads.
pub trait Progress: Sync {
    /// This many programs will be analysed.
    fn programs(&self, count: usize) {
        let _ = count;
    }

    /// A program is done.
    fn done(&self, path: &str) {
        let _ = path;
    }
}

/// Nobody listens.
impl Progress for () {}
