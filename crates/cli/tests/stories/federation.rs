//! Two instances, set up by the command alone: one follows the other and has it cosign its log; what is taken back there
//! is taken back here, also for whoever has only parts of it. And the same instance read over the Transparency Exchange API.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::site::{Party, Session, Site};
use crate::support::Place;

const SBOM: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[
    {"type":"library","name":"zlib","version":"1.3","properties":[{"name":"path","value":"/secret"}]}]}"#;

/// Signs and registers a bill of materials and the commitment to it.
fn register(maker: &Party) {
    maker.place.file("a.bin", "firmware");
    maker.place.file("sbom.json", SBOM);
    let about = ["--artifact", "a.bin", "--key", "release", "-o"];
    maker.does(&[&["attest", "sbom", "sbom.json"][..], &about, &["sbom.dsse"]].concat());
    let commit = ["attest", "commitment", "sbom.json", "--seed-file", "seed"];
    maker.does(&[&commit[..], &about, &["commitment.dsse"]].concat());
    let release = ["--product", "KR-200", "--version", "1.4.2", "--artifact", "a.bin", "--format", "json"];
    let told = maker.does(&[&["register", "sbom.dsse"][..], &release].concat());
    let id = serde_json::from_str::<Value>(&told).unwrap()["id"].as_str().unwrap().to_owned();
    maker.does(&["register", "commitment.dsse", "--document", &id, "--seed-file", "seed"]);
}

fn take_back(maker: &Party, envelope: &str) -> crate::support::Ran {
    let attest = ["attest", "withdrawal", envelope, "--reason", "wrong file", "--key", "release"];
    maker.does(&[&attest[..], &["-o", "withdrawal.dsse"]].concat());
    maker.run(&["register", "withdrawal.dsse"])
}

/// Token of somebody who manages the instance as well.
fn manager(site: &Site, of: &Session) -> String {
    let new = json!({"name": "ops", "role": "administrator", "instance": true});
    site.post(of, "/api/v1/tokens", &new)["token"].as_str().unwrap().to_owned()
}

/// The newest checkpoint of `site` once `witness` has cosigned it.
fn cosigned(site: &Site, witness: &str) -> String {
    let start = Instant::now();
    loop {
        let note = site.get(&site.administrator, "/api/v1/log")["checkpoint"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if note.lines().any(|line| line.starts_with(&format!("— {witness} "))) {
            return note;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "nobody cosigned: {note}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn one_instance_follows_another_and_is_cosigned_by_it() {
    let (home, elsewhere) = (Place::new(), Place::new());
    let (there, here) = (Site::start(&home, &[]), Site::start(&elsewhere, &[]));
    let maker = there.equip(there.administrator.clone());
    let customer = there.found("Works", "operator");
    there.link(&maker, &customer);
    register(&maker);

    // The other side watches our log; then everything is said by one command.
    let ours = here.get(&here.administrator, "/api/v1/instance");
    let watched = json!({"origin": ours["log_origin"], "key": ours["log_key"]});
    there.post(&there.administrator, "/api/v1/watched-logs", &watched);
    let works = here.equip(here.administrator.clone());
    let place = &works.place;
    place.file("theirs.token", customer.token());
    place.file("own.token", manager(&here, &here.administrator));
    place.file("maker.json", there.trust(&[("Maker", &maker)]));
    let own = ["--token-file", "own.token"];
    let peer = ["--peer", &there.url(), "--peer-token-file", "theirs.token", "--trust", "maker.json"];
    let added = works.does(&[&["federation", "add", "maker", "--witness"][..], &peer, &own].concat());
    assert!(added.starts_with("added maker: pulled for "), "{added}");
    let witnesses = here.get(&here.administrator, "/api/v1/witnesses");
    assert_eq!(witnesses[0]["url"], format!("{}/witness", there.url()));

    let pulled = works.does(&[&["federation", "pull", "maker"][..], &own].concat());
    assert_eq!(pulled, "1 statements taken, 0 known, 0 not taken\n");
    let list = works.does(&[&["federation", "list"][..], &own].concat());
    assert!(list.starts_with("maker  http://") && list.contains("entries of its log seen"), "{list}");
    let name = witnesses[0]["key"].as_str().unwrap().split('+').next().unwrap().to_owned();
    cosigned(&here, &name);

    let refused = take_back(&maker, "sbom.dsse");
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(refused.stderr.contains("commitment-stands") && refused.stderr.contains("hint: "), "{refused:?}");
    for envelope in ["commitment.dsse", "sbom.dsse"] {
        let done = take_back(&maker, envelope);
        assert_eq!(done.status, 0, "{envelope}: {}", done.stderr);
    }
    works.does(&[&["federation", "pull", "maker"][..], &own].concat());
    let seen = here.get(&works.session, "/api/v1/evidence?state=any&type=sbom");
    let seen = &seen["items"][0];
    assert_eq!((&seen["state"], &seen["withdrawn_because"]), (&json!("withdrawn"), &json!("wrong file")));
}

#[test]
fn documents_are_pulled_over_the_transparency_exchange_api_and_a_missing_token_is_told() {
    let home = Place::new();
    let site = Site::start(&home, &[]);
    let maker = site.equip(site.administrator.clone());
    register(&maker);
    let place = &maker.place;
    place.file("token", maker.token());
    place.file("wrong", "wrong\n");
    place.file("trust.json", site.trust(&[("Maker", &maker)]));
    let url = site.url();
    let from = ["pull", "--tea", &url, "--product", "KR-200", "-o", "delivered/"];
    let pulled = maker.does(&[&from[..], &["--token-file", "token", "--trust", "trust.json"]].concat());
    assert!(pulled.contains("signed by `Maker`, ") && pulled.contains("SHA-256 fits"), "{pulled}");
    assert!(place.list().iter().any(|f| f.starts_with("delivered/KR-200-1.4.2/BOM-")), "{:?}", place.list());

    let other = [&from[..3], &["--product", "KR-300", "--token-file", "token"][..]].concat();
    let nothing = maker.run(&other);
    assert_eq!((nothing.status, nothing.stderr.contains("no such release")), (2, true), "{nothing:?}");
    for (token, hint) in [(None, "a token, in a file: `--token-file`"), (Some("wrong"), "another token than")]
    {
        let with: Vec<&str> = token.iter().flat_map(|file| ["--token-file", file]).collect();
        let ran = place.run(&[&from[..], &with].concat());
        assert_eq!(ran.status, 2, "{ran:?}");
        assert!(ran.stderr.contains("hint: ") && ran.stderr.contains(hint), "{ran:?}");
    }
}
