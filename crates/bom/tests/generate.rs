//! Components of file trees: small ones written here, and Debian's installer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use bom::{Component, Generated, RelationKind, generate};
use unpack::{Tree, UnpackLimits, unpack, unpack_bytes};

/// A tree of these files.
fn tree(files: &[(&str, &[u8])]) -> Tree {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        archive.append_data(&mut header, path, *content).unwrap();
    }
    unpack_bytes("image.tar", archive.into_inner().unwrap(), &UnpackLimits::default())
}

fn component<'g>(generated: &'g Generated, name: &str) -> &'g Component {
    generated
        .bom
        .components
        .iter()
        .find(|c| c.name == name)
        .unwrap_or_else(|| panic!("no {name}: {generated:#?}"))
}

fn relations(generated: &Generated) -> Vec<String> {
    let name = |id: &bom::ComponentRef| generated.bom.component(id).unwrap().name.clone();
    generated
        .bom
        .relations
        .iter()
        .map(|r| format!("{} {} {}", name(&r.from), r.kind.name(), name(&r.to)))
        .collect()
}

const STATUS: &[u8] =
    b"Package: busybox\nStatus: install ok installed\nArchitecture: armel\nVersion: 1:1.35.0-4+b3\n\
    Depends: libc6 (>= 2.36) | libc6-udeb\nMaintainer: A B <a@b>\nDescription: tiny\n more\n\n\
    Package: libc6\nStatus: install ok installed\nSource: glibc\nVersion: 2.36-9\n\n\
    Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n";

#[test]
fn a_package_and_its_version_string_are_one_component() {
    let program = b"\x7fELF....\0BusyBox v1.35.0 (Debian 1:1.35.0-4+b3)\0";
    let found = generate(
        &tree(&[
            ("etc/os-release", b"ID=debian\nVERSION_ID=\"12\"\n"),
            ("var/lib/dpkg/status", STATUS),
            ("var/lib/dpkg/info/busybox.list", b"/.\n/bin/busybox\n"),
            ("usr/bin/busybox", program),
        ]),
        None,
    );
    assert_eq!(found.bom.components.len(), 2, "{:#?}", found.bom.components);
    let busybox = component(&found, "busybox");
    assert_eq!(
        busybox.purl.as_deref(),
        Some("pkg:deb/debian/busybox@1:1.35.0-4%2Bb3?arch=armel&distro=debian-12")
    );
    assert_eq!(busybox.cpes, ["cpe:2.3:a:busybox:busybox:1.35.0:*:*:*:*:*:*:*"]);
    assert_eq!((busybox.supplier.as_deref(), busybox.description.as_deref()), (Some("A B"), Some("tiny")));
    let places: Vec<(&str, Option<u64>)> =
        busybox.evidence.iter().map(|e| (e.path.as_str(), e.offset)).collect();
    assert_eq!(places, [("var/lib/dpkg/status", Some(0)), ("usr/bin/busybox", Some(9))]);
    assert!(component(&found, "libc6").purl.as_ref().unwrap().contains("upstream=glibc%402.36-9"));
    assert_eq!(relations(&found), ["busybox depends-on libc6"]);
}

#[test]
fn a_program_that_differs_from_its_package_is_another_component() {
    let program = b"\x7fELF....\0BusyBox v1.20.0 (2012-12-01)\0";
    let found = generate(&tree(&[("var/lib/dpkg/status", STATUS), ("bin/busybox", program)]), None);
    let versions: Vec<Option<&str>> =
        found.bom.components.iter().filter(|c| c.name == "busybox").map(|c| c.version.as_deref()).collect();
    assert_eq!(versions, [Some("1:1.35.0-4+b3"), Some("1.20.0")]);
}

#[test]
fn a_program_without_package_or_version_is_a_file() {
    let both = b"\x7fELF OpenSSL 1.0.1f 6 Jan 2014\0 deflate 1.2.11 Copyright 1995";
    let found = generate(&tree(&[("sbin/own", b"\x7fELF nothing"), ("sbin/two", both)]), None);
    let own = component(&found, "own");
    assert_eq!((own.kind.name(), own.version.as_deref(), own.hashes.len()), (Some("file"), None, 1));
    assert_eq!(relations(&found), ["two contains openssl", "two contains zlib"]);
}

#[test]
fn text_that_mentions_a_program_is_no_evidence() {
    let text = b"This manual describes BusyBox v1.35.0 and OpenSSL 1.0.1f 6 Jan 2014.\n".repeat(2000);
    let found = generate(&tree(&[("usr/share/doc/manual.txt", text.as_slice())]), None);
    assert_eq!(found.bom.components, []);
}

