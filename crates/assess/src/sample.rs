//! How likely a goal is reached, and how soon: by playing out many worlds.
//!
//! A world decides every chance once; what follows is computed on the whole graph, so premises that paths share count
//! once. Reachability is played 64 worlds at a time, one bit each. Times are drawn from exponential distributions with
//! the steps' means; a step begins when its last premise is there, and the first of several ways counts.

use datalog::FactId;
use record::{Days, Probability};

use crate::graph::{Disabled, Graph};
use crate::paths::rounded;
use crate::random::Random;

/// Most worlds in which times are drawn, and most work for them in rule applications.
const MAX_TIMED_WORLDS: usize = 1024;
const MAX_TIMED_WORK: usize = 400_000_000;

/// How often each goal is reached among `worlds`, rounded up to a multiple of 64.
pub(crate) fn probabilities(
    graph: &Graph<'_>,
    disabled: &Disabled,
    worlds: usize,
    seed: u64,
) -> Vec<Probability> {
    let batches = worlds.div_ceil(64).max(1);
    let mut random = Random::new(seed);
    let mut reached = vec![0_u64; graph.goals.len()];
    for _ in 0..batches {
        let chances: Vec<u64> = graph.odds.iter().map(|odds| random.coins(odds.probability)).collect();
        let holds = play(graph, disabled, &chances);
        for (count, facts) in reached.iter_mut().zip(&graph.goals) {
            let any = facts.iter().filter_map(|f| holds.get(f.index())).fold(0, |any, bits| any | bits);
            *count += u64::from(any.count_ones());
        }
    }
    reached.into_iter().map(|count| wilson(count, batches as u64 * 64)).collect()
}

/// In which of 64 worlds each fact holds.
fn play(graph: &Graph<'_>, disabled: &Disabled, chances: &[u64]) -> Vec<u64> {
    let base = |fact: FactId| if graph.derivations.is_base(fact) { !0 } else { 0 };
    let mut holds: Vec<u64> = graph.derivations.facts().map(base).collect();
    loop {
        let mut changed = false;
        for index in &graph.order {
            let Some(application) = graph.application(*index).filter(|_| on(disabled, *index)) else {
                continue;
            };
            let success = match graph.chance.get(*index).copied().flatten() {
                Some(chance) => chances.get(chance).copied().unwrap_or_default(),
                None => !0,
            };
            let premises = application.premises.iter().filter_map(|p| holds.get(p.index()));
            let bits = premises.fold(success, |all, bits| all & bits);
            if let Some(head) = holds.get_mut(application.head.index())
                && bits & !*head != 0
            {
                *head |= bits;
                changed = true;
            }
        }
        if !changed {
            return holds;
        }
    }
}

fn on(disabled: &Disabled, index: usize) -> bool {
    !disabled.get(index).copied().unwrap_or_default()
}

/// Share with its 95 % confidence interval. Wilson 1927: right also near 0 and 1, where a share ± error is not.
fn wilson(count: u64, worlds: u64) -> Probability {
    #[expect(clippy::cast_precision_loss, reason = "counts of worlds are small")]
    let (n, share) = (worlds as f64, count as f64 / worlds as f64);
    let z = 1.959_964;
    let centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let spread = z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    Probability {
        mean: rounded(share),
        low: rounded((centre - spread).max(0.0)),
        high: rounded((centre + spread).min(1.0)),
    }
}

/// Time to each goal over those worlds in which it is reached; `None` if it never is.
pub(crate) fn times(graph: &Graph<'_>, seed: u64) -> Vec<Option<Days>> {
    let worlds = (MAX_TIMED_WORK / graph.derivations.len().max(1)).clamp(64, MAX_TIMED_WORLDS);
    let mut random = Random::new(seed ^ 0x7469_6d65);
    let mut drawn: Vec<Vec<f64>> = vec![Vec::new(); graph.goals.len()];
    for _ in 0..worlds {
        let days: Vec<f64> = graph
            .odds
            .iter()
            .map(|odds| {
                let days = random.exponential(odds.days);
                if random.unit() <= odds.probability { days } else { f64::INFINITY }
            })
            .collect();
        let ready = run(graph, &days);
        for (times, facts) in drawn.iter_mut().zip(&graph.goals) {
            let first =
                facts.iter().filter_map(|f| ready.get(f.index())).copied().fold(f64::INFINITY, f64::min);
            times.extend(Some(first).filter(|t| t.is_finite()));
        }
    }
    drawn.into_iter().map(percentiles).collect()
}

/// When each fact holds in one world.
fn run(graph: &Graph<'_>, days: &[f64]) -> Vec<f64> {
    let base = |fact: FactId| if graph.derivations.is_base(fact) { 0.0 } else { f64::INFINITY };
    let mut ready: Vec<f64> = graph.derivations.facts().map(base).collect();
    loop {
        let mut changed = false;
        for index in &graph.order {
            let Some(application) = graph.application(*index) else { continue };
            let own = graph.chance.get(*index).copied().flatten().and_then(|c| days.get(c)).copied();
            let premises = application.premises.iter().filter_map(|p| ready.get(p.index()));
            let done = premises.fold(0.0_f64, |latest, t| latest.max(*t)) + own.unwrap_or_default();
            if let Some(head) = ready.get_mut(application.head.index()).filter(|head| done < **head) {
                *head = done;
                changed = true;
            }
        }
        if !changed {
            return ready;
        }
    }
}

fn percentiles(mut times: Vec<f64>) -> Option<Days> {
    times.sort_by(f64::total_cmp);
    let at = |tenths: usize| times.get((times.len().saturating_sub(1)) * tenths / 10).copied().map(rounded);
    Some(Days { p10: at(1)?, p50: at(5)?, p90: at(9)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_published_tables() {
        // Newcombe 1998, table I: 15 of 148 gives 0.0624–0.1605.
        let interval = wilson(15, 148);
        assert!(
            (interval.low - 0.0624).abs() < 1e-4 && (interval.high - 0.1605).abs() < 1e-4,
            "{interval:?}"
        );
    }
}
