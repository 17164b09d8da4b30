//! Queues of samples to label, the model beside the person and its proposals in order: the threads that work them out.
//!
//! The newest question wins: one that waits gives way to the next.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crossbeam_channel::Sender;

use super::bug;
use crate::analysis::fewshot::{self, Drawn};
use crate::dataset::SampleId;
use crate::dataset::query::{Bitmask, Snapshot};
use crate::jobs::{self, Cancelled, Control, Newest, Outcome};
use crate::pipeline::learning::{Ground, Learned, Learner};
use crate::pipeline::signals;
use crate::review::{Analysed, Near};
use crate::state::labelling::lesson::NoModel;
use crate::state::labelling::{Ordered, Proposals, QueueWish, Ranked};
use crate::state::{Action, Level, Session};
use crate::store::Project;

/// Samples that a model picks for a queue at once.
const PICKS: usize = 200;

/// Where the descriptions and neighbours of an open dataset are.
#[derive(Clone)]
pub struct Source {
    snapshot: Snapshot,
    analysed: Option<Arc<Analysed>>,
    /// In the place of those, where a trained model describes the pictures.
    seen: Option<Arc<Ground>>,
    /// Not held on to: a project that is left is free for whoever opens it next.
    project: Weak<Project>,
}

impl Source {
    pub fn new(session: &Session, project: &Arc<Project>) -> Self {
        let (snapshot, analysed) = (session.snapshot.clone(), session.review.analysed.clone());
        let seen = session.labeller.lesson.sight.ground().cloned();
        Self { snapshot, analysed, seen, project: Arc::downgrade(project) }
    }
}

/// A queue to find, and where a model has its picks from.
type Wish = (u64, QueueWish, Option<Source>);

/// Labels to learn from.
struct Lesson {
    generation: u64,
    source: Source,
    chance: Arc<Bitmask>,
}

/// Proposals to put in order.
struct Ranking {
    generation: u64,
    snapshot: Snapshot,
    proposals: Arc<Proposals>,
}

/// The threads that find queues, teach the model and put proposals in order.
pub struct Queues {
    queues: Newest<Wish>,
    lessons: Newest<Lesson>,
    spreads: Newest<(u64, Source)>,
    rankings: Newest<Ranking>,
    grounds: Arc<Grounds>,
    learner: Arc<Mutex<Option<Learner>>>,
}

impl Queues {
    /// Starts the threads. Answers go to `answers`, and `wake` is called after each.
    pub fn spawn(answers: &Sender<Action>, wake: impl Fn() + Send + Clone + 'static) -> Self {
        let grounds = Arc::new(Grounds::default());
        let (told, woken, known) = (answers.clone(), wake.clone(), grounds.clone());
        let queues = Newest::spawn("find-queue", move |(generation, wish, source): Wish| {
            let found = jobs::run(|| find(generation, &wish, source.as_ref(), &known));
            // The window may be gone by now.
            let _ = told.send(answer("the queue of samples to label", found));
            woken();
        });
        let (told, woken, known) = (answers.clone(), wake.clone(), grounds.clone());
        let spreads = Newest::spawn("spread-labels", move |(generation, source): (u64, Source)| {
            let control = Control::new();
            let found = jobs::run(|| {
                let found = match known.get(&source, &control)? {
                    Some(ground) => Ok(ground.spread(&source.snapshot, &control)?),
                    None => Err(NoModel::NotAnalysed),
                };
                Ok(Action::LabelsSpread { generation, found })
            });
            let _ = told.send(answer("spreading labels", found));
            woken();
        });
        let (told, woken) = (answers.clone(), wake.clone());
        let learner: Arc<Mutex<Option<Learner>>> = Arc::default();
        let (own, known) = (learner.clone(), grounds.clone());
        let lessons = Newest::spawn("learn-labels", move |lesson: Lesson| {
            let learned =
                jobs::run(|| learn(&lesson, &known, &mut own.lock().unwrap_or_else(PoisonError::into_inner)));
            let _ = told.send(answer("learning from labels", learned));
            woken();
        });
        let told = answers.clone();
        let rankings = Newest::spawn("rank-proposals", move |ranking: Ranking| {
            let Ranking { generation, snapshot, proposals } = ranking;
            let found = jobs::run(|| {
                let ranked = Ranked::new(&snapshot, &proposals).into();
                Ok(Action::ProposalsRanked { generation, ranked })
            });
            let _ = told.send(answer("putting proposals in order", found));
            wake();
        });
        Self { queues, lessons, spreads, rankings, grounds, learner }
    }

    /// The dataset is left: what waits for it is not done, and its memory is let go where no thread uses it.
    pub fn forget(&self) {
        self.queues.change(|waiting| *waiting = None);
        self.lessons.change(|waiting| *waiting = None);
        self.spreads.change(|waiting| *waiting = None);
        self.rankings.change(|waiting| *waiting = None);
        if let Ok(mut learner) = self.learner.try_lock() {
            *learner = None;
        }
        if let Ok(mut known) = self.grounds.known.try_lock() {
            *known = None;
        }
    }

    /// Finds a queue; `source` is where a model has its picks from.
    pub fn find(&self, generation: u64, wish: QueueWish, source: Option<Source>) {
        self.queues.ask((generation, wish, source));
    }

