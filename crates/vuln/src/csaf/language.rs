//! Tests on language tags (BCP 47).
//!
//! Two-letter languages, regions and scripts are checked against ISO 639-1, ISO 3166-1 and ISO 15924's common codes;
//! three-letter languages are taken as they stand.

use serde_json::Value;

use super::Faults;
use super::view::{text, texts};

const PATHS: &[&str] = &["/document/lang", "/document/source_lang"];

/// ISO 639-1, in pairs.
const LANGUAGES: &str = "aaabaeafakamanarasavayazbabebgbibmbnbobrbscacechcocrcscucvcydadedvdzeeeleneoeseteufafffi\
    fjfofrfygagdglgngugvhahehihohrhthuhyhziaidieigiiikioisitiujajvkakgkikjkkklkmknkokrkskukvkwkylalblglilnloltlulvmg\
    mhmimkmlmnmrmsmtmynanbndnengnlnnnonrnvnyocojomorospapiplpsptqurmrnrorurwsascsdsesgsiskslsmsnsosqsrssstsusvswtateth\
    tgthtitktltntotrtstttwtyugukuruzvevivowawoxhyiyozazhzu";

/// ISO 3166-1, in pairs.
const REGIONS: &str = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCM\
    CNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIM\
    INIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANC\
    NENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJ\
    TKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

fn listed(list: &str, code: &str) -> bool {
    list.as_bytes().chunks(2).any(|pair| pair == code.as_bytes())
}

fn tags(document: &Value) -> Vec<(String, String)> {
    texts(document, PATHS).into_iter().map(|(at, tag)| (at, tag.to_owned())).collect()
}

/// 6.1.12
pub(super) fn unknown(document: &Value) -> Faults {
    let wrong = tags(document).into_iter().filter(|(_, tag)| !exists(tag));
    wrong.map(|(at, tag)| (at, format!("there is no language `{tag}`"))).collect()
}

fn exists(tag: &str) -> bool {
    let lower = tag.to_lowercase();
    if lower.starts_with("x-") || lower.starts_with("i-") {
        return true;
    }
    let mut parts = lower.split('-');
    let primary = parts.next().unwrap_or_default();
    let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase());
    let language = match primary.len() {
        2 => listed(LANGUAGES, primary),
        3 => letters(primary),
        _ => false,
    };
    language
        && parts.take_while(|part| part.len() > 1).all(|part| match part.len() {
            2 => listed(REGIONS, &part.to_uppercase()) || is_private_region(part),
            3 => letters(part) || part.bytes().all(|byte| byte.is_ascii_digit()),
            4 => letters(part) || part.starts_with(|c: char| c.is_ascii_digit()),
            5..=8 => part.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            _ => false,
        })
}

fn is_private_region(part: &str) -> bool {
    matches!(part, "aa" | "zz") || ("qm".."r").contains(&part) || part.starts_with('x')
}

/// RFC 5646, 2.2.7 and the ranges for private use in the registry.
fn is_private(tag: &str) -> bool {
    let lower = tag.to_lowercase();
    lower.split('-').enumerate().any(|(at, part)| match (at, part.len()) {
        (_, 1) => part == "x",
        (0, 3) => ("qaa".."qu").contains(&part),
        (1.., 2) => is_private_region(part),
        (1.., 4) => ("qaaa".."qaby").contains(&part),
        _ => false,
    })
}

/// 6.2.12
pub(super) fn missing(document: &Value) -> Faults {
    let bare = text(document, "/document/lang").is_none();
    bare.then(|| ("/document".to_owned(), "the language is not stated".to_owned())).into_iter().collect()
}

/// 6.2.14
pub(super) fn private(document: &Value) -> Faults {
    let wrong = tags(document).into_iter().filter(|(_, tag)| is_private(tag));
    wrong.map(|(at, tag)| (at, format!("`{tag}` has a part for private use"))).collect()
}

/// 6.2.15
pub(super) fn default(document: &Value) -> Faults {
    let wrong = tags(document).into_iter().filter(|(_, tag)| tag.eq_ignore_ascii_case("i-default"));
    wrong.map(|(at, _)| (at, "the default language is stated".to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_exist_or_are_private_as_the_registry_says() {
        assert_eq!((LANGUAGES.len() % 2, REGIONS.len()), (0, 2 * 249));
        for (tag, known, private) in [
            ("en-US", true, false),
            ("EZ", false, false),
            ("de-Latn-DE-1996", true, false),
            ("zh-Hant", true, false),
            ("qtx", true, true),
            ("en-x-private", true, true),
            ("en-QM", true, true),
            ("en-ZY", false, false),
            ("i-default", true, false),
            ("es-419", true, false),
        ] {
            assert_eq!((exists(tag), is_private(tag)), (known, private), "{tag}");
        }
    }
}
