//! How likely a goal is reached, and how soon: by playing out many worlds.
//!
//! A world decides every chance once; what follows is computed on the whole graph, so premises that paths share count
//! once. Reachability is played 64 worlds at a time, one bit each. Times are drawn from exponential distributions with
//! the steps' means; a step begins when its last premise is there, and the first of several ways counts.

use record::{Days, Probability};

use crate::game::{Game, LANES};
use crate::graph::Graph;
use crate::paths::rounded;
use crate::random::Random;

/// Most worlds in which times are drawn, and most work for them in rule applications.
const MAX_TIMED_WORLDS: usize = 1024;
const MAX_TIMED_WORK: usize = 100_000_000;

/// How often each goal is reached among `worlds`, rounded up to a multiple of 64, without the applications in `off`.
pub(crate) fn probabilities(graph: &Graph<'_>, off: &[usize], worlds: usize, seed: u64) -> Vec<Probability> {
    let batches = worlds.div_ceil(64).max(1);
    let (mut random, game) = (Random::new(seed), Game::new(graph, off));
    let mut reached = vec![0_u64; graph.goals.len()];
    for start in (0..batches).step_by(LANES) {
        let mut chances = vec![[0; LANES]; graph.odds.len()];
        for lane in 0..LANES.min(batches - start) {
            for (coins, odds) in chances.iter_mut().zip(&graph.odds) {
                coins.iter_mut().skip(lane).take(1).for_each(|lane| *lane = random.coins(odds.probability));
            }
        }
        let played = game.play::<[u64; LANES]>(&chances);
        for (count, facts) in reached.iter_mut().zip(&graph.goals) {
            let any = game.first(&played, facts);
            // Lanes beyond the last batch hold nothing but what always holds.
            let ones = any.iter().take(batches - start).map(|bits| u64::from(bits.count_ones()));
            *count += ones.sum::<u64>();
        }
    }
    reached.into_iter().map(|count| wilson(count, batches as u64 * 64)).collect()
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
    let (mut random, game) = (Random::new(seed ^ 0x7469_6d65), Game::new(graph, &[]));
    let mut drawn: Vec<Vec<f64>> = vec![Vec::new(); graph.goals.len()];
    for start in (0..worlds).step_by(LANES) {
        let mut days = vec![[f64::INFINITY; LANES]; graph.odds.len()];
        for lane in 0..LANES.min(worlds - start) {
            for (days, odds) in days.iter_mut().zip(&graph.odds) {
                let drawn = random.exponential(odds.days);
                if random.unit() <= odds.probability {
                    days.iter_mut().skip(lane).take(1).for_each(|lane| *lane = drawn);
                }
            }
        }
        let played = game.play::<[f64; LANES]>(&days);
        for (times, facts) in drawn.iter_mut().zip(&graph.goals) {
            let first = game.first(&played, facts);
            times.extend(first.iter().take(worlds - start).filter(|t| t.is_finite()));
        }
    }
    drawn.into_iter().map(percentiles).collect()
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