#[test]
fn opkg_apk_and_pacman_databases_are_read() {
    let opkg = b"Package: dropbear\nVersion: 2022.83-1\nDepends: libc\nStatus: install user installed\n\
        Architecture: mipsel_24kc\nLicense: MIT\nCPE-ID: cpe:/a:matt_johnston:dropbear_ssh_server\n";
    let apk = b"C:Q1abc=\nP:musl\nV:1.2.3-r5\nA:armv7\nT:the musl library\nL:MIT\no:musl\np:so:libc.musl-armv7.so.1=1\n\
        F:lib\nR:ld-musl-armv7.so.1\n\nP:zlib\nV:1.2.13-r0\nA:armv7\nD:so:libc.musl-armv7.so.1\n\n";
    let pacman = b"%NAME%\ncurl\n\n%VERSION%\n8.4.0-1\n\n%ARCH%\nx86_64\n\n%DEPENDS%\nglibc>=2.3\n";
    let glibc = b"%NAME%\nglibc\n\n%VERSION%\n2.38-5\n";
    let found = generate(
        &tree(&[
            ("usr/lib/opkg/status", opkg),
            ("lib/apk/db/installed", apk),
            ("var/lib/pacman/local/curl-8.4.0-1/desc", pacman),
            ("var/lib/pacman/local/glibc-2.38-5/desc", glibc),
        ]),
        None,
    );
    let purls: Vec<&str> = found.bom.components.iter().filter_map(|c| c.purl.as_deref()).collect();
    assert_eq!(
        purls,
        [
            "pkg:alpm/arch/curl@8.4.0-1?arch=x86_64",
            "pkg:alpm/arch/glibc@2.38-5",
            "pkg:apk/alpine/musl@1.2.3-r5?arch=armv7",
            "pkg:apk/alpine/zlib@1.2.13-r0?arch=armv7",
            "pkg:opkg/dropbear@2022.83-1?arch=mipsel_24kc",
        ]
    );
    assert_eq!(component(&found, "dropbear").cpes, ["cpe:/a:matt_johnston:dropbear_ssh_server"]);
    assert_eq!(relations(&found), ["curl depends-on glibc", "zlib depends-on musl"]);
}

#[test]
fn manifests_of_language_ecosystems_are_read() {
    let python =
        b"Metadata-Version: 2.1\nName: Flask_Login\nVersion: 0.6.2\nLicense: MIT\n\nVersion: not this\n";
    let npm = br#"{"name": "@angular/core", "version": "12.3.1", "license": "MIT"}"#;
    let part = br#"{"name": "inner"}"#;
    let cargo =
        b"version = 4\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"rand 0.8.5\"]\n\
        [[package]]\nname = \"rand\"\nversion = \"0.8.5\"\nchecksum = \"ab\"\n\
        [[package]]\nname = \"rand\"\nversion = \"0.9.0\"\n";
    let composer = br#"{"packages": [{"name": "monolog/monolog", "version": "v2.1.0", "license": ["MIT"],
        "require": {"psr/log": "^1", "php": ">=7"}}, {"name": "psr/log", "version": "1.1.4"}]}"#;
    let dotnet = br#"{"targets": {"net8.0": {"App/1.0.0": {"dependencies": {"Newtonsoft.Json": "13.0.1"}}}},
        "libraries": {"App/1.0.0": {"type": "project"}, "Newtonsoft.Json/13.0.1": {"type": "package"}}}"#;
    let gem = b"Gem::Specification.new do |s|\n  s.name = \"rack\".freeze\n  s.version = \"2.2.3\"\n  s.licenses = [\"MIT\".freeze]\nend\n";
    let maven = b"#Created by Apache Maven 3.6\nversion=2.14.1\ngroupId=org.apache.logging.log4j\nartifactId=log4j-core\n";
    let bundle = b"Manifest-Version: 1.0\r\nBundle-SymbolicName: org.acme.tool;singleton:=true\r\nBundle-Version: 3.1.0\r\n";
    let found = generate(
        &tree(&[
            ("srv/app/App.deps.json", dotnet),
            ("usr/lib/ruby/gems/2.7.0/specifications/rack-2.2.3.gemspec", gem),
            (
                "srv/a.war/WEB-INF/lib/log4j-core-2.14.1.jar/META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties",
                maven,
            ),
            ("srv/a.war/WEB-INF/lib/log4j-core-2.14.1.jar/META-INF/MANIFEST.MF", bundle),
            ("srv/tool.jar/META-INF/MANIFEST.MF", bundle),
            ("usr/lib/python3/site-packages/Flask_Login-0.6.2.dist-info/METADATA", python),
            ("srv/node_modules/@angular/core/package.json", npm),
            ("srv/node_modules/@angular/core/fesm/package.json", part),
            ("srv/Cargo.lock", cargo),
            ("srv/vendor/composer/installed.json", composer),
        ]),
        None,
    );
    let purls: Vec<&str> = found.bom.components.iter().filter_map(|c| c.purl.as_deref()).collect();
    assert_eq!(
        purls,
        [
            "pkg:cargo/app@0.1.0",
            "pkg:cargo/rand@0.8.5",
            "pkg:cargo/rand@0.9.0",
            "pkg:composer/monolog/monolog@2.1.0",
            "pkg:composer/psr/log@1.1.4",
            "pkg:gem/rack@2.2.3",
            "pkg:maven/org.acme/tool@3.1.0",
            "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
            "pkg:npm/%40angular/core@12.3.1",
            "pkg:nuget/Newtonsoft.Json@13.0.1",
            "pkg:pypi/flask-login@0.6.2",
        ]
    );
    let related: Vec<String> = found.bom.relations.iter().map(|r| format!("{} {}", r.from, r.to)).collect();
    assert_eq!(
        related,
        [
            "pkg:cargo/app@0.1.0 pkg:cargo/rand@0.8.5",
            "pkg:composer/monolog/monolog@2.1.0 pkg:composer/psr/log@1.1.4"
        ]
    );
}

