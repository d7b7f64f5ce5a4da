//! What need not be typed each time: flags beat `SUKASHI_*` variables, these beat `sukashi.toml`, that beats defaults.
//!
//! One table of settings serves all sources, `config show` and the manual.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};

/// What can be set. Sorted by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Setting {
    /// Bucket of a platform's envelopes.
    Blobs,
    /// Folder of results kept between runs.
    Cache,
    /// Data directory of the platform.
    Data,
    /// Database of the platform.
    Database,
    /// Threads; all processors unless set.
    Jobs,
    /// Folder of signing keys.
    Keys,
    /// Address the platform listens on.
    Listen,
    /// `text` or `json`.
    LogFormat,
    /// Access token of a platform.
    Token,
    /// Whose keys are accepted.
    Trust,
    /// A platform's address.
    Url,
    /// Vulnerability database.
    VulnDb,
}

impl Setting {
    pub(crate) const ALL: &[Self] = &[
        Self::Blobs,
        Self::Cache,
        Self::Data,
        Self::Database,
        Self::Jobs,
        Self::Keys,
        Self::Listen,
        Self::LogFormat,
        Self::Token,
        Self::Trust,
        Self::Url,
        Self::VulnDb,
    ];

    /// As `sukashi.toml` has it, and flags after two dashes.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Blobs => "blobs",
            Self::Cache => "cache",
            Self::Data => "data",
            Self::Database => "database",
            Self::Jobs => "jobs",
            Self::Keys => "keys",
            Self::Listen => "listen",
            Self::LogFormat => "log-format",
            Self::Token => "token",
            Self::Trust => "trust",
            Self::Url => "url",
            Self::VulnDb => "vuln-db",
        }
    }

    /// The environment variable.
    pub(crate) fn variable(self) -> String {
        format!("SUKASHI_{}", self.name().to_uppercase().replace('-', "_"))
    }

    /// Must not be shown.
    pub(crate) fn is_secret(self) -> bool {
        // A database's URL may have a password in it.
        matches!(self, Self::Database | Self::Token)
    }

    fn is_path(self) -> bool {
        matches!(self, Self::Cache | Self::Data | Self::Keys | Self::Trust | Self::VulnDb)
    }

    fn default(self, folders: &Folders) -> Option<OsString> {
        match self {
            Self::Cache => Some(folders.cache.clone().into()),
            Self::Data => Some(folders.data.join("platform").into()),
            Self::Keys => Some(folders.data.join("keys").into()),
            Self::Listen => Some("127.0.0.1:7878".into()),
            Self::LogFormat => Some("text".into()),
            Self::Trust => Some(folders.config.join("trust.json").into()),
            Self::VulnDb => Some(folders.data.join("vulnerabilities.redb").into()),
            Self::Blobs | Self::Database | Self::Jobs | Self::Token | Self::Url => None,
        }
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody set it.
    Default,
    /// An environment variable.
    Environment(String),
    /// A configuration file.
    File(PathBuf),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Environment(name) => f.write_str(name),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The user's folders, by the XDG Base Directory Specification 0.8.
#[derive(Clone, Debug)]
struct Folders {
    config: PathBuf,
    data: PathBuf,
    cache: PathBuf,
}

impl Folders {
    fn of(environment: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let home = environment("HOME").map_or_else(|| PathBuf::from("."), PathBuf::from);
        let folder = |name, default: &str| {
            // A relative path in these variables is to be ignored, says the specification.
            let set = environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
            set.unwrap_or_else(|| home.join(default)).join("sukashi")
        };
        Self {
            config: folder("XDG_CONFIG_HOME", ".config"),
            data: folder("XDG_DATA_HOME", ".local/share"),
            cache: folder("XDG_CACHE_HOME", ".cache"),
        }
    }
}

/// All settings, each with its origin.
#[derive(Clone, Debug)]
pub(crate) struct Settings(BTreeMap<Setting, (OsString, Origin)>);

impl Settings {
    /// Reads `file`, or else `$SUKASHI_CONFIG`, or else the user's own if there is one; then the environment.
    ///
    /// # Errors
    /// A file that cannot be read, is no TOML, or sets what does not exist.
    pub(crate) fn load(
        file: Option<&Path>,
        environment: &dyn Fn(&str) -> Option<OsString>,
    ) -> anyhow::Result<Self> {
        let folders = Folders::of(environment);
        let mut settings = BTreeMap::new();
        for setting in Setting::ALL {
            if let Some(value) = setting.default(&folders) {
                settings.insert(*setting, (value, Origin::Default));
            }
        }
        let named = file.map(Path::to_owned).or_else(|| environment("SUKASHI_CONFIG").map(PathBuf::from));
        let usual = || Some(folders.config.join("sukashi.toml")).filter(|path| path.exists());
        if let Some(path) = named.or_else(usual) {
            read_file(&path, &mut settings)?;
        }
        for setting in Setting::ALL {
            let name = setting.variable();
            if let Some(value) = environment(&name).filter(|value| !value.is_empty()) {
                settings.insert(*setting, (value, Origin::Environment(name)));
            }
        }
        Ok(Self(settings))
    }

    /// Value and origin, in the order of names.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Setting, &OsString, &Origin)> {
        self.0.iter().map(|(setting, (value, origin))| (*setting, value, origin))
    }

    /// What was typed, or else what is set, as text that parses.
    ///
    /// # Errors
    /// If it does not parse; says where it was set.
    pub(crate) fn parsed<T>(&self, setting: Setting) -> anyhow::Result<Option<T>>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        let Some((value, origin)) = self.0.get(&setting) else { return Ok(None) };
        let text = value.to_string_lossy();
        let parsed = text
            .parse()
            .map_err(|error| anyhow!("`{}` is `{text}` (from {origin}): {error}", setting.name()))?;
        Ok(Some(parsed))
    }
}

