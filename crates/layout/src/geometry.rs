//! Numbers of a picture. The unit is the CSS pixel; x grows to the right, y downwards.

use schemars::JsonSchema;
use serde::Serialize;

/// Width and height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, JsonSchema)]
pub struct Size {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// A place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, JsonSchema)]
pub struct Point {
    /// Pixels from the left.
    pub x: i64,
    /// Pixels from the top.
    pub y: i64,
}

/// A box: its upper left corner and its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, JsonSchema)]
pub struct Rect {
    /// Pixels from the left.
    pub x: i64,
    /// Pixels from the top.
    pub y: i64,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

impl Rect {
    /// First pixel to the right of the box.
    pub fn right(self) -> i64 {
        self.x + i64::from(self.width)
    }

    /// First pixel below the box.
    pub fn bottom(self) -> i64 {
        self.y + i64::from(self.height)
    }

    /// The middle, rounded to the upper left.
    pub fn centre(self) -> Point {
        Point { x: self.x + i64::from(self.width / 2), y: self.y + i64::from(self.height / 2) }
    }

    /// Is the point inside or on the border?
    pub fn touches(self, point: Point) -> bool {
        (self.x..=self.right()).contains(&point.x) && (self.y..=self.bottom()).contains(&point.y)
    }

    /// Do the two share any pixel?
    pub fn overlaps(self, other: Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    /// Does `other` lie completely inside?
    pub fn contains(self, other: Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }
}

/// How a line is drawn between two of its points that differ in both coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Bending {
    /// Leaves and arrives vertically.
    Vertical,
    /// Leaves and arrives horizontally.
    Horizontal,
    /// Straight.
    None,
}

/// Positions of everything that was asked for, in the order of the question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Picture {
    /// Everything lies inside of this.
    pub size: Size,
    /// One per node.
    pub nodes: Vec<Rect>,
    /// One line per edge, from its start to its end; at least two points each.
    pub edges: Vec<Vec<Point>>,
    /// How to draw the lines.
    pub bending: Bending,
    /// False where the budget ended before the order of the nodes was settled: correct, but with more crossings.
    pub settled: bool,
}
