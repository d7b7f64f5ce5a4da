//! The product's stories from end to end: the command and the interface of a served platform, beginning with an empty
//! directory. Each file is one story.

#[path = "../../../share/tests/support/places.rs"]
#[allow(dead_code, reason = "only the database is used")]
mod places;
#[path = "../support/mod.rs"]
mod support;

mod bucket;
mod crash;
mod federation;
mod login;
mod s1_maker;
mod s2_integrator;
mod s3_operator;
mod s4_vulnerability;
mod s5_delivery;
mod s6_audit;
mod site;
mod upload;
mod workers;