#[test]
fn lock_files_of_npm_speak_where_no_installed_packages_do() {
    let new: &[u8] = br#"{"lockfileVersion": 3, "packages": {"": {"name": "app", "version": "1.0.0"},
        "node_modules/@babel/core": {"version": "7.1.0", "license": "MIT", "dependencies": {"semver": "^5.4.1"}},
        "node_modules/semver": {"version": "5.7.2"}, "node_modules/jest": {"version": "29.0.0", "dev": true}}}"#;
    let old: &[u8] =
        br#"{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "requires": {"b": "^2.0.0"},
        "dependencies": {"b": {"version": "2.0.0"}}}, "c": {"version": "3.0.0", "dev": true}}}"#;
    let found = generate(&tree(&[("new/package-lock.json", new), ("old/npm-shrinkwrap.json", old)]), None);
    let purls: Vec<&str> = found.bom.components.iter().filter_map(|c| c.purl.as_deref()).collect();
    let core = "pkg:npm/%40babel/core@7.1.0";
    assert_eq!(purls, [core, "pkg:npm/a@1.0.0", "pkg:npm/b@2.0.0", "pkg:npm/semver@5.7.2"]);
    assert_eq!(relations(&found), ["core depends-on semver", "a depends-on b"]);
    let installed = br#"{"name": "semver", "version": "6.0.0"}"#;
    let files: [(&str, &[u8]); 2] =
        [("new/package-lock.json", new), ("new/node_modules/semver/package.json", installed)];
    let found = generate(&tree(&files), None);
    let purls: Vec<&str> = found.bom.components.iter().filter_map(|c| c.purl.as_deref()).collect();
    assert_eq!(purls, ["pkg:npm/semver@6.0.0"]);
}

/// Two packages built and installed with rpm 4.18 (`--justdb`): its SQLite database, and the same headers in a hash that
/// `db_load` of Berkeley DB 5.3 wrote.
#[test]
fn rpm_databases_of_both_kinds_give_the_same_packages() {
    for (place, packed) in [
        ("usr/lib/sysimage/rpm/rpmdb.sqlite", &include_bytes!("rpm/rpmdb.sqlite.zst")[..]),
        ("var/lib/rpm/Packages", include_bytes!("rpm/Packages.zst")),
    ] {
        let database = zstd::decode_all(packed).unwrap();
        let files: [(&str, &[u8]); 3] = [
            ("etc/os-release", b"ID=\"rocky\"\nVERSION_ID=\"9.3\"\n"),
            (place, &database),
            ("usr/bin/tool", b"\x7fELF nothing"),
        ];
        let found = generate(&tree(&files), None);
        assert_eq!(found.blind_spots, [], "{place}");
        let purls: Vec<&str> = found.bom.components.iter().filter_map(|c| c.purl.as_deref()).collect();
        let tools = "pkg:rpm/rocky/base-tools@1.2-3.el9?arch=noarch&distro=rocky-9.3&epoch=1&upstream=base%401.2-3.el9";
        assert_eq!(
            purls,
            [tools, "pkg:rpm/rocky/base@1.2-3.el9?arch=noarch&distro=rocky-9.3&epoch=1"],
            "{place}"
        );
        let base = component(&found, "base");
        assert_eq!(
            (base.version.as_deref(), base.supplier.as_deref()),
            (Some("1:1.2-3.el9"), Some("Example"))
        );
        assert_eq!(base.licences, [bom::Licence::Named("MIT".to_owned())]);
        // The program belongs to its package, so it is no component of its own.
        assert_eq!(
            (found.bom.components.len(), relations(&found)),
            (2, vec!["base-tools depends-on base".to_owned()])
        );
    }
}

