//! Records for readers.

mod html;
mod human;
mod sarif;

pub use html::html;
pub use human::human;
pub use sarif::sarif;
