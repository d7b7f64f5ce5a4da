//! Does a version lie in a range?

use std::cmp::Ordering;

use super::{Comparator, Constraint, Vers};

pub(super) fn contains(range: &Vers, version: &str) -> bool {
    if range.vers_type == "none" {
        return false;
    }
    let Some(constraints) = range.constraints() else { return true };
    let order = |constraint: &Constraint| range.order().compare(version, &constraint.version);
    if let Some(named) = constraints.iter().find(|c| order(c) == Ordering::Equal) {
        return match named.comparator {
            Comparator::Equal | Comparator::LessOrEqual | Comparator::GreaterOrEqual => true,
            Comparator::NotEqual | Comparator::Less | Comparator::Greater => {
                // Sorted, but not unique in the wild: another constraint may name the same version.
                let inclusive = |c: &Constraint| {
                    matches!(
                        c.comparator,
                        Comparator::LessOrEqual | Comparator::GreaterOrEqual | Comparator::Equal
                    )
                };
                named.comparator != Comparator::NotEqual
                    && constraints.iter().any(|c| order(c) == Ordering::Equal && inclusive(c))
            }
        };
    }
    between(constraints, order)
}

/// The version equals none of those named; it lies in an interval, or not.
fn between(constraints: &[Constraint], order: impl Fn(&Constraint) -> Ordering) -> bool {
    let bounds: Vec<&Constraint> = constraints.iter().filter(|c| is_bound(c.comparator)).collect();
    if bounds.is_empty() {
        // A range that only excludes versions holds all others.
        return constraints.iter().any(|c| c.comparator == Comparator::NotEqual)
            && constraints.iter().all(|c| c.comparator == Comparator::NotEqual);
    }
    let below = bounds.iter().rev().find(|c| order(c) == Ordering::Greater);
    let above = bounds.iter().find(|c| order(c) == Ordering::Less);
    let opened =
        below.is_none_or(|c| matches!(c.comparator, Comparator::Greater | Comparator::GreaterOrEqual));
    let closed = above.is_none_or(|c| matches!(c.comparator, Comparator::Less | Comparator::LessOrEqual));
    opened && closed
}

fn is_bound(comparator: Comparator) -> bool {
    !matches!(comparator, Comparator::Equal | Comparator::NotEqual)
}
