//! A host made of files, as a collector without rights would find it.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use expect_test::expect;
use proptest::prelude::*;
use system::import::collect;

const FILES: &[(&str, &str)] = &[
    ("etc/hostname", "Gate.Plant\n"),
    ("etc/os-release", "NAME=\"Debian\"\nID=debian\n"),
    (
        "etc/passwd",
        "root:x:0:0::/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/bash\nbo:x:1001:1001::/home/bo:/bin/sh\nweb:x:33:33::/srv:/usr/sbin/nologin\n",
    ),
    ("etc/shadow", "root:!:1::::::\nana:$y$x:1::::::\nbo::1::::::\n"),
    ("etc/group", "sudo:x:27:ana\nstaff:x:50:bo,web\nempty:x:60:\n"),
    (
        "etc/sudoers",
        "Defaults env_reset\n%sudo ALL=(ALL:ALL) ALL\nbo ALL=(root) NOPASSWD: /bin/systemctl\n@includedir /etc/sudoers.d\n",
    ),
    ("etc/sudoers.d/late", "ana ALL=(ALL) NOPASSWD: ALL\n"),
    ("home/ana/.ssh/authorized_keys", "# laptop\ncommand=\"x\" ssh-ed25519 AAAAC3Nz ana@laptop\n"),
    (
        "var/lib/dpkg/status",
        "Package: g++\nStatus: install ok installed\nArchitecture: amd64\nVersion: 4:12.2\n\nPackage: openssh-server\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:9.2p1-2+deb12u3\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n",
    ),
    ("var/lib/dpkg/info/openssh-server.list", "/.\n/usr/sbin/sshd\n"),
    (
        "proc/net/tcp",
        "sl local rem st q t r uid timeout inode\n0: 00000000:0016 00000000:0000 0A 0:0 0:0 0 0 0 999 1\n1: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 33 0 998 1\n2: 0500000A:0016 0600000A:9C40 01 0:0 0:0 0 0 0 997 1\n3: 00000000:1F91 00000000:0000 0A 0:0 0:0 0 33 0 996 1\n",
    ),
    (
        "proc/net/fib_trie",
        "Main:\n  |-- 10.0.0.5\n     /32 host LOCAL\n  |-- 10.0.0.255\n     /32 link BROADCAST\n  |-- 127.0.0.1\n     /32 host LOCAL\n",
    ),
    ("usr/sbin/sshd", "program"),
    (
        "proc/mounts",
        "/dev/sda1 / ext4 rw 0 0\nfiles:/plans /mnt nfs4 rw 0 0\n//files/Old /old cifs ro,nodev 0 0\nnowhere /x nfs rw 0 0\n",
    ),
    (
        "proc/net/route",
        "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n\
         eth0 00000000 0100000A 0003 0 0 0 00000000 0 0 0\nwlan0 0000000A 00000000 0001 0 0 0 00FFFFFF 0 0 0\n\
         eth0 0000FF0A 00000000 0001 0 0 0 0000FFFF 0 0 0\n",
    ),
    (
        "proc/net/if_inet6",
        "20010db8000000010000000000000005 02 40 00 80 eth0\nfe800000000000000000000000000005 02 40 20 80 eth0\n",
    ),
    ("proc/net/wireless", "Inter-| sta\n face | tus\n wlan0: 0000 1. 2. 3. 0 0 0 0 0 0\n"),
    ("proc/sys/net/ipv4/ip_forward", "1\n"),
    ("etc/iptables/rules.v4", "*filter\nCOMMIT\n"),
];

