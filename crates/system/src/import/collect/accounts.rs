//! Users who can log in, their groups and keys, and who becomes root by `sudo` (passwd(5), group(5), sudoers(5)).

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::Collector;
use crate::import::{id, located};
use crate::{Account, Credential, CredentialKind, Group, Privilege};

const KEYS: &str = ".ssh/authorized_keys";

pub(super) fn read(collector: &mut Collector<'_>) {
    let sudo = Sudo::read(collector);
    let open = without_password(collector);
    let passwd = collector.text("etc/passwd").unwrap_or_default();
    let mut accounts = BTreeMap::new();
    for line in passwd.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let [user, _, number, _, _, home, shell] = fields.as_slice() else { continue };
        let Ok(number) = number.parse::<u32>() else { continue };
        collector.users.entry(number).or_insert_with(|| (*user).to_owned());
        if ["nologin", "false", "sync", "halt", "shutdown"].iter().any(|none| shell.ends_with(none)) {
            continue;
        }
        let admin = number == 0 || sudo.users.contains(*user);
        let account = Account {
            hosts: vec![located(collector.host.clone(), 1)],
            user: Some((*user).to_owned()),
            privilege: if admin { Privilege::Admin } else { Privilege::User },
            default_password: open.contains(*user),
            credentials: keys(collector, home).into_iter().map(|key| located(key, 1)).collect(),
            ..Account::default()
        };
        let account_id = id(&format!("{}-{user}", collector.host));
        accounts.insert((*user).to_owned(), account_id.clone());
        collector.out.document.accounts.insert(account_id, located(account, 1));
    }
    groups(collector, &accounts, &sudo);
}

/// Users whose password is empty.
fn without_password(collector: &mut Collector<'_>) -> BTreeSet<String> {
    let shadow = collector.text("etc/shadow").unwrap_or_default();
    let entries = shadow.lines().filter_map(|line| line.split_once(':'));
    entries.filter(|(_, rest)| rest.starts_with(':')).map(|(user, _)| user.to_owned()).collect()
}

/// Ids of the keys that open an account: the same key has the same id on every host.
fn keys(collector: &mut Collector<'_>, home: &str) -> Vec<String> {
    let mut ids = Vec::new();
    if home.split('/').any(|part| part == "..") {
        collector.leave(1, home, "a home that leads out of the host's files");
        return ids;
    }
    let path = format!("{}/{KEYS}", home.trim_start_matches('/'));
    for line in collector.text_if_any(&path).unwrap_or_default().lines() {
        let mut words = line.split_whitespace().skip_while(|word| !is_key_type(word));
        let (Some(_), Some(key)) = (words.next(), words.next()) else { continue };
        let digest = Sha256::digest(key);
        let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let key = format!("key-{name}");
        let credential = Credential { kind: CredentialKind::Key, ..Credential::default() };
        collector.out.document.credentials.insert(key.clone(), located(credential, 1));
        ids.push(key);
    }
    ids.sort();
    ids.dedup();
    ids
}

fn is_key_type(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"].iter().any(|kind| word.starts_with(kind))
}

/// Groups with a known member, and those that `sudo` names.
fn groups(collector: &mut Collector<'_>, accounts: &BTreeMap<String, String>, sudo: &Sudo) {
    let text = collector.text("etc/group").unwrap_or_default();
    for line in text.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, _, members] = fields.as_slice() else { continue };
        let members = members.split(',').filter_map(|user| accounts.get(user));
        let members: Vec<_> = members.map(|account| located(format!("account:{account}"), 1)).collect();
        if members.is_empty() {
            continue;
        }
        let admin = sudo.groups.contains(*name).then(|| located(collector.host.clone(), 1));
        let group = Group { members, admin_of: admin.into_iter().collect() };
        let group_id = id(&format!("{}-{name}", collector.host));
        collector.out.document.groups.insert(group_id, located(group, 1));
    }
}

/// Who may run every command as root.
#[derive(Default)]
struct Sudo {
    users: BTreeSet<String>,
    groups: BTreeSet<String>,
}

impl Sudo {
    fn read(collector: &mut Collector<'_>) -> Self {
        let mut sudo = Self::default();
        let folder = "etc/sudoers.d";
        let more = collector.names(folder).into_iter().map(|name| format!("{folder}/{name}"));
        let files: Vec<String> = std::iter::once("etc/sudoers".to_owned()).chain(more).collect();
        for file in files {
            for (number, line) in (1..).zip(collector.text_if_any(&file).unwrap_or_default().lines()) {
                sudo.rule(collector, number, line.trim());
            }
        }
        sudo
    }

    fn rule(&mut self, collector: &mut Collector<'_>, number: usize, line: &str) {
        if line.is_empty() || line.starts_with(['#', '@']) || line.starts_with("Defaults") {
            return;
        }
        let (who, what) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let commands = what.split_once('=').map_or("", |(_, commands)| commands);
        let commands = commands.rsplit([')', ':']).next().unwrap_or_default();
        if !commands.split(',').any(|command| command.trim() == "ALL") {
            collector.leave(
                number,
                line,
                "a rule for some commands only: state it by hand if they lead to root",
            );
            return;
        }
        match who.strip_prefix('%') {
            Some(group) => self.groups.insert(group.to_owned()),
            None => self.users.insert(who.to_owned()),
        };
    }
}