#[test]
fn a_database_that_is_not_read_is_a_blind_spot() {
    let found = generate(&tree(&[("var/lib/rpm/rpmdb.sqlite", b"SQLite format 3\0")]), None);
    assert_eq!(found.blind_spots[0].what, "rpm package database");
    let sqlite = zstd::decode_all(&include_bytes!("rpm/rpmdb.sqlite.zst")[..]).unwrap();
    let found = generate(
        &tree(&[("var/lib/rpm/rpmdb.sqlite", &sqlite), ("var/lib/rpm/rpmdb.sqlite-wal", b"changes")]),
        None,
    );
    assert_eq!(found.blind_spots[0].why, "a journal holds changes that are not read");
    let found = generate(&tree(&[("Cargo.lock", b"[[package")]), None);
    assert_eq!(found.blind_spots[0].what, "Cargo.lock");
}

#[test]
fn the_subject_is_the_first_component() {
    let subject = Component { name: "router".to_owned(), ..Component::default() };
    let found = generate(&tree(&[("x", b"y")]), Some(subject));
    assert_eq!(found.bom.subject().unwrap().name, "router");
}

/// The router image of the worked example, which `examples/router/README.md` describes.
#[test]
fn the_example_routers_packages_and_programs_are_found() {
    for architecture in ["armel", "mipsel"] {
        let image = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../../examples/router/router-{architecture}.bin"));
        let found = generate(&unpack(&image, &UnpackLimits::default()).unwrap(), None);
        for (name, version) in [("busybox", "1.35.0-1"), ("libopenssl", "1.0.1f-2"), ("dnsmasq", "2.75-1")] {
            let component = component(&found, name);
            assert_eq!(component.version.as_deref(), Some(version));
            assert!(component.cpes[0].contains(version.split('-').next().unwrap()), "{:?}", component.cpes);
        }
        assert_eq!(component(&found, "httpd").evidence[0].path, "usr/sbin/httpd");
        assert_eq!(found, generate(&unpack(&image, &UnpackLimits::default()).unwrap(), None));
    }
}

/// Root file system of a package's installer image, fetched by the ordinary client into a private folder.
fn installer_root(folder: &Path, package: &str, initrd: &str) -> Tree {
    let run = |program: &str, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).current_dir(folder).status().unwrap();
        assert!(status.success(), "{program} {arguments:?}");
    };
    run("apt-get", &["-qq", "download", package]);
    let deb = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.extension().is_some_and(|e| e == "deb"));
    run("dpkg-deb", &["-x", deb.unwrap().to_str().unwrap(), "root"]);
    unpack(&folder.join("root").join(initrd), &UnpackLimits::default()).unwrap()
}

/// Packages as a plain reading of the status file gives them: the truth.
fn stated(status: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8(status.to_vec()).unwrap();
    let field = |paragraph: &str, key: &str| {
        paragraph.lines().find_map(|line| line.strip_prefix(key).map(|value| value.trim().to_owned()))
    };
    let pair = |paragraph: &str| Some((field(paragraph, "Package:")?, field(paragraph, "Version:")?));
    text.split("\n\n").filter_map(pair).collect()
}

#[test]
fn a_program_without_database_is_the_package_that_its_note_names() {
    let object = br#"{"type":"deb","os":"debian","name":"systemd","version":"252.39-1~deb12u2","architecture":"armel"}"#;
    let mut program = b"\x7fELF....".to_vec();
    for word in [4, object.len() as u32, 0xcafe_1a7e] {
        program.extend(word.to_le_bytes());
    }
    program.extend(b"FDO\0");
    program.extend(object);
    let found = generate(&tree(&[("bin/udevadm", &program)]), None);
    let [systemd] = found.bom.components.as_slice() else { panic!("{found:#?}") };
    assert_eq!(systemd.purl.as_deref(), Some("pkg:deb/debian/systemd@252.39-1~deb12u2?arch=armel"));
    assert_eq!((systemd.evidence[0].path.as_str(), systemd.evidence[0].offset), ("bin/udevadm", Some(24)));
    // Where a package database names the owner, the note adds nothing.
    let status: &[u8] = b"Package: udev\nStatus: install ok installed\nVersion: 252.39-1~deb12u2\n";
    let files: [(&str, &[u8]); 3] = [
        ("var/lib/dpkg/status", status),
        ("var/lib/dpkg/info/udev.list", b"/bin/udevadm\n"),
        ("bin/udevadm", &program),
    ];
    let found = generate(&tree(&files), None);
    assert_eq!(found.bom.components.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["udev"]);
}

