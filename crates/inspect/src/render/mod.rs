//! Records for readers.

mod human;

pub use human::human;
