//! Who does what, in the order in which things are delivered.

use std::path::Path;

use assess::export::Publication;
use record::{Assessment, Inspection};
use share::{OrganizationKind, Platform, ProductKind, Registration};
use statement::{DisclosureLevel, PredicateType, Statement, Subject, SystemRegistration, Timestamp};
use system::System;
use tokio::task::spawn_blocking;

use super::material::{self, DEVICE_MANAGER, MODEL, ROUTER, ROUTER_NAME};
use super::party::{Announcement, Party};
use super::{DemoError, Person};
use crate::{Examined, Known, Limits, digest};

const SOFTWARE_HOUSE: &str = "Kagerou Chipsoft";
const MAKER: &str = "Hoshikawa Networks";
const INTEGRATOR: &str = "Toudai Systems";
const OPERATOR: &str = "Minamihara Waterworks";

/// What the engines say, before anybody signs it.
struct Results {
    examined: Examined,
    device_manager: Vec<u8>,
    device_manager_sbom: Vec<u8>,
    system: System,
    assessment: Assessment,
    openvex: String,
}

pub(super) async fn play(platform: &Platform, snapshot: &Path) -> Result<Vec<Person>, DemoError> {
    let (chips, chip_person) = Party::found(
        platform,
        SOFTWARE_HOUSE,
        OrganizationKind::SoftwareManufacturer,
        "software-manufacturer",
    )
    .await?;
    let (maker, maker_person) =
        Party::found(platform, MAKER, OrganizationKind::EquipmentManufacturer, "equipment-manufacturer")
            .await?;
    let (integrator, integrator_person) =
        Party::found(platform, INTEGRATOR, OrganizationKind::Integrator, "integrator").await?;
    let (operator, operator_person) =
        Party::found(platform, OPERATOR, OrganizationKind::Operator, "operator").await?;
    chips.supplies(platform, &maker).await?;
    maker.supplies(platform, &integrator).await?;
    integrator.supplies(platform, &operator).await?;
    chips.grants(platform, &maker, DisclosureLevel::FullAndReshare).await?;
    maker.grants(platform, &integrator, DisclosureLevel::FullAndReshare).await?;
    integrator.grants(platform, &operator, DisclosureLevel::Full).await?;
    let snapshot = snapshot.to_owned();
    let results = spawn_blocking(move || compute(&snapshot)).await;
    let results = results.map_err(DemoError::step(OPERATOR, "wait for the engines"))??;
    deliver(platform, [&chips, &maker, &integrator, &operator], &results).await?;
    Ok(vec![operator_person, integrator_person, maker_person, chip_person])
}

/// Everything that costs time.
fn compute(snapshot: &Path) -> Result<Results, DemoError> {
    let examined = crate::examine_bytes(ROUTER_NAME, ROUTER.to_vec(), &Limits::default(), &());
    let examined = examined.map_err(DemoError::step(MAKER, "inspect the router"))?;
    let tree = unpack::unpack_bytes(ROUTER_NAME, ROUTER.to_vec(), &unpack::UnpackLimits::default());
    let program = tree.files().find(|(path, _)| *path == DEVICE_MANAGER).map(|(_, content)| content.to_vec());
    let program =
        program.ok_or(MissingProgram).map_err(DemoError::step(SOFTWARE_HOUSE, "find its program"))?;
    let own = crate::examine_bytes("devmgrd", program.clone(), &Limits::default(), &());
    let own = own.map_err(DemoError::step(SOFTWARE_HOUSE, "list its components"))?;
    let system = model(&examined.inspection)?;
    let snapshot =
        material::snapshot(snapshot).map_err(DemoError::step(OPERATOR, "import vulnerabilities"))?;
    let known = Known::new(&snapshot).map_err(DemoError::step(OPERATOR, "open the vulnerabilities"))?;
    let assessment = assess::assess(&system, &assess::Options::default(), &known);
    let assessment = assessment.map_err(DemoError::step(OPERATOR, "assess its system"))?;
    let openvex = assess::export::openvex(&assessment, &publication()).to_string();
    Ok(Results {
        examined,
        device_manager: program,
        device_manager_sbom: own.sbom,
        system,
        assessment,
        openvex,
    })
}

#[derive(Debug, thiserror::Error)]
#[error("`{DEVICE_MANAGER}` is not in the image")]
struct MissingProgram;

fn publication() -> Publication {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = now.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    Publication {
        author: INTEGRATOR.to_owned(),
        namespace: "https://toudai.example/vex".to_owned(),
        timestamp: Timestamp::from_unix(seconds).map_or_else(String::new, |at| at.to_string()),
    }
}

/// The utility's model, with what the inspection found in the router: whoever knows it may enter there.
fn model(inspection: &Inspection) -> Result<System, DemoError> {
    let failed = "read its model";
    let model = system::read("system.yaml", MODEL).map_err(DemoError::step(OPERATOR, failed))?;
    let findings = crate::added::attackable(inspection);
    let overlay = serde_json::json!({
        "schema": "sukashi.system/1",
        "software": {"edge-router": {"findings": findings}},
    });
    let overlay =
        system::read("inspection", &overlay.to_string()).map_err(DemoError::step(OPERATOR, failed))?;
    System::new(&[("system.yaml".to_owned(), model), ("inspection".to_owned(), overlay)])
        .map_err(DemoError::step(OPERATOR, failed))
}

async fn deliver(platform: &Platform, chain: [&Party; 4], results: &Results) -> Result<(), DemoError> {
    let [chips, maker, integrator, operator] = chain;
    let program = Subject::new("devmgrd", digest(&results.device_manager));
    let announcement = Announcement {
        product: "device-manager",
        kind: ProductKind::Software,
        version: "2.1",
        file: "devmgrd",
        sha256: program.sha256(),
        size: results.device_manager.len() as u64,
        parts: Vec::new(),
    };
    let inner = chips.announces(platform, announcement).await?;
    let list = text(&results.device_manager_sbom);
    chips
        .registers(
            platform,
            Statement::of_document(vec![program], PredicateType::CYCLONEDX, list),
            Registration::default(),
        )
        .await?;

    let image = Subject::new(ROUTER_NAME, digest(ROUTER));
    let announcement = Announcement {
        product: "edge-router",
        kind: ProductKind::Equipment,
        version: "3.2.1",
        file: ROUTER_NAME,
        sha256: image.sha256(),
        size: ROUTER.len() as u64,
        parts: vec![inner],
    };
    let router = maker.announces(platform, announcement).await?;
    let list = text(&results.examined.sbom);
    let about = Registration { release: Some(router.clone()), ..Registration::default() };
    let sbom = Statement::of_document(vec![image.clone()], PredicateType::CYCLONEDX, list);
    maker.registers(platform, sbom, about.clone()).await?;
    let inspection = Statement::new(vec![image.clone()], &results.examined.inspection);
    maker.registers(platform, inspection, about.clone()).await?;
    let vex = Statement::of_document(vec![image], PredicateType::OPENVEX, &results.openvex);
    integrator.registers(platform, vex, about).await?;

    let system = Subject::new(results.system.name(), results.system.digest());
    let registration = SystemRegistration {
        model: serde_json::to_value(results.system.document()).unwrap_or_default(),
        assets: crate::assets(&results.system),
    };
    let registered = Statement::new(vec![system.clone()], &registration);
    operator.registers(platform, registered, Registration::default()).await?;
    let assessed = Statement::new(vec![system], &results.assessment);
    operator.registers(platform, assessed, Registration::default()).await
}

fn text(document: &[u8]) -> &str {
    std::str::from_utf8(document).unwrap_or_default()
}
