//! The vocabulary: every relation, its columns and its meaning.

/// A relation that attack rules may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Name in rules.
    pub name: &'static str,
    /// Names of its columns; a name ending in `#` is an integer, all others are symbols.
    pub columns: &'static [&'static str],
    /// One sentence over the columns.
    pub meaning: &'static str,
}

const fn relation(name: &'static str, columns: &'static [&'static str], meaning: &'static str) -> Relation {
    Relation { name, columns, meaning }
}

/// Sorted by name.
pub const RELATIONS: &[Relation] = &[
    relation(
        "account_user",
        &["account", "host", "user"],
        "the account works on the host under this user name",
    ),
    relation("admin_of", &["group", "host"], "members of the group administer the host"),
    relation(
        "allow",
        &["from", "to", "class"],
        "connections from one compiled zone reach listeners of the class in the other",
    ),
    relation("at_host", &["attacker", "host"], "the attacker begins with full control of the host"),
    relation("at_person", &["attacker", "person"], "the attacker is this person"),
    relation("at_place", &["attacker", "place"], "the attacker can enter the place"),
    relation("at_supplier", &["attacker", "supplier"], "the attacker controls what the supplier delivers"),
    relation("at_zone", &["attacker", "zone"], "the attacker can open connections in the compiled zone"),
    relation("attacker", &["attacker"], "somebody attacks"),
    relation("auto_update", &["software"], "the software installs what its supplier publishes"),
    relation("backup_of", &["data", "original"], "the data is a copy of the other"),
    relation("belongs_to", &["account", "person"], "the person uses the account"),
    relation("bus_link", &["from", "to"], "both hosts sit on one field bus or serial line"),
    relation("cached_on", &["credential", "host"], "the host holds the credential in memory"),
    relation("can_enter", &["person", "place"], "the person can enter the place"),
    relation("carries", &["person", "medium", "host"], "the person puts the medium into the host"),
    relation("cleartext", &["service"], "the service sends credentials in clear"),
    relation("compromised", &["supplier"], "an attacker is assumed to control what the supplier delivers"),
    relation("console_unlocked", &["host"], "the screen of the host stays logged in"),
    relation("controls", &["host", "process"], "the host controls the physical process"),
    relation("cwe", &["vulnerability", "weakness"], "the vulnerability is of this weakness class"),
    relation("data_diode", &["from", "to"], "data passes from the first host to the second only"),
    relation("data_on", &["data", "host"], "the host stores the data"),
    relation("deceives", &["attacker"], "the attacker also works on people"),
    relation("default_password", &["account"], "the account's password is the maker's default, or none"),
    relation("depends_on", &["process", "host"], "the process stops without the host"),
    relation("encrypted", &["data"], "the data is encrypted where it is stored"),
    relation("enforces", &["host", "filter"], "the host enforces the filter"),
    relation(
        "epss",
        &["vulnerability", "permille#"],
        "probability of exploitation anywhere in 30 days, in thousandths",
    ),
    relation(
        "executes",
        &["host", "data"],
        "the host runs the data: a script, an update, a controller project",
    ),
    relation(
        "filter_between",
        &["filter", "outer", "inner"],
        "the filter stands between these zones of the model",
    ),
    relation(
        "finding",
        &["software", "finding", "rule", "range"],
        "inspection found a way into the software",
    ),
    relation("flow", &["from", "to", "data"], "the first host sends the data to the second"),
    relation(
        "flow_trusted",
        &["from", "to"],
        "the second host acts on what the first sends, without checking",
    ),
    relation(
        "has_account",
        &["account", "host", "privilege"],
        "the account may work on the host with this privilege",
    ),
    relation("has_fallback", &["process"], "people can run the process by hand"),
    relation("host", &["host"], "a device"),
    relation("host_kind", &["host", "kind"], "the device is of this kind"),
    relation("in_zone", &["host", "zone"], "the host is attached to the compiled zone"),
    relation("installed", &["host", "software"], "the software is installed on the host"),
    relation("kev", &["vulnerability"], "the vulnerability is known to be exploited"),
    relation("knows", &["attacker", "account"], "the attacker holds the account from the start"),
    relation("leaver", &["account"], "the account's owner has left"),
    relation("listens", &["host", "service", "class"], "the service listens for the class on the host"),
    relation("located_in", &["host", "place"], "the host stands in the place"),
    relation("login_service", &["service"], "holders of an account work on the host through the service"),
    relation("member_of", &["member", "group"], "the account or group belongs to the group"),
    relation("mfa", &["account"], "the account needs a second factor"),
    relation("mounts", &["host", "data"], "users of the host can change the data where it is stored"),
    relation("opens", &["credential", "account"], "the credential opens the account"),
    relation("performs", &["person", "host", "interaction"], "the person does this on the host"),
    relation("person", &["person"], "a person or role"),
    relation("place_in", &["place", "outer"], "the place lies in the other; who enters it stands in both"),
    relation("programs", &["from", "to"], "the first host loads programs into the controller"),
    relation("protected", &["host", "protection"], "this measure protects the host"),
    relation(
        "remote_access",
        &["zone", "host"],
        "remote maintenance reaches the host from the compiled zone",
    ),
    relation(
        "remote_access_host",
        &["from", "host"],
        "remote maintenance reaches the host from the other host",
    ),
    relation("reuses", &["credential", "same"], "both credentials are the same secret"),
    relation("runs", &["host", "service", "user"], "the service runs on the host as this user"),
    relation("safety_of", &["host", "process"], "the host keeps the process safe"),
    relation("service_software", &["service", "software"], "the service is this software"),
    relation("stored_on", &["credential", "host"], "the host's administrator can read the credential"),
    relation("supplied_by", &["host", "supplier"], "the supplier delivered the host"),
    relation("supplies", &["software", "supplier"], "the supplier delivered the software"),
    relation("trained", &["person"], "the person was trained to recognise deception"),
    relation("trusts", &["host", "from"], "users of the second host work on the first without further proof"),
    relation("unauthenticated", &["service"], "the service obeys whoever connects"),
    relation("uses_account", &["person", "host", "account"], "the person uses the account on the host"),
    relation("vex", &["vulnerability", "status", "by"], "somebody states this status of the vulnerability"),
    relation(
        "vex_in",
        &["vulnerability", "host", "software", "status", "by"],
        "somebody states this status of the vulnerability in the software on the host",
    ),
    relation("views", &["host", "process"], "people see the process on the host"),
    relation("vul_cvss", &["vulnerability", "vector"], "the vulnerability's CVSS vector"),
    relation(
        "vul_exists",
        &["vulnerability", "host", "software"],
        "the software on the host has the vulnerability",
    ),
    relation("vul_range", &["vulnerability", "range"], "stated by hand: where an attacker must be"),
    relation("weak", &["credential"], "the credential can be guessed in practice"),
    relation(
        "wireless_range",
        &["place", "zone"],
        "whoever is at the place can join the compiled zone by radio",
    ),
    relation("zone_of", &["zone", "model"], "the compiled zone is part of this zone of the model"),
];

#[cfg(test)]
mod tests {
    use super::RELATIONS;

    #[test]
    fn relations_are_sorted_and_unique() {
        assert!(RELATIONS.windows(2).all(|w| w[0].name < w[1].name));
    }
}
