//! Reachability, compiled to zones.
//!
//! A *compiled zone* is a set of attachments that every filter treats alike: same zone of the model, matched by the
//! same rule ends. Hosts that some rule singles out get a compiled zone of their own, so the result is exact while
//! its size depends on the filters, not on the hosts.
//!
//! How zones hang together: `between: [outer, inner]` says that the inner zone is entered and left only through its
//! filters. A zone that is no filter's inner one is open to all others of that sort: what is not stated to be
//! separated is assumed connected. A connection passes if there is a way over zones on which each filter allows it;
//! filters see its original ends, so address translation is not modelled.

mod compile;
mod endpoint;
mod groups;
mod passage;

pub use compile::{Class, CompiledZone, Zones, compile};
pub use endpoint::{Endpoint, ParseEndpointError};
