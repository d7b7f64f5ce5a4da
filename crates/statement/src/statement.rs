//! In-toto Statement v1. Source: in-toto attestation framework, spec/v1/statement.md and resource_descriptor.md.

use bytes::Bytes;
use record::Sha256;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::envelope::Envelope;
use crate::key::SigningKey;
use crate::predicate::{Predicate, PredicateType};

/// Media type of a statement inside an envelope.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Most subjects a statement may have.
const MAX_SUBJECTS: usize = 100_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum StatementFormat {
    #[default]
    #[serde(rename = "https://in-toto.io/Statement/v1")]
    V1,
}

/// A claim about artifacts. Not signed yet, or read from a signed envelope.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    #[serde(rename = "_type")]
    format: StatementFormat,
    subject: Vec<Subject>,
    predicate_type: PredicateType,
    #[serde(serialize_with = "raw")]
    predicate: Predicated,
}

/// JSON text of a predicate.
#[derive(Clone, Debug)]
enum Predicated {
    /// Written here.
    Own(Box<RawValue>),
    /// A part of the payload that it was read from.
    Part(Bytes),
}

/// A statement as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(rename = "_type")]
    format: StatementFormat,
    subject: Vec<Subject>,
    predicate_type: PredicateType,
    #[serde(borrow)]
    predicate: Option<&'a RawValue>,
}

/// What a statement is about. We name by SHA-256; other algorithms may stand beside it and are not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Name for reading.
    #[serde(default)]
    pub name: String,
    digest: Digests,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Digests {
    sha256: Sha256,
}

/// Why bytes are not a statement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadStatementError {
    /// Not the JSON of a statement; also where a subject has no SHA-256.
    #[error("not an in-toto statement (version 1) with SHA-256 subjects")]
    Json(#[source] serde_json::Error),
    /// None, or too many.
    #[error("statement has {count} subjects, expected 1 to {MAX_SUBJECTS}")]
    Subjects {
        /// How many there are.
        count: usize,
    },
}

