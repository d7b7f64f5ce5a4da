//! A name: eleven attributes.

use super::Value;

/// What kind of thing is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// `*`
    Any,
    /// `-`
    NotApplicable,
    /// `a`
    Application,
    /// `o`: an operating system or firmware.
    OperatingSystem,
    /// `h`
    Hardware,
}

/// The attributes after `part`, in the order of the formatted string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// Who made it.
    Vendor,
    /// What it is called.
    Product,
    /// Its version.
    Version,
    /// Update or service pack.
    Update,
    /// Deprecated edition of CPE 2.2.
    Edition,
    /// RFC 5646 tag of the user interface.
    Language,
    /// Edition for a market.
    SoftwareEdition,
    /// Where it runs.
    TargetSoftware,
    /// The instruction set.
    TargetHardware,
    /// Anything else.
    Other,
}

impl Attribute {
    /// All, in the order of the formatted string.
    pub const ALL: [Self; 10] = [
        Self::Vendor,
        Self::Product,
        Self::Version,
        Self::Update,
        Self::Edition,
        Self::Language,
        Self::SoftwareEdition,
        Self::TargetSoftware,
        Self::TargetHardware,
        Self::Other,
    ];

    /// As in a well-formed name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Product => "product",
            Self::Version => "version",
            Self::Update => "update",
            Self::Edition => "edition",
            Self::Language => "language",
            Self::SoftwareEdition => "sw_edition",
            Self::TargetSoftware => "target_sw",
            Self::TargetHardware => "target_hw",
            Self::Other => "other",
        }
    }
}

/// A name of a product, or of a set of products.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpe {
    /// What kind of thing it is.
    pub part: Part,
    pub(super) values: [Value; 10],
}

impl Cpe {
    /// A name of which only the part is known.
    pub fn new(part: Part) -> Self {
        Self { part, values: Default::default() }
    }

    /// Value of an attribute.
    pub fn get(&self, attribute: Attribute) -> &Value {
        let [
            vendor,
            product,
            version,
            update,
            edition,
            language,
            software_edition,
            software,
            hardware,
            other,
        ] = &self.values;
        match attribute {
            Attribute::Vendor => vendor,
            Attribute::Product => product,
            Attribute::Version => version,
            Attribute::Update => update,
            Attribute::Edition => edition,
            Attribute::Language => language,
            Attribute::SoftwareEdition => software_edition,
            Attribute::TargetSoftware => software,
            Attribute::TargetHardware => hardware,
            Attribute::Other => other,
        }
    }

    /// The same name with another value of one attribute.
    #[must_use]
    pub fn with(mut self, attribute: Attribute, value: Value) -> Self {
        for (slot, at) in self.values.iter_mut().zip(Attribute::ALL) {
            if at == attribute {
                *slot = value;
                break;
            }
        }
        self
    }

    /// Attributes with their values.
    pub fn attributes(&self) -> impl Iterator<Item = (Attribute, &Value)> {
        Attribute::ALL.into_iter().zip(&self.values)
    }
}
