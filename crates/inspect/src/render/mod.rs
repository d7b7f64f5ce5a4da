//! Records for readers.

mod control_flow;
mod html;
mod human;
mod sarif;

pub use control_flow::control_flow;
pub use html::html;
pub use human::human;
pub use sarif::sarif;