/// Upstream's version inside of a package's, if it has at least two numbers: shorter ones stand everywhere.
fn upstream(version: &str) -> Option<&str> {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let version = version.rsplit_once('-').map_or(version, |(upstream, _)| upstream);
    let version = version.split(['+', '~']).next()?;
    (version.contains('.') && version.bytes().all(|b| b.is_ascii_digit() || b == b'.')).then_some(version)
}

/// Whether a version stands in a program as a word.
fn carries(program: &[u8], version: &str) -> bool {
    let part =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"._".contains(byte));
    let version = version.as_bytes();
    program.windows(version.len()).enumerate().filter(|(_, window)| *window == version).any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|at| program.get(at));
        !part(before.filter(|byte| **byte != b'v')) && !part(program.get(at + version.len()))
    })
}

/// The files of a tree without its package database, as a tree of their own.
fn without_database(tree: &Tree, folder: &Path) -> Tree {
    for (path, content) in tree.files().filter(|(path, _)| !path.starts_with("var/lib/dpkg/")) {
        let target = folder.join(path);
        // What lies inside a packed file stays in that file, which is there as well.
        if std::fs::create_dir_all(target.parent().unwrap()).is_ok() {
            let _ = std::fs::write(target, &**content);
        }
    }
    unpack(folder, &UnpackLimits::default()).unwrap()
}

#[test]
#[ignore = "downloads debian-installer-12-netboot-{armel,mipsel} (263 MB); run by `cargo xtask real`"]
fn every_package_of_debians_installers_is_found_and_most_programs_speak_for_themselves() {
    for (architecture, initrd, packages) in
        [("armel", "armel/kirkwood/initrd.gz", 95), ("mipsel", "mipsel/malta/initrd.gz", 91)]
    {
        let folder = tempfile::tempdir().unwrap();
        let package = format!("debian-installer-12-netboot-{architecture}");
        let tree =
            installer_root(folder.path(), &package, &format!("usr/lib/debian-installer/images/12/{initrd}"));
        let truth = stated(tree.entry("var/lib/dpkg/status").unwrap().content().unwrap());
        let found = generate(&tree, None);
        let right = truth.iter().filter(|(name, version)| {
            found.bom.components.iter().any(|c| c.name == **name && c.version.as_ref() == Some(version))
        });
        let right = right.count();
        println!("{architecture}: {right} of {} packages with the right version", truth.len());
        assert_eq!((right, truth.len()), (packages, packages));
        assert!(found.bom.components.iter().all(|component| !component.evidence.is_empty()));
        assert!(found.bom.relations.iter().any(|relation| relation.kind == RelationKind::DynamicallyLinks));

        // The same files without the database: what the programs themselves say. A program carries a version if that of
        // some installed package stands in it as a word.
        let versions: BTreeSet<&str> = truth.values().filter_map(|version| upstream(version)).collect();
        let bare = without_database(&tree, &folder.path().join("bare"));
        let found = generate(&bare, None);
        let (mut carrying, mut identified) = (0, 0);
        for (path, content) in bare.files().filter(|(_, content)| content.starts_with(b"\x7fELF")) {
            let carried: Vec<&&str> = versions.iter().filter(|version| carries(content, version)).collect();
            if carried.is_empty() || path.ends_with(".ko") {
                continue;
            }
            carrying += 1;
            let says = |component: &Component| {
                component.version.as_deref().is_some_and(|version| {
                    carried.iter().any(|carried| **carried == version || Some(**carried) == upstream(version))
                }) && component.evidence.iter().any(|evidence| evidence.path == path)
            };
            let said = found.bom.components.iter().any(says);
            identified += usize::from(said);
            if !said {
                println!("{architecture}: {path} carries {carried:?}, which is not seen");
            }
        }
        println!("{architecture}: {identified} of {carrying} programs that carry a version are identified");
        assert!(carrying >= 30 && identified * 100 >= carrying * 60);
    }
}