fn read_file(path: &Path, into: &mut BTreeMap<Setting, (OsString, Origin)>) -> anyhow::Result<()> {
    let text = crate::input::text(path)?;
    let table: toml::Table =
        toml::from_str(&text).with_context(|| format!("`{}` is no TOML", path.display()))?;
    for (key, value) in table {
        let Some(setting) = Setting::ALL.iter().find(|setting| setting.name() == key) else {
            bail!("unknown setting `{key}` in `{}`; hint: {}", path.display(), nearest(&key));
        };
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(figure) => figure.to_string(),
            other => {
                bail!("`{key}` in `{}` is {}; hint: write a text in quotes", path.display(), other.type_str())
            }
        };
        // A file says where things lie as seen from itself, wherever the command runs.
        let folder = path.parent().unwrap_or(Path::new(""));
        let value = if setting.is_path() { folder.join(value).into() } else { value.into() };
        into.insert(*setting, (value, Origin::File(path.to_owned())));
    }
    Ok(())
}

fn nearest(key: &str) -> String {
    let names = Setting::ALL.iter().map(|setting| setting.name());
    let near = names.clone().min_by_key(|name| strsim::damerau_levenshtein(key, name));
    match near {
        Some(near) if strsim::damerau_levenshtein(key, near) <= 1 + key.len() / 4 => {
            format!("did you mean `{near}`?")
        }
        _ => format!("there are {}", names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(file: Option<&Path>, variables: &[(&str, &str)]) -> anyhow::Result<Settings> {
        Settings::load(file, &|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        })
    }

    fn shown(settings: &Settings, setting: Setting) -> String {
        let (_, value, origin) = settings.all().find(|(s, ..)| *s == setting).unwrap();
        format!("{} ({origin})", value.to_string_lossy())
    }

    #[test]
    fn settings_are_sorted_by_name() {
        assert!(Setting::ALL.is_sorted_by_key(|setting| setting.name()));
        assert!(Setting::ALL.is_sorted());
    }

    #[test]
    fn the_environment_beats_the_file_and_the_file_beats_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sukashi.toml");
        std::fs::write(&file, "data = \"here\"\nlisten = \"[::1]:1\"\njobs = 3\n").unwrap();
        let settings = with(Some(&file), &[("SUKASHI_LISTEN", "[::1]:2"), ("HOME", "/h")]).unwrap();
        assert_eq!(shown(&settings, Setting::Listen), "[::1]:2 (SUKASHI_LISTEN)");
        let here = folder.path().join("here");
        assert_eq!(shown(&settings, Setting::Data), format!("{} ({})", here.display(), file.display()));
        assert_eq!(shown(&settings, Setting::Keys), "/h/.local/share/sukashi/keys (default)");
        assert_eq!(settings.parsed::<u32>(Setting::Jobs).unwrap(), Some(3));
    }

    #[test]
    fn a_misspelt_key_names_the_nearest() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sukashi.toml");
        std::fs::write(&file, "vulndb = \"x\"\n").unwrap();
        let error = with(Some(&file), &[]).unwrap_err().to_string();
        assert!(error.contains("unknown setting `vulndb`") && error.contains("`vuln-db`?"), "{error}");
    }

    #[test]
    fn a_value_that_does_not_parse_says_where_it_was_set() {
        let settings = with(None, &[("SUKASHI_JOBS", "many")]).unwrap();
        let error = settings.parsed::<u32>(Setting::Jobs).unwrap_err().to_string();
        assert!(error.starts_with("`jobs` is `many` (from SUKASHI_JOBS): "), "{error}");
    }
}
