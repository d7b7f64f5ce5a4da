//! Techniques of exploited CVEs: CSV with the columns `cve` and `attack_technique`.
//!
//! Source: MITRE's Center for Threat-Informed Defense, mappings of the KEV catalogue to ATT&CK.

use super::text::is_cve;
use super::{Context, Fact, csv};

pub(super) fn recognise(head: &str) -> bool {
    let columns = csv::fields(head.lines().next().unwrap_or_default());
    ["cve", "attack_technique"].iter().all(|wanted| columns.iter().any(|column| column == wanted))
}

pub(super) fn read(text: &str, _: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    let mut rows = csv::rows(text).into_iter();
    let columns = rows.next().unwrap_or_default();
    let column = |name: &str| columns.iter().position(|column| column == name);
    let (cve, technique) = (column("cve"), column("attack_technique"));
    for row in rows {
        let get = |at: Option<usize>| at.and_then(|at| row.get(at)).map(String::as_str).unwrap_or_default();
        if is_cve(get(cve)) && get(technique).starts_with('T') {
            out.push(Fact::Technique(get(cve).to_owned(), get(technique).to_owned()));
        }
    }
    Ok(())
}
