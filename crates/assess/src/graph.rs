//! The AND/OR attack graph: facts, the rule applications that conclude them, and what decides their success.
//!
//! Applications that succeed or fail together share a *chance*: exploiting one vulnerability on one host from three
//! places is one gamble, not three. Probabilities are attached to chances, so shared premises are never counted twice.

use std::collections::BTreeMap;

use datalog::{Application, Cheapest, Derivations, FactError, FactId, Pattern, Search, Session, Uses};

use crate::exploit::Odds;
use crate::facts::Judged;
use crate::packs::{Figure, Knowledge, StepRule};
use crate::template::fill;

/// Weight of a mean day against improbability in the cost of a step: probability decides, time breaks ties.
const COST_OF_A_DAY: f64 = 0.001;
/// A step costs something even when it cannot fail, so that the shorter of two sure paths is the cheaper one.
const COST_OF_A_STEP: f64 = 0.01;

pub(crate) struct Graph<'s> {
    pub(crate) session: &'s Session,
    pub(crate) knowledge: &'s Knowledge,
    pub(crate) derivations: Derivations,
    pub(crate) uses: Uses,
    /// By application; `None` where nothing has to succeed.
    pub(crate) chance: Vec<Option<usize>>,
    pub(crate) odds: Vec<Odds>,
    /// By application: what it adds to the cost of a proof. The cheapest proof is the most probable.
    costs: Vec<f64>,
    /// Applications so that, circles aside, premises are concluded before they are used.
    pub(crate) order: Vec<usize>,
    /// Facts of each goal, in the order asked for.
    pub(crate) goals: Vec<Vec<FactId>>,
}

impl<'s> Graph<'s> {
    /// Everything that facts of the goals rest on.
    pub(crate) fn new(
        session: &'s Session,
        knowledge: &'s Knowledge,
        judged: &BTreeMap<String, Judged>,
        goals: &[Pattern],
    ) -> Result<Self, FactError> {
        let derivations = session.derivations_of(goals)?;
        let facts: Result<Vec<_>, _> = goals.iter().map(|g| derivations.matching(session, g)).collect();
        let mut graph = Self {
            session,
            knowledge,
            uses: derivations.uses(),
            derivations,
            chance: Vec::new(),
            odds: Vec::new(),
            costs: Vec::new(),
            order: Vec::new(),
            goals: facts?,
        };
        graph.gamble(judged);
        graph.sort();
        Ok(graph)
    }

    pub(crate) fn applications(&self) -> impl ExactSizeIterator<Item = Application<'_>> {
        self.derivations.applications()
    }

    pub(crate) fn application(&self, index: usize) -> Option<Application<'_>> {
        self.derivations.application(index)
    }

    pub(crate) fn step(&self, application: Application<'_>) -> Option<&'s StepRule> {
        self.knowledge.step(application.rule)
    }

    /// The rule's variables as words.
    pub(crate) fn params(&self, application: Application<'_>) -> BTreeMap<String, String> {
        let values = self.derivations.values(self.session, application);
        values.into_iter().map(|(name, value)| (name, plain(&value))).collect()
    }

    fn gamble(&mut self, judged: &BTreeMap<String, Judged>) {
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut chances = Vec::with_capacity(self.applications().len());
        let mut odds = Vec::new();
        for application in self.applications() {
            let Some(step) = self.step(application) else {
                chances.push(None);
                continue;
            };
            let params = self.params(application);
            let key = match &step.chance {
                Some(words) => fill(words, &params),
                None => {
                    format!("{} {}", step.id, self.derivations.fact(self.session, application.head))
                }
            };
            let index = *known.entry(key).or_insert_with(|| {
                odds.push(step_odds(step, &params, judged));
                odds.len() - 1
            });
            chances.push(Some(index));
        }
        let cost = |odds: &Odds| COST_OF_A_STEP - odds.probability.ln() + COST_OF_A_DAY * odds.days;
        let costs: Vec<f64> = odds.iter().map(cost).collect();
        let of = |chance: &Option<usize>| chance.and_then(|at| costs.get(at).copied()).unwrap_or(0.0);
        self.costs = chances.iter().map(of).collect();
        self.chance = chances;
        self.odds = odds;
    }

    fn sort(&mut self) {
        let mut search = self.search();
        search.to_the_end();
        let settled = search.settled();
        let place = |a: Application<'_>| settled.get(a.head.index()).copied().flatten().map(|c| c.order);
        let mut order: Vec<usize> = (0..self.applications().len()).collect();
        order.sort_by_key(|i| self.application(*i).and_then(place).unwrap_or(usize::MAX));
        self.order = order;
    }

    pub(crate) fn odds_of(&self, application: usize) -> Option<Odds> {
        let chance = self.chance.get(application).copied().flatten()?;
        self.odds.get(chance).copied()
    }

    /// For the cheapest proofs, the most probable, of facts.
    pub(crate) fn search(&self) -> Search<'_> {
        self.derivations.search(&self.uses, self.costs.clone())
    }

    /// The same, with something added to the cost of each application.
    pub(crate) fn search_with(&self, extra: &[f64]) -> Search<'_> {
        let costs = self.costs.iter().zip(extra).map(|(cost, extra)| cost + extra);
        self.derivations.search(&self.uses, costs.collect())
    }

    /// The applications of the cheapest proof of any of these facts; `None` if none of them has one.
    pub(crate) fn proof(&self, cheapest: &[Option<Cheapest>], facts: &[FactId]) -> Option<Vec<usize>> {
        let known = facts.iter().filter_map(|f| Some((cheapest.get(f.index()).copied().flatten()?, *f)));
        let best = known.min_by(|(a, f), (b, g)| a.cost.total_cmp(&b.cost).then(f.cmp(g)));
        best.map(|(_, fact)| self.derivations.steps(cheapest, fact))
    }
}

fn step_odds(step: &StepRule, params: &BTreeMap<String, String>, judged: &BTreeMap<String, Judged>) -> Odds {
    let exploit = params.get("V").and_then(|v| judged.get(v)).map(|j| j.odds);
    let figure = |figure: Figure, of_exploit: Option<f64>, unknown: f64| match figure {
        Figure::Fixed(value) => value,
        Figure::Exploit => of_exploit.unwrap_or(unknown),
    };
    Odds {
        // A step that cannot succeed would be a fact without a path.
        probability: figure(step.probability, exploit.map(|o| o.probability), 0.1).max(1e-6),
        days: figure(step.days, exploit.map(|o| o.days), 5.8),
    }
}

pub(crate) fn plain(value: &datalog::Value) -> String {
    match value {
        datalog::Value::Symbol(name) => name.clone(),
        datalog::Value::Int(figure) => figure.to_string(),
    }
}
