//! A supply chain of four companies, played through the real engines: a software house, a maker of routers, an
//! integrator of pumping stations, and the water utility that runs them.
//!
//! Nothing is precomputed. [`open`] inspects the example router, generates its bill of materials, matches it with an
//! extract of real vulnerability data, assesses the utility's model with what the inspection found, and has each
//! company sign and register its results. The directory it leaves is an ordinary platform.
//!
//! The companies' private keys live only while the story is played: a platform must not hold them.

mod material;
mod party;
mod story;

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use share::{AccountId, OpenError, Platform};

/// A demonstration, ready to be served.
pub struct Demo {
    /// Its platform.
    pub platform: Platform,
    /// Who can log in, in the order of the chain.
    pub people: Vec<Person>,
    /// The vulnerability data that its story used.
    pub vulnerabilities: PathBuf,
}

/// Somebody who can log in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    /// Place in the chain, such as `operator`.
    pub role: String,
    /// The company.
    pub organization: String,
    /// The account.
    pub account: AccountId,
}

/// Why there is no demonstration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// Something else lies there.
    #[error(
        "`{}` is not a demonstration; hint: name an empty or missing directory with `--data`", path.display()
    )]
    Foreign {
        /// Where.
        path: PathBuf,
    },
    /// The operating system did not let us.
    #[error("cannot use `{}`", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Its error.
        #[source]
        source: std::io::Error,
    },
    /// The platform could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A step of the story failed. A bug, or a full disk.
    #[error("`{company}` could not {step}")]
    Step {
        /// Who.
        company: &'static str,
        /// What.
        step: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What marks a directory as a demonstration, and says who may log in.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    schema: Schema,
    people: Vec<Person>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Schema {
    #[serde(rename = "sukashi.demo/1")]
    V1,
}

const MARK: &str = "demo.json";
/// The snapshot of vulnerability data that the story used.
const SNAPSHOT: &str = "vulnerabilities.redb";

/// Opens the demonstration in `folder`, or plays it if the folder is missing or empty.
///
/// # Errors
/// [`DemoError`]; then the folder is as it was.
pub async fn open(folder: &Path) -> Result<Demo, DemoError> {
    if let Some(mark) = read_mark(folder)? {
        return finished(folder, mark.people).await;
    }
    if !is_free(folder)? {
        return Err(DemoError::Foreign { path: folder.to_owned() });
    }
    let building = building(folder);
    discard(&building)?;
    let platform = Platform::open(&building).await?;
    let people = story::play(&platform, &building.join(SNAPSHOT)).await;
    platform.close().await;
    drop(platform);
    let people = match people {
        Ok(people) => people,
        Err(error) => {
            discard(&building)?;
            return Err(error);
        }
    };
    write_mark(&building, &people)?;
    // Only a finished demonstration gets the name that a later start looks for.
    fs::rename(&building, folder).map_err(|source| DemoError::Io { path: folder.to_owned(), source })?;
    finished(folder, people).await
}

async fn finished(folder: &Path, people: Vec<Person>) -> Result<Demo, DemoError> {
    Ok(Demo { platform: Platform::open(folder).await?, people, vulnerabilities: folder.join(SNAPSHOT) })
}

/// Who can log in to the demonstration in `folder`; nobody if there is none.
///
/// # Errors
/// If the folder cannot be read.
pub fn people(folder: &Path) -> Result<Vec<Person>, DemoError> {
    Ok(read_mark(folder)?.map(|mark| mark.people).unwrap_or_default())
}

/// Beside the folder, so that it can be renamed.
fn building(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".building");
    folder.with_file_name(name)
}

/// Takes away what an interrupted start left; its name is ours alone.
fn discard(building: &Path) -> Result<(), DemoError> {
    match fs::remove_dir_all(building) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(DemoError::Io { path: building.to_owned(), source })
        }
        _ => Ok(()),
    }
}

fn is_free(folder: &Path) -> Result<bool, DemoError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(source) => Err(DemoError::Io { path: folder.to_owned(), source }),
    }
}

fn read_mark(folder: &Path) -> Result<Option<Mark>, DemoError> {
    let path = folder.join(MARK);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|_| DemoError::Foreign { path: folder.to_owned() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DemoError::Io { path, source }),
    }
}

fn write_mark(folder: &Path, people: &[Person]) -> Result<(), DemoError> {
    let path = folder.join(MARK);
    let mark = Mark { schema: Schema::V1, people: people.to_vec() };
    let bytes = serde_json::to_vec_pretty(&mark).unwrap_or_default();
    fs::write(&path, bytes).map_err(|source| DemoError::Io { path, source })
}

impl DemoError {
    /// For `map_err`: `company` could not do `step`.
    fn step<E>(company: &'static str, step: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |source| Self::Step { company, step, source: source.into() }
    }
}
