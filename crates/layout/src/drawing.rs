//! A picture with its texts: what an SVG document, or a page, is drawn from.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{Picture, Size};

/// Width of a narrow character at the size the documents are set in. Fonts differ; this is generous.
const CHARACTER: u32 = 8;
/// From one line of text to the next.
pub(crate) const LINE: u32 = 17;
/// Between text and border.
pub(crate) const PADDING: u32 = 10;

/// A picture and what stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Drawing {
    /// Positions.
    #[serde(flatten)]
    pub picture: Picture,
    /// One per node.
    pub texts: Vec<NodeText>,
    /// One per edge.
    pub marks: Vec<Mark>,
}

/// What stands in a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NodeText {
    /// The first line is set in bold.
    pub lines: Vec<String>,
    /// A short word on the upper border, such as a number.
    pub badge: Option<String>,
    /// How the node is drawn.
    pub mark: Mark,
}

/// How a node or an edge is drawn. Each differs from the others in more than its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// As most are.
    #[default]
    Plain,
    /// Dashed: context.
    Muted,
    /// Strong: on a marked way.
    Middle,
    /// Strong and rounded: where a marked way begins.
    First,
    /// Strong and doubled: where a marked way ends.
    Last,
}

impl NodeText {
    /// The size that its lines need.
    pub fn size(&self) -> Size {
        let columns = self.lines.iter().map(|line| columns(line)).max().unwrap_or(0);
        let rows = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        Size {
            width: columns.saturating_mul(CHARACTER).saturating_add(2 * PADDING),
            height: rows.saturating_mul(LINE).saturating_add(2 * PADDING),
        }
    }
}

/// Columns a text takes where East Asian characters take two.
fn columns(text: &str) -> u32 {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).fold(0, u32::saturating_add)
}

/// Blocks whose characters are wide or full-width. Source: Unicode Standard Annex 11, in coarse ranges.
fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_japanese_character_is_as_wide_as_two_latin_ones() {
        let size = |line: &str| NodeText { lines: vec![line.to_owned()], ..NodeText::default() }.size();
        assert_eq!(size("監視"), size("ab12"));
    }
}
