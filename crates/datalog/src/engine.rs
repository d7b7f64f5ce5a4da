//! Worker threads that keep a rendered program up to date.
//!
//! Each worker holds a share of every index. A commit is broadcast; each worker takes its part of the updates, steps
//! until all have finished the round, and sends what changed in its share. Between commits workers sleep in `recv`.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use timely::communication::WorkerGuards;

use crate::meter::Meter;
use crate::operators::{Difference, Time};
use crate::plan::RulePlan;
use crate::program::Program;
use crate::render::render;
use crate::seminaive::Exceeded;
use crate::session::Options;
use crate::value::Row;

/// Updates by relation.
pub(crate) type Delta = Vec<Vec<(Row, Difference)>>;

pub(crate) struct Engine {
    commands: Vec<Sender<Arc<Delta>>>,
    results: Receiver<Answer>,
    meter: Meter,
    // Dropped last: joins the threads, which end when their command channel does.
    guards: Option<WorkerGuards<()>>,
}

/// A worker's share of a round; `None` if it panicked.
type Answer = Option<Delta>;

/// Tells the session when a worker goes down, since its peers would wait for it without end.
struct Alarm(Sender<Answer>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Nobody listens any more: nothing left to tell.
            let _ = self.0.send(None);
        }
    }
}

/// The engine is gone: a worker thread could not be started or has panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

/// A finished round.
pub(crate) enum Round {
    /// Changes of derived relations, summed, sorted, none zero.
    Changes(Delta),
    /// The budget was exceeded; the engine's contents are no longer of use.
    Exceeded(Exceeded),
}

impl Engine {
    pub(crate) fn start(program: &Program, plans: &[RulePlan], options: Options) -> Result<Self, Stopped> {
        let workers = options.workers.clamp(1, 64);
        let meter = Meter::new(options.max_derived, options.max_steps);
        let (results, received) = channel();
        let (mut commands, mut queues) = (Vec::new(), Vec::new());
        for _ in 0..workers {
            let (sender, receiver) = channel::<Arc<Delta>>();
            commands.push(sender);
            queues.push(Mutex::new(Some(receiver)));
        }
        let config = if workers == 1 { timely::Config::thread() } else { timely::Config::process(workers) };
        let (program, plans, shared) = (program.clone(), plans.to_vec(), meter.clone());
        let results = Mutex::new(results);
        let guards = timely::execute(config, move |worker| {
            let queue = queues.get(worker.index()).and_then(|q| q.lock().ok()?.take());
            let sender = results.lock().ok().map(|sender| sender.clone());
            if let (Some(queue), Some(sender)) = (queue, sender) {
                work(worker, &program, &plans, &shared, &queue, &sender);
            }
        });
        let guards = guards.map_err(|_| Stopped)?;
        Ok(Self { commands, results: received, meter, guards: Some(guards) })
    }

    /// Applies updates and waits until everything that follows is known.
    pub(crate) fn commit(&mut self, delta: Delta) -> Result<Round, Stopped> {
        let delta = Arc::new(delta);
        self.meter.begin();
        for command in &self.commands {
            command.send(delta.clone()).map_err(|_| Stopped)?;
        }
        let mut changes = Delta::new();
        for _ in &self.commands {
            match self.results.recv() {
                Ok(Some(share)) => gather(&mut changes, share),
                _ => {
                    // The peers of a dead worker never finish: leave them behind rather than join them.
                    std::mem::forget(self.guards.take());
                    return Err(Stopped);
                }
            }
        }
        if let Some(which) = self.meter.exceeded() {
            return Ok(Round::Exceeded(which));
        }
        changes.iter_mut().for_each(consolidate);
        Ok(Round::Changes(changes))
    }
}

fn gather(changes: &mut Delta, share: Delta) {
    if changes.is_empty() {
        *changes = share;
        return;
    }
    changes.iter_mut().zip(share).for_each(|(all, more)| all.extend(more));
}

/// Sorted, summed, none zero.
fn consolidate(changes: &mut Vec<(Row, Difference)>) {
    changes.sort_unstable_by_key(|(row, _)| *row);
    changes.dedup_by(|(row, difference), (kept, sum)| {
        let same = row == kept;
        if same {
            *sum += *difference;
        }
        same
    });
    changes.retain(|(_, sum)| *sum != 0);
}

fn work(
    worker: &mut timely::worker::Worker,
    program: &Program,
    plans: &[RulePlan],
    meter: &Meter,
    queue: &Receiver<Arc<Delta>>,
    results: &Sender<Answer>,
) {
    let alarm = Alarm(results.clone());
    let (index, peers) = (worker.index(), worker.peers());
    let mut rendered = worker.dataflow::<Time, _, _>(|scope| render(scope, program, plans, meter));
    let mut time: Time = 0;
    while let Ok(delta) = queue.recv() {
        for (input, updates) in rendered.inputs.iter_mut().zip(delta.iter()) {
            for (row, difference) in updates.iter().skip(index).step_by(peers) {
                input.update(*row, *difference);
            }
        }
        drop(delta);
        time += 1;
        for input in &mut rendered.inputs {
            input.advance_to(time);
            input.flush();
        }
        while rendered.probe.less_than(&time) {
            if peers == 1 {
                worker.step();
            } else {
                worker.step_or_park(Some(Duration::from_millis(1)));
            }
        }
        let changes = rendered.output.borrow_mut().iter_mut().map(std::mem::take).collect();
        if alarm.0.send(Some(changes)).is_err() {
            break;
        }
    }
}
