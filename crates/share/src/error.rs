//! Errors. What a viewer may not see is an error in no other way than what does not exist.

use std::io;
use std::path::PathBuf;

use record::Sha256;
use statement::KeyId;

use crate::blob::OpenBucketError;

/// Why a data directory did not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It holds files of something else.
    #[error(
        "`{path}` is not empty and not a data directory of sukashi; hint: choose an empty or new directory"
    )]
    Foreign {
        /// Which directory.
        path: PathBuf,
    },
    /// Another process has it open.
    #[error("data directory `{path}` is in use by another process; hint: stop the other sukashi first")]
    InUse {
        /// Which directory.
        path: PathBuf,
    },
    /// It was written by a newer version.
    #[error("`{place}` has version {found}, this program knows {known}; hint: use a newer sukashi")]
    Newer {
        /// Which directory or database.
        place: String,
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// A file could not be read or written.
    #[error("cannot use `{path}`")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The database did not do as asked.
    #[error("cannot open the database in `{place}`")]
    Database {
        /// Which directory or server.
        place: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The platform is somewhere else now.
    #[error("the platform in `{place}` was moved to `{to}`; hint: serve it there")]
    Moved {
        /// Where it was.
        place: String,
        /// Where it is.
        to: String,
    },
    /// The keys in the data directory are those of another platform.
    #[error(
        "the keys in `{path}` are not those of the platform in the database; hint: copy `log.key`, `instance.key` and `witness.key` from the directory it was made with"
    )]
    OtherKeys {
        /// Which directory.
        path: PathBuf,
    },
    /// A stored fact or log row does not read.
    #[error("data directory is damaged: {what}")]
    Damaged {
        /// What does not fit.
        what: String,
    },
    /// The bucket for envelopes cannot be used.
    #[error(transparent)]
    Bucket(#[from] OpenBucketError),
    /// No random bytes for the log's key.
    #[error("cannot get random bytes from the operating system")]
    Random(#[source] getrandom::Error),
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It does not exist, or this viewer may not see it; the two are not told apart.
    #[error("not found")]
    NotFound,
    /// Only some roles may.
    #[error("your role does not allow this")]
    Role,
    /// The database did not answer.
    #[error("cannot read the database")]
    Database(#[from] sqlx::Error),
    /// A stored envelope could not be read.
    #[error("cannot read a stored statement")]
    Blob(#[source] io::Error),
    /// What is stored is not what was stored.
    #[error("stored data is damaged: {what}")]
    Damaged {
        /// What does not fit.
        what: String,
    },
}

/// Why something was not written. Nothing of it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// It refers to something that does not exist for this viewer.
    #[error("not found: `{what}`")]
    NotFound {
        /// What was referred to.
        what: String,
    },
    /// Only some roles may.
    #[error("your role does not allow this")]
    Role,
    /// A text is empty, too long, or has control characters.
    #[error("`{field}` is empty, too long, or has characters that cannot be shown")]
    Text {
        /// The field.
        field: &'static str,
    },
    /// It exists already.
    #[error("`{what}` exists already")]
    Exists {
        /// What.
        what: String,
    },
    /// The statement is not signed by a key of the viewer's organization.
    #[error("not signed by a key of your organization; hint: add the key first, then register again")]
    NotYourKey,
    /// The key was revoked.
    #[error("key `{key_id}` is revoked")]
    Revoked {
        /// The key.
        key_id: KeyId,
    },
    /// No release or system has a subject's digest.
    #[error(
        "no release or system that you see has the digest of a subject of the statement; hint: add the release first, or name it"
    )]
    UnknownSubject,
    /// Several do, and nobody said which is meant.
    #[error("several releases have the digest of the subject; hint: name the release")]
    AmbiguousSubject,
    /// The body of the statement is not what its type promises.
    #[error("body of the statement does not read")]
    Predicate(#[from] statement::PredicateError),
    /// A head does not count what is disclosed now, or its dates make no sense.
    #[error(
        "head does not match the {count} statements disclosed over the link now; hint: fetch the list again"
    )]
    Head {
        /// How many there are.
        count: u64,
    },
    /// A new key did not sign its own introduction.
    #[error(
        "key `{key_id}` has not signed its introduction; hint: sign the rotation with the old and the new key"
    )]
    KeyProof {
        /// The new key.
        key_id: KeyId,
    },
    /// A commitment does not belong to the document, or its seed is missing.
    #[error(
        "commitment does not belong to the document; hint: name the document's evidence and the seed of its salts"
    )]
    Commitment,
    /// The document cannot be taken back before the commitment to it.
    #[error(
        "a commitment to the document is in force, and whoever has parts of it elsewhere would not learn that it was taken back; hint: withdraw the commitment first, whose payload has the digest `{payload}`"
    )]
    CommitmentStands {
        /// Digest of the commitment's payload.
        payload: Sha256,
    },
    /// Only an instance makes such statements.
    #[error("statements of this kind are made by the platform")]
    InstanceOnly,
    /// The organization lets the instance state nothing of this kind.
    #[error("the owner has not delegated this to the platform")]
    NotDelegated,
    /// Whoever handed it in cannot approve it.
    #[error("you handed this in yourself; hint: ask somebody else to approve it")]
    SamePerson,
    /// No questions left in this month.
    #[error("all {a_month} questions of this month are asked; hint: the supplier sets how many there are")]
    Budget {
        /// How many there are in a month.
        a_month: u32,
    },
    /// Something stored could not be read.
    #[error(transparent)]
    Read(ReadError),
    /// The statement cannot be superseded or withdrawn by this one.
    #[error("`{what}` is not current evidence of the same kind by your organization about the same thing")]
    Supersedes {
        /// What was named.
        what: String,
    },
    /// No random bytes.
    #[error("cannot get random bytes from the operating system")]
    Random(#[source] getrandom::Error),
    /// A piece or an upload is empty or too long.
    #[error("between 1 and {most} bytes, and no more than was announced")]
    Size {
        /// The most there may be.
        most: u64,
    },
    /// The upload goes on elsewhere.
    #[error("the upload goes on at byte {received}")]
    Place {
        /// Bytes that are there.
        received: u64,
    },
    /// A peer without a log.
    #[error(
        "the trust file of a peer has to pin its log; hint: its key is shown by the peer's `/api/v1/instance`"
    )]
    NoLog,
    /// A server of the Transparency Exchange API that speaks for nobody, or for several.
    #[error(
        "the trust file has to pin the one supplier that the server speaks for; hint: add a peer for each supplier"
    )]
    NoSupplier,
    /// The database did not do as asked.
    #[error("cannot write to the database")]
    Database(#[from] sqlx::Error),
    /// The envelope could not be stored.
    #[error("cannot store the statement")]
    Blob(#[source] io::Error),
    /// A value could not be written as JSON.
    #[error("cannot write a fact as JSON")]
    Json(#[from] serde_json::Error),
}
