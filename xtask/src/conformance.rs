//! `cargo xtask conformance --suites DIR`: official test suites, counted; the scoreboard of `docs/conformance.md`.
//!
//! `DIR` holds checked-out repositories as `OWNER+NAME`, with the commit's id in `OWNER+NAME/.commit`. A suite that is not
//! there is `not measured`, never a pass.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use crate::files;

mod cpe;
mod csaf;
mod cvss;
mod documents;
mod names;

const PAGE: &str = "docs/conformance.md";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder with the suites' repositories.
    #[arg(long)]
    suites: Option<PathBuf>,
    /// List the cases that fail.
    #[arg(long)]
    failures: bool,
    /// Only this suite; the page is not written.
    #[arg(long)]
    only: Option<String>,
}

/// Cases of one row.
#[derive(Default)]
struct Score {
    passed: usize,
    cases: usize,
    failures: Vec<String>,
}

impl Score {
    fn add(&mut self, passed: bool, what: impl FnOnce() -> String) {
        self.cases += 1;
        if passed {
            self.passed += 1;
        } else {
            self.failures.push(what());
        }
    }
}

type Rows = BTreeMap<String, Score>;

/// Counts a suite in its folder.
type Suite = fn(&Path, &mut Rows) -> anyhow::Result<()>;

/// Name of the suite, its repository, and what runs it.
const SUITES: &[(&str, &str, Suite)] = &[
    ("CPE", "usnistgov+cpe-reference-implementation", cpe::reference),
    ("CSAF", "oasis-tcs+csaf", csaf::validator),
    ("CVSS", "RedHatProductSecurity+cvss", cvss::vectors),
    ("CycloneDX", "CycloneDX+specification", documents::cyclonedx),
    ("SPDX", "spdx+spdx-examples", documents::spdx_examples),
    ("SPDX", "spdx+tools-python", documents::spdx_tools),
    ("VERS", "package-url+vers-spec", names::vers),
    ("purl", "package-url+purl-spec", names::purl),
];

const HEAD: &str = "# Conformance

Written by `cargo xtask conformance --suites DIR`. `DIR` holds the repositories below, checked out as `OWNER+NAME`, each with
the id of its commit in `OWNER+NAME/.commit`. A suite that was not there is `not measured`. Nothing of the suites is in
this repository; `--failures` lists the cases that fail.

| suite | repository | commit | part | passed | cases | share |
|---|---|---|---|---:|---:|---:|
";

const TAIL: &str = "
## Cases that fail, and why

- purl, parse: two cases want `Platform=` and `Arch=` refused as keys of qualifiers that are not lower case; two cases of
  `validate` want the same two inputs accepted and written in lower case. Reading is the tolerant side here: it lowers keys.
- purl, validate: one case wants name space and name of `pkg:git` in lower case. The definition of the type says that both
  are case-sensitive, and has `pkg:git/gitlab.gnome.org/GNOME/adwaita-fonts` as an example.
- VERS, from_native: an empty Conan range is to become `vers:conan/`, which is no range by the specification: it has no
  constraint. Of four npm ranges, `>= 2.2.x` and `>= 1.x` are to end below the next version, where npm's own rule has no
  upper end; `2.1 || 2.6` is to mean two versions, where npm's rule has all of `2.1.x` and `2.6.x`; `~0.8.0-pre`
  is to end below `0.8.1`, where npm's rule goes on up to `0.9.0`.
- CSAF, optional: 6.2.8-02 and 6.2.9-02 are to be valid, but list two digests by one algorithm, which the mandatory test
  6.1.25 forbids.
- CSAF, informative: 6.3.6 and 6.3.7 need references to be fetched, 6.3.8 a dictionary; nothing is fetched and there is no
  dictionary, and each verdict says so.
";

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut page = HEAD.to_owned();
    for (name, repository, suite) in SUITES {
        if args.only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let folder =
            args.suites.as_ref().map(|suites| suites.join(repository)).filter(|folder| folder.is_dir());
        let repository = repository.replace('+', "/");
        let Some(folder) = folder else {
            page.push_str(&format!("| {name} | {repository} | | | not measured | | |\n"));
            continue;
        };
        let commit = fs::read_to_string(folder.join(".commit")).unwrap_or_default();
        let commit = commit.trim().chars().take(12).collect::<String>();
        let mut rows = Rows::new();
        suite(&folder, &mut rows)?;
        for (part, score) in &rows {
            let share = 100.0 * score.passed as f64 / score.cases.max(1) as f64;
            page.push_str(&format!(
                "| {name} | {repository} | {commit} | {part} | {} | {} | {share:.1} % |\n",
                score.passed, score.cases
            ));
            if args.failures {
                score.failures.iter().for_each(|failure| eprintln!("{name}, {part}: {failure}"));
            }
        }
    }
    page.push_str(TAIL);
    print!("{page}");
    if args.only.is_some() {
        return Ok(());
    }
    fs::write(PAGE, page).with_context(|| format!("cannot write `{PAGE}`"))
}

/// The list of cases of every `.json` file below.
fn cases(folder: &Path) -> anyhow::Result<Vec<Value>> {
    let mut out = Vec::new();
    for path in files::below(folder)?.iter().filter(|path| path.extension().is_some_and(|e| e == "json")) {
        let suite: Value = serde_json::from_slice(&fs::read(path)?)?;
        out.extend(suite.get("tests").and_then(Value::as_array).cloned().unwrap_or_default());
    }
    Ok(out)
}