fn host(root: &Path) {
    for (path, text) in FILES {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir_all(root.join("proc/42/fd")).unwrap();
    symlink("/usr/sbin/sshd", root.join("proc/42/exe")).unwrap();
    symlink("socket:[999]", root.join("proc/42/fd/3")).unwrap();
    fs::create_dir_all(root.join("proc/43")).unwrap();
}

#[test]
fn a_host_is_collected_from_its_files() {
    let root = tempfile::tempdir().unwrap();
    host(root.path());
    let collected = collect(root.path(), None);
    let document = serde_json::to_string_pretty(&collected.document).unwrap();
    expect![[r#"
        {
          "schema": "sukashi.system/1",
          "name": "gate.plant",
          "zones": {
            "collected": {}
          },
          "networks": {
            "net-10.0.0.0-24": {
              "zone": "collected",
              "cidr": "10.0.0.0/24",
              "wireless": true
            },
            "net-2001-db8-0-1---64": {
              "zone": "collected",
              "cidr": "2001:db8:0:1::/64"
            }
          },
          "hosts": {
            "files": {
              "kind": "other"
            },
            "gate.plant": {
              "kind": "other",
              "interfaces": [
                {
                  "network": "net-10.0.0.0-24",
                  "address": "10.0.0.5"
                },
                {
                  "network": "net-2001-db8-0-1---64",
                  "address": "2001:db8:0:1::5"
                }
              ],
              "software": [
                "g---4-12.2",
                "openssh-server-1-9.2p1-2-deb12u3"
              ],
              "files": {
                "usr/sbin/sshd": "1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8"
              }
            }
          },
          "software": {
            "g---4-12.2": {
              "title": "g++ 4:12.2",
              "purl": "pkg:deb/debian/g%2B%2B@4:12.2?arch=amd64&distro=debian"
            },
            "openssh-server-1-9.2p1-2-deb12u3": {
              "title": "openssh-server 1:9.2p1-2+deb12u3",
              "purl": "pkg:deb/debian/openssh-server@1:9.2p1-2%2Bdeb12u3?arch=amd64&distro=debian"
            }
          },
          "services": {
            "gate.plant-tcp-22": {
              "host": "gate.plant",
              "software": "openssh-server-1-9.2p1-2-deb12u3",
              "protocol": "tcp",
              "port": 22,
              "run_as": "root",
              "login": true
            },
            "gate.plant-tcp-8081": {
              "host": "gate.plant",
              "protocol": "tcp",
              "port": 8081,
              "run_as": "web"
            }
          },
          "accounts": {
            "gate.plant-ana": {
              "hosts": [
                "gate.plant"
              ],
              "user": "ana",
              "privilege": "admin",
              "credentials": [
                "key-40b415647c14b9f4"
              ]
            },
            "gate.plant-bo": {
              "hosts": [
                "gate.plant"
              ],
              "user": "bo",
              "privilege": "user",
              "default_password": true
            },
            "gate.plant-root": {
              "hosts": [
                "gate.plant"
              ],
              "user": "root",
              "privilege": "admin"
            }
          },
          "groups": {
            "gate.plant-staff": {
              "members": [
                "account:gate.plant-bo"
              ]
            },
            "gate.plant-sudo": {
              "members": [
                "account:gate.plant-ana"
              ],
              "admin_of": [
                "gate.plant"
              ]
            }
          },
          "credentials": {
            "key-40b415647c14b9f4": {
              "kind": "key"
            }
          },
          "data": {
            "files-plans": {
              "stored_on": [
                "files"
              ],
              "mounted_on": [
                "gate.plant"
              ]
            }
          }
        }"#]]
    .assert_eq(&document);
    let left: Vec<String> =
        collected.ignored.iter().map(|i| format!("{}: {}: {}", i.line, i.what, i.why)).collect();
    expect![[r#"
        1: 1 processes: of the kernel or of other users: what they listen on has no software
        3: bo ALL=(root) NOPASSWD: /bin/systemctl: a rule for some commands only: state it by hand if they lead to root
        1: tcp/8081: the program belongs to no package that was read: add its software by hand
        1: route to 0.0.0.0/0 through 10.0.0.1: leads through another host: state its networks and filters
        3: //files/Old /old cifs ro,nodev 0 0: files of another host, which cannot be changed from here
        4: nowhere /x nfs rw 0 0: files of a host that is not named
        1: packet filters: rules are in the kernel: import what `iptables-save` or `nft list ruleset` writes
        1: etc/iptables/rules.v4: rules that are loaded when the host starts: `system import --from iptables` reads it
        1: proc/sys/net/ipv4/ip_forward: the host passes packets on between its networks: state it as a filter between their zones"#]].assert_eq(&left.join("\n"));
}

#[test]
fn what_is_collected_is_a_valid_model() {
    let root = tempfile::tempdir().unwrap();
    host(root.path());
    let mut document = collect(root.path(), Some("Gate 1")).document;
    document.name = Some("one host".to_owned());
    let system = system::System::new(&[("collected".to_owned(), document)]).unwrap();
    assert!(system.document().hosts.contains_key("gate-1"));
}

#[test]
fn nothing_to_read_is_told_and_is_still_a_host() {
    let root = tempfile::tempdir().unwrap();
    let collected = collect(root.path(), None);
    assert!(collected.document.hosts.contains_key("host"));
    for path in ["etc/hostname", "etc/passwd", "etc/group", "proc/net/fib_trie", "proc/net/route"] {
        let told =
            |i: &system::import::Ignored| i.what == path && i.why == "cannot be read: entity not found";
        assert!(collected.ignored.iter().any(told), "{path}");
    }
    let why = "no database of `dpkg`, `rpm`, `apk`, `opkg` or `pacman` could be read";
    assert!(collected.ignored.iter().any(|i| i.what == "packages" && i.why == why));
}

/// What is installed on a host with this release and these files, and the software of what listens on port 22, whose
/// program is `/usr/sbin/sshd`.
fn installed(release: &str, files: &[(&str, &[u8])]) -> String {
    let root = tempfile::tempdir().unwrap();
    host(root.path());
    fs::remove_dir_all(root.path().join("var/lib/dpkg")).unwrap();
    fs::write(root.path().join("etc/os-release"), release).unwrap();
    for (path, content) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let collected = collect(root.path(), Some("h"));
    let document = &collected.document;
    let software = document.software.iter().map(|(id, entry)| {
        let purl = entry.purl.as_ref().map_or("", |purl| purl.value.as_str());
        let cpe = entry.cpe.as_ref().map_or("", |cpe| cpe.value.as_str());
        format!("{id}: {purl} {cpe}").trim_end().to_owned() + "\n"
    });
    let listens = document.services["h-tcp-22"].software.as_ref().map_or("nobody's", |s| s.value.as_str());
    let left = collected.ignored.iter().filter(|i| i.what.contains("lib/"));
    let left = left.map(|i| format!("left out {}: {}\n", i.what, i.why));
    software.chain(left).collect::<String>() + "port 22 is " + listens
}

#[test]
fn packages_are_read_from_the_database_of_each_manager() {
    let stanza = b"Package: dropbear\nVersion: 2022.82-5\nStatus: install user installed\nArchitecture: mips_24kc\n\
        CPE-ID: cpe:/a:matt_johnston:dropbear_ssh_server\n\nPackage: gone\nVersion: 1\nStatus: deinstall ok not-installed\n";
    let opkg = installed(
        "ID=openwrt\nVERSION_ID=22.03.5\n",
        &[("usr/lib/opkg/status", stanza), ("usr/lib/opkg/info/dropbear.list", b"/usr/sbin/sshd\n")],
    );
    expect![[r#"
        dropbear-2022.82-5: pkg:opkg/openwrt/dropbear@2022.82-5?arch=mips_24kc&distro=openwrt-22.03.5 cpe:/a:matt_johnston:dropbear_ssh_server
        port 22 is dropbear-2022.82-5"#]].assert_eq(&opkg);
    let apk = b"P:openssh-server\nV:9.3_p2-r0\nA:x86_64\no:openssh\nF:usr/sbin\nR:sshd\n\nP:musl\nV:1.2.4-r2\nA:x86_64\n\n";
    let apk = installed("ID=alpine\nVERSION_ID=3.18.4\n", &[("lib/apk/db/installed", apk)]);
    expect![[r#"
        musl-1.2.4-r2: pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64&distro=alpine-3.18.4
        openssh-server-9.3-p2-r0: pkg:apk/alpine/openssh-server@9.3_p2-r0?arch=x86_64&distro=alpine-3.18.4&upstream=openssh
        port 22 is openssh-server-9.3-p2-r0"#]].assert_eq(&apk);
    let pacman = installed(
        "ID=arch\n",
        &[
            (
                "var/lib/pacman/local/openssh-9.5p1-1/desc",
                b"%NAME%\nopenssh\n\n%VERSION%\n9.5p1-1\n\n%ARCH%\nx86_64\n",
            ),
            ("var/lib/pacman/local/openssh-9.5p1-1/files", b"%FILES%\nusr/sbin/sshd\n"),
        ],
    );
    expect![[r#"
        openssh-9.5p1-1: pkg:alpm/arch/openssh@9.5p1-1?arch=x86_64
        port 22 is openssh-9.5p1-1"#]]
    .assert_eq(&pacman);
    let database = zstd::decode_all(&include_bytes!("../../bom/tests/rpm/rpmdb.sqlite.zst")[..]).unwrap();
    let rpm = installed(
        "ID=\"rocky\"\nVERSION_ID=\"9.3\"\n",
        &[("usr/lib/sysimage/rpm/rpmdb.sqlite", &database), ("var/lib/rpm/Packages", b"damaged")],
    );
    expect![[r#"
        base-1-1.2-3.el9: pkg:rpm/rocky/base@1.2-3.el9?arch=noarch&distro=rocky-9.3&epoch=1
        base-tools-1-1.2-3.el9: pkg:rpm/rocky/base-tools@1.2-3.el9?arch=noarch&distro=rocky-9.3&epoch=1&upstream=base%401.2-3.el9
        left out var/lib/rpm/Packages: rpm package database: it is of none of the kinds SQLite, ndb and Berkeley DB hash
        port 22 is nobody's"#]].assert_eq(&rpm);
}

#[test]
fn a_folder_that_cannot_be_listed_is_told() {
    let root = tempfile::tempdir().unwrap();
    host(root.path());
    fs::remove_dir_all(root.path().join("etc/sudoers.d")).unwrap();
    fs::write(root.path().join("etc/sudoers.d"), "no folder").unwrap();
    let collected = collect(root.path(), Some("h"));
    let told = |i: &system::import::Ignored| {
        i.what == "etc/sudoers.d" && i.why == "cannot be listed: not a directory"
    };
    assert!(collected.ignored.iter().any(told));
}

#[test]
fn hosts_that_share_networks_files_and_keys_become_one_model() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    host(one.path());
    host(other.path());
    let files = collect(tempfile::tempdir().unwrap().path(), Some("files")).document;
    let mut documents = vec![("one".to_owned(), collect(one.path(), Some("one")).document)];
    documents.push(("other".to_owned(), collect(other.path(), Some("other")).document));
    documents.push(("files".to_owned(), files));
    for _ in 0..documents.len() {
        documents.rotate_left(1);
        let system = system::System::new(&documents).unwrap();
        let document = system.document();
        assert_eq!((document.hosts.len(), document.credentials.len()), (3, 1));
        assert_eq!(document.hosts["files"].interfaces.len(), 1, "the stub gives way to the host");
        assert_eq!(document.data["files-plans"].mounted_on.len(), 2);
    }
}

/// Files as they are, with words of theirs exchanged, cut or made long.
fn damaged() -> impl Strategy<Value = Vec<(usize, usize, String)>> {
    let word = prop_oneof![
        Just(String::new()),
        Just("\u{fffd}\n:::".to_owned()),
        Just("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF".to_owned()),
        Just("../..".to_owned()),
        "[ -~\n]{0,12}",
    ];
    prop::collection::vec((0..FILES.len(), 0..40_usize, word), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_give_a_valid_model_or_mistakes_with_a_place(changes in damaged()) {
        let root = tempfile::tempdir().unwrap();
        host(root.path());
        for (file, at, word) in changes {
            let path = root.path().join(FILES[file].0);
            let text = fs::read_to_string(&path).unwrap();
            let words: Vec<&str> = text.split_inclusive([' ', ':', '\n']).collect();
            let at = at % words.len().max(1);
            let text: String = words.iter().enumerate().map(|(n, old)| if n == at { &word } else { *old }).collect();
            fs::write(&path, text).unwrap();
        }
        let collected = collect(root.path(), Some("h"));
        prop_assert!(collected.document.hosts.contains_key("h"));
        let system = system::System::new(&[("collected".to_owned(), collected.document)]);
        prop_assert!(system.is_ok(), "{}", system.unwrap_err());
    }
}
