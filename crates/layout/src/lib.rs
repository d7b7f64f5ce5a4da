//! Where do nodes and edges lie? Deterministic positions and SVG.
//!
//! Two kinds of picture. [`layered`] draws directed graphs in ranks: cycles are opened, nodes ranked by their longest way
//! from a start, ordered to cross few edges and placed as near to their neighbours as the order allows. [`nested`] draws
//! boxes in boxes, with straight lines between any two of them. Both give a [`Picture`]: numbers, in CSS pixels. [`svg`]
//! turns a picture and its texts into a document; a page may as well draw the numbers itself.
//!
//! The same input gives the same numbers on every machine: all arithmetic is integral. Size limits are checked before
//! anything is allocated, the search for a good order spends at most a stated amount of work, and nothing recurses.
//!
//! Not here: what a node means. Callers say how it is marked; nothing in this crate calls anything good or bad. The one
//! picture that several of them draw is made here: [`control_flow`], of a finding.

mod acyclic;
mod control_flow;
mod drawing;
mod geometry;
mod graph;
mod layered;
mod layers;
mod nested;
mod order;
mod place;
mod rank;
mod route;
pub mod svg;

pub use control_flow::control_flow;
pub use drawing::{Drawing, Mark, NodeText};
pub use geometry::{Bending, Picture, Point, Rect, Size};
pub use graph::{Direction, Edge, Graph, LayoutError, Limits, Part, Spacing};
pub use layered::layered;
pub use nested::{Nest, NestBox, nested};
