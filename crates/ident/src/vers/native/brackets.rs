//! Intervals of NuGet and Maven: `[1.0,2.0)`, `(,1.0]`, `[1.0]`, one after the other.

use super::{Constraints, constraint, single};
use crate::vers::Comparator;

pub(super) fn intervals(text: &str) -> Constraints {
    if !text.starts_with(['[', '(']) {
        // A bare version is a minimum.
        return single(Comparator::GreaterOrEqual, text);
    }
    let mut constraints = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let closed_below = rest.starts_with('[');
        let body = rest.strip_prefix(['[', '('])?;
        let end = body.find([']', ')'])?;
        let (inside, after) = body.split_at_checked(end)?;
        let closed_above = after.starts_with(']');
        interval(inside, closed_below, closed_above, &mut constraints)?;
        rest = after.get(1..)?.trim_start_matches([',', ' ']);
    }
    Some(constraints)
}

fn interval(
    inside: &str,
    closed_below: bool,
    closed_above: bool,
    out: &mut Vec<super::Constraint>,
) -> Option<()> {
    let Some((low, high)) = inside.split_once(',') else {
        out.extend(single(Comparator::Equal, inside)?);
        return Some(());
    };
    let (low, high) = (low.trim(), high.trim());
    if !low.is_empty() {
        out.push(constraint(
            if closed_below { Comparator::GreaterOrEqual } else { Comparator::Greater },
            low,
        ));
    }
    if !high.is_empty() {
        out.push(constraint(if closed_above { Comparator::LessOrEqual } else { Comparator::Less }, high));
    }
    (!(low.is_empty() && high.is_empty())).then_some(())
}