/// A statement could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the statement as JSON")]
pub struct WriteStatementError(#[from] serde_json::Error);

/// Why a predicate is not of the wanted type.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredicateError {
    /// The statement has another predicate type.
    #[error("predicate type is `{found}`, expected `{expected}`")]
    Type {
        /// Of the statement.
        found: PredicateType,
        /// Asked for.
        expected: PredicateType,
    },
    /// The body is not what its type promises.
    #[error("body of predicate `{predicate_type}` does not read")]
    Body {
        /// Of the statement.
        predicate_type: PredicateType,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
}

fn raw<S: Serializer>(predicate: &Predicated, serializer: S) -> Result<S::Ok, S::Error> {
    match predicate {
        Predicated::Own(text) => text.serialize(serializer),
        Predicated::Part(bytes) => {
            let text: &RawValue = serde_json::from_slice(bytes).map_err(serde::ser::Error::custom)?;
            text.serialize(serializer)
        }
    }
}

impl Subject {
    /// An artifact with this digest.
    pub fn new(name: impl Into<String>, sha256: Sha256) -> Self {
        Self { name: name.into(), digest: Digests { sha256 } }
    }

    /// Its digest.
    pub fn sha256(&self) -> Sha256 {
        self.digest.sha256
    }
}

impl Statement {
    /// Says `predicate` about `subject`.
    pub fn new<P: Predicate>(subject: Vec<Subject>, predicate: &P) -> Result<Self, WriteStatementError> {
        let predicate = Predicated::Own(serde_json::value::to_raw_value(predicate)?);
        Ok(Self { format: StatementFormat::V1, subject, predicate_type: P::TYPE, predicate })
    }

    /// Says what the JSON `document` of a foreign standard says; it is kept byte for byte.
    pub fn of_document(
        subject: Vec<Subject>,
        predicate_type: PredicateType,
        document: &str,
    ) -> Result<Self, WriteStatementError> {
        let predicate = Predicated::Own(RawValue::from_string(document.to_owned())?);
        Ok(Self { format: StatementFormat::V1, subject, predicate_type, predicate })
    }

    /// Reads the payload of an envelope. What it says stays where it is.
    pub(crate) fn read(payload: &Bytes) -> Result<Self, ReadStatementError> {
        let wire: Wire<'_> = serde_json::from_slice(payload).map_err(ReadStatementError::Json)?;
        let count = wire.subject.len();
        if !(1..=MAX_SUBJECTS).contains(&count) {
            return Err(ReadStatementError::Subjects { count });
        }
        let predicate = match wire.predicate {
            Some(text) => Predicated::Part(payload.slice_ref(text.get().as_bytes())),
            None => Predicated::Own(RawValue::NULL.to_owned()),
        };
        let Wire { format, subject, predicate_type, .. } = wire;
        Ok(Self { format, subject, predicate_type, predicate })
    }

    /// Signs it with every key of `keys`.
    pub fn sign(&self, keys: &[&SigningKey]) -> Result<Envelope, WriteStatementError> {
        Ok(Envelope::sign(PAYLOAD_TYPE, serde_json::to_vec(self)?, keys))
    }

    /// What it is about.
    pub fn subjects(&self) -> &[Subject] {
        &self.subject
    }

    /// The type of what it says.
    pub fn predicate_type(&self) -> &PredicateType {
        &self.predicate_type
    }

    /// What it says: the JSON text as it was signed.
    pub fn document(&self) -> &str {
        match &self.predicate {
            Predicated::Own(text) => text.get(),
            // It was read as JSON, which is UTF-8.
            Predicated::Part(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
        }
    }

    /// The same for whoever keeps it longer than the statement.
    pub fn into_document(self) -> Bytes {
        match self.predicate {
            Predicated::Own(text) => String::from(Box::<str>::from(text)).into(),
            Predicated::Part(bytes) => bytes,
        }
    }

    /// What it says, where the type is one of ours.
    pub fn predicate<P: Predicate>(&self) -> Result<P, PredicateError> {
        if self.predicate_type != P::TYPE {
            return Err(PredicateError::Type { found: self.predicate_type.clone(), expected: P::TYPE });
        }
        serde_json::from_str(self.document())
            .map_err(|source| PredicateError::Body { predicate_type: P::TYPE, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Withdrawal;
    use expect_test::expect;

    fn withdrawal() -> Statement {
        let subject = Subject::new("router.bin", Sha256([0xab; 32]));
        Statement::new(vec![subject], &Withdrawal { reason: "wrong file".to_owned() }).unwrap()
    }

    #[test]
    fn a_statement_is_written_as_in_toto_defines_it() {
        let envelope = withdrawal().sign(&[&SigningKey::from_seed(&[1; 32])]).unwrap();
        assert_eq!(envelope.payload_type, "application/vnd.in-toto+json");
        expect![[r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"router.bin","digest":{"sha256":"abababababababababababababababababababababababababababababababab"}}],"predicateType":"urn:sukashi:withdrawal:1","predicate":{"reason":"wrong file"}}"#]]
            .assert_eq(std::str::from_utf8(&envelope.payload).unwrap());
    }

    #[test]
    fn foreign_documents_keep_their_bytes() {
        let text = "{ \"b\": 1.50,\n \"a\": [] }";
        let subject = vec![Subject::new("x", Sha256([0; 32]))];
        let statement = Statement::of_document(subject, PredicateType::CYCLONEDX, text).unwrap();
        let payload = statement.sign(&[&SigningKey::from_seed(&[1; 32])]).unwrap().payload;
        let statement = Statement::read(&payload).unwrap();
        assert_eq!(statement.document(), text);
        assert_eq!(serde_json::to_vec(&statement).unwrap(), payload);
        let document = statement.into_document();
        assert_eq!(document, text);
        let place = document.as_ptr().addr() - payload.as_ptr().addr();
        assert!(place < payload.len(), "it was copied");
    }

    #[test]
    fn other_versions_missing_digests_and_empty_subjects_are_refused() {
        let digest = r#"{"name":"x","digest":{"sha512":"00"}}"#;
        let cases = [
            r#"{"_type":"https://in-toto.io/Statement/v0.1","subject":[],"predicateType":"t"}"#.to_owned(),
            format!(
                r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{digest}],"predicateType":"t"}}"#
            ),
            r#"{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"t"}"#.to_owned(),
        ];
        for case in cases {
            assert!(Statement::read(&case.clone().into()).is_err(), "{case}");
        }
    }

    #[test]
    fn a_predicate_reads_only_as_its_own_type() {
        let statement = withdrawal();
        assert_eq!(statement.predicate::<Withdrawal>().unwrap().reason, "wrong file");
        let error = statement.predicate::<crate::Head>().unwrap_err().to_string();
        assert_eq!(error, "predicate type is `urn:sukashi:withdrawal:1`, expected `urn:sukashi:head:1`");
    }
}
