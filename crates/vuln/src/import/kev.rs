//! CISA's catalogue of known exploited vulnerabilities, as JSON or CSV.

use serde::Deserialize;

use super::{Context, Fact, csv};
use crate::Kev;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue {
    #[serde(default)]
    date_released: String,
    vulnerabilities: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(rename = "cveID")]
    cve: String,
    #[serde(default)]
    vulnerability_name: String,
    #[serde(default)]
    date_added: String,
    #[serde(default)]
    due_date: String,
    #[serde(default)]
    known_ransomware_campaign_use: String,
}

pub(super) fn recognise_json(head: &str) -> bool {
    head.starts_with('{') && head.contains("\"catalogVersion\"")
}

pub(super) fn recognise_csv(head: &str) -> bool {
    head.starts_with("cveID,")
}

pub(super) fn read_json(text: &str, context: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    let catalogue: Catalogue = serde_json::from_str(text).map_err(|e| e.to_string())?;
    context.date = catalogue.date_released;
    catalogue.vulnerabilities.into_iter().for_each(|entry| push(entry, out));
    Ok(())
}

pub(super) fn read_csv(text: &str, context: &mut Context, out: &mut Vec<Fact>) -> Result<(), String> {
    let mut rows = csv::rows(text).into_iter();
    context.columns = rows.next().unwrap_or_default();
    let column = |name: &str| context.columns.iter().position(|column| column == name);
    let (cve, name) = (column("cveID"), column("vulnerabilityName"));
    let (added, due, ransomware) =
        (column("dateAdded"), column("dueDate"), column("knownRansomwareCampaignUse"));
    let mut newest = String::new();
    let mut damaged = 0;
    for row in rows {
        let get = |at: Option<usize>| at.and_then(|at| row.get(at)).cloned().unwrap_or_default();
        let entry = Entry {
            cve: get(cve),
            vulnerability_name: get(name),
            date_added: get(added),
            due_date: get(due),
            known_ransomware_campaign_use: get(ransomware),
        };
        damaged += u64::from(!super::text::is_cve(&entry.cve));
        newest = newest.max(entry.date_added.clone());
        push(entry, out);
    }
    context.date = newest;
    if damaged == 0 { Ok(()) } else { Err(format!("{damaged} entries have no CVE id")) }
}

fn push(entry: Entry, out: &mut Vec<Fact>) {
    if super::text::is_cve(&entry.cve) {
        let kev = Kev {
            added: entry.date_added,
            due: entry.due_date,
            ransomware: entry.known_ransomware_campaign_use == "Known",
            name: entry.vulnerability_name,
        };
        out.push(Fact::Exploited(entry.cve, kev));
    }
}
