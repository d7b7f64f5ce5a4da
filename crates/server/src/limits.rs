//! How often an organization may ask: token buckets in memory, one for reading and one for writing.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use share::OrganizationId;

/// Requests a second, on average; a burst may use what four seconds allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Reading.
    pub reads: u32,
    /// Writing.
    pub writes: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self { reads: 500, writes: 500 }
    }
}

/// Seconds of the average rate that may be used at once.
const BURST: f64 = 4.0;

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    Read,
    Write,
}

#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

#[derive(Debug)]
pub(crate) struct Limits {
    rates: Rates,
    buckets: Mutex<BTreeMap<(OrganizationId, Use), Bucket>>,
}

impl Limits {
    pub(crate) fn new(rates: Rates) -> Self {
        Self { rates, buckets: Mutex::default() }
    }

    /// Takes one request out of the bucket; else the seconds until there is one again.
    pub(crate) fn take(&self, organization: &OrganizationId, kind: Use, now: Instant) -> Result<(), u64> {
        let rate = f64::from(match kind {
            Use::Read => self.rates.reads,
            Use::Write => self.rates.writes,
        });
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Bucket { left: rate * BURST, at: now };
        let bucket = buckets.entry((organization.clone(), kind)).or_insert(full);
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + passed * rate).min(rate * BURST);
        bucket.at = now;
        if bucket.left < 1.0 {
            return Err(((1.0 - bucket.left) / rate.max(f64::MIN_POSITIVE)).ceil().clamp(1.0, 60.0) as u64);
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_is_allowed_and_then_the_average() {
        let limits = Limits::new(Rates { reads: 2, writes: 1 });
        let (one, other, start) = (OrganizationId::new("a"), OrganizationId::new("b"), Instant::now());
        for _ in 0..8 {
            assert_eq!(limits.take(&one, Use::Read, start), Ok(()));
        }
        assert_eq!(limits.take(&one, Use::Read, start), Err(1));
        assert_eq!(limits.take(&one, Use::Write, start), Ok(()), "writing has a bucket of its own");
        assert_eq!(limits.take(&other, Use::Read, start), Ok(()), "so has everybody");
        assert_eq!(limits.take(&one, Use::Read, start + Duration::from_millis(500)), Ok(()));
        assert_eq!(limits.take(&one, Use::Read, start + Duration::from_millis(500)), Err(1));
    }
}