    /// Lets the model learn; `chance` are the samples that were asked about by chance alone.
    pub fn learn(&self, generation: u64, source: Source, chance: Arc<Bitmask>) {
        self.lessons.ask(Lesson { generation, source, chance });
    }

    /// Spreads labels to unlabelled samples over the graph of neighbours.
    pub fn spread(&self, generation: u64, source: Source) {
        self.spreads.ask((generation, source));
    }

    pub fn rank(&self, generation: u64, snapshot: Snapshot, proposals: Arc<Proposals>) {
        self.rankings.ask(Ranking { generation, snapshot, proposals });
    }
}

/// What a model learns on, made once for each analysis.
#[derive(Default)]
struct Grounds {
    known: Mutex<Option<Known>>,
}

/// What came of the neighbours of one analysis.
struct Known {
    near: Arc<Near>,
    ground: Option<Arc<Ground>>,
}

impl Grounds {
    /// `None` before an analysis, and where the project keeps no descriptions of it, unless a trained model describes the
    /// pictures.
    fn get(&self, source: &Source, control: &Control) -> Result<Option<Arc<Ground>>, Cancelled> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = &source.seen {
            // The other one takes as much memory, and can be had again.
            *known = None;
            return Ok(Some(seen.clone()));
        }
        let Some(analysed) = &source.analysed else { return Ok(None) };
        if let Some(known) = known.as_ref().filter(|known| Arc::ptr_eq(&known.near, &analysed.near)) {
            return Ok(known.ground.clone());
        }
        // The old one goes before the new one takes as much.
        *known = None;
        let Some(project) = source.project.upgrade() else { return Ok(None) };
        let loaded = signals::load(&project, source.snapshot.len());
        drop(project);
        let ground = match loaded {
            Ok((signals, _)) => Some(Ground::new(&signals, &analysed.near.neighbours, control)?),
            Err(error) => {
                // The next question tries again.
                tracing::warn!("the model beside the person has no descriptions: {error}");
                return Ok(None);
            }
        };
        let ground = ground.filter(|ground| ground.known() > 0).map(Arc::new);
        *known = Some(Known { near: analysed.near.clone(), ground: ground.clone() });
        Ok(ground)
    }
}

fn find(
    generation: u64,
    wish: &QueueWish,
    source: Option<&Source>,
    grounds: &Grounds,
) -> Result<Action, Cancelled> {
    let mut by_chance: Vec<SampleId> = Vec::new();
    let mut picked = None;
    if let (Some(strategy), Some(source)) = (wish.kind.strategy(), source)
        && let Some(ground) = grounds.get(source, &Control::new())?
    {
        // Classes are named by the numbers that they have now.
        let identities = &wish.snapshot.in_force.identities;
        let proposals = wish.proposals.as_ref().filter(|proposals| proposals.identities == *identities);
        let proposals = proposals.map(|proposals| fewshot::Proposals {
            class: proposals.classes.clone(),
            confidence: proposals.confidences.clone(),
            margin: proposals.margins.clone(),
        });
        let passed = |sample: SampleId| wish.passed.contains(sample as usize);
        let picks = ground.pick(&wish.snapshot, strategy, PICKS, proposals.as_ref(), passed, wish.seed);
        let honest = picks.iter().filter(|pick| pick.drawn == Drawn::AtRandom);
        by_chance.extend(honest.map(|pick| pick.row));
        picked = Some(picks.iter().map(|pick| pick.row).collect::<Vec<SampleId>>());
    }
    let (rows, ordered) = wish.find(picked.as_deref());
    if ordered == Ordered::ByChance {
        by_chance = rows.to_vec();
    }
    Ok(Action::QueueReady { generation, rows: rows.into(), ordered, by_chance })
}

fn learn(lesson: &Lesson, grounds: &Grounds, learner: &mut Option<Learner>) -> Result<Action, Cancelled> {
    let Lesson { generation, source, chance } = lesson;
    let generation = *generation;
    let control = Control::new();
    let Some(ground) = grounds.get(source, &control)? else {
        *learner = None;
        return Ok(Action::Learned { generation, found: Err(NoModel::NotAnalysed) });
    };
    if !learner.as_ref().is_some_and(|learner| Arc::ptr_eq(learner.ground(), &ground)) {
        *learner = Some(Learner::new(ground.clone()));
    }
    let model = learner.get_or_insert_with(|| Learner::new(ground));
    let is_honest = |sample: SampleId| (sample as usize) < chance.len() && chance.contains(sample as usize);
    let learned = model.learn(&source.snapshot, is_honest, &control)?;
    let found = learned.map(|learned| Arc::new(proposals(learned))).ok_or(NoModel::TooFewAnswers);
    Ok(Action::Learned { generation, found })
}

fn proposals(learned: Learned) -> Proposals {
    let Learned { identities, proposals, answers, estimates, curve } = learned;
    let fewshot::Proposals { class, confidence, margin } = proposals;
    Proposals {
        identities,
        classes: class,
        confidences: confidence,
        margins: margin,
        answers,
        estimates,
        curve,
    }
}

fn answer(doing: &str, outcome: Outcome<Action>) -> Action {
    let cause = match outcome {
        Outcome::Done(action) => return action,
        Outcome::Cancelled => "it was cancelled".to_owned(),
        Outcome::Panicked(cause) => cause,
    };
    Action::Notify { level: Level::Error, text: bug(doing, &cause) }
}
