//! A pipeline: what a person put together, and the plan that it comes to for one variant of one sample.

use serde_json::{Map, Value as Json};

use super::param::Value;
use super::random::Key;
use super::stage::{Size, Stage};
use super::table::{Family, Operation, Picture, Taken, operation, output};

/// Steps one after the other, with a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pipeline {
    pub name: String,
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its own in the pipeline, and kept when other steps come, go and move: its numbers are drawn by it.
    pub id: u32,
    /// How often it is done, 0 to 1. Among the steps of a choice, its weight.
    pub probability: f64,
    pub is_on: bool,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Operation(Settings),
    Group(Group),
    /// Something that a file names and that is not known here; it does nothing.
    Unknown(Unknown),
}

/// An operation with values for its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub operation: &'static Operation,
    /// One for each parameter, as [`Param::fit`](super::param::Param::fit) leaves it.
    pub values: Vec<Value>,
    /// What a file says beside, under the names that it has there; it is written again.
    pub kept: Map<String, Json>,
}

/// Steps that are done together in some way.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub order: Order,
    pub steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    /// All, one after the other.
    InTurn,
    /// All, in any order.
    Shuffled,
    /// One of them, by weight.
    OneOf,
    /// So many different ones of them, by weight, in their order.
    SomeOf { least: u32, most: u32 },
}

/// What is kept of something unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct Unknown {
    /// As the file names it.
    pub name: String,
    pub text: Map<String, Json>,
}

/// Which variant of which sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    pub seed: u64,
    /// See [`sample_key`](super::random::sample_key).
    pub sample: u64,
    pub number: u32,
}

/// What a pipeline comes to for one variant: all luck is settled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub before: Size,
    pub after: Size,
    pub stages: Vec<Stage>,
    /// What was done, step by step.
    pub done: Vec<Done>,
}

/// A step that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    pub step: u32,
    pub operation: &'static Operation,
    /// Every number that was drawn.
    pub taken: Vec<(&'static str, Taken)>,
}

impl Settings {
    pub fn new(operation: &'static Operation) -> Self {
        Self { operation, values: operation.defaults(), kept: Map::new() }
    }

    /// The operation of this name with these values for some of its parameters. `None` where there is no such
    /// operation or parameter, or the value is of another kind.
    pub fn with(name: &str, given: &[(&str, Value)]) -> Option<Self> {
        let mut settings = Self::new(operation(name)?);
        for (name, value) in given {
            settings.set(name, *value)?;
        }
        Some(settings)
    }

    /// Sets a parameter, within its limits.
    pub fn set(&mut self, name: &str, value: Value) -> Option<()> {
        let (at, param) = self.operation.param(name)?;
        self.values[at] = param.fit(value)?;
        Some(())
    }

    /// Whether it normalises by the dataset's own mean and deviation.
    pub fn is_normalize_by_dataset(&self) -> bool {
        let by = self.operation.param("by").map(|(at, _)| self.values[at]);
        self.operation.name == output::NAME && by == Some(Value::Choice(output::BY_DATASET))
    }
}

impl Step {
    /// The operation as often as it is done unless that is set.
    pub fn new(id: u32, settings: Settings) -> Self {
        Self { id, probability: settings.operation.probability, is_on: true, what: What::Operation(settings) }
    }

    pub fn group(id: u32, order: Order, steps: Vec<Step>) -> Self {
        Self { id, probability: 1.0, is_on: true, what: What::Group(Group { order, steps }) }
    }

    /// The steps in it.
    pub fn steps(&self) -> &[Step] {
        match &self.what {
            What::Group(group) => &group.steps,
            _ => &[],
        }
    }
}

impl Pipeline {
    /// An id that no step has.
    pub fn next_id(&self) -> u32 {
        fn greatest(steps: &[Step]) -> Option<u32> {
            steps.iter().flat_map(|step| [Some(step.id), greatest(step.steps())]).flatten().max()
        }
        let after = greatest(&self.steps).map_or(Some(0), |id| id.checked_add(1));
        after.unwrap_or_else(|| (0..u32::MAX).find(|id| self.step(*id).is_none()).unwrap_or(0))
    }

    /// Whether a step that is on is of this family, at any depth.
    pub fn has(&self, family: Family) -> bool {
        self.has_one(&|settings| settings.operation.family == family)
    }

    /// Whether a step that is on is so, at any depth.
    pub fn has_one(&self, is_so: &dyn Fn(&Settings) -> bool) -> bool {
        fn any(steps: &[Step], is_so: &dyn Fn(&Settings) -> bool) -> bool {
            steps.iter().filter(|step| step.is_on).any(|step| match &step.what {
                What::Operation(settings) => is_so(settings),
                What::Group(group) => any(&group.steps, is_so),
                What::Unknown(_) => false,
            })
        }
        any(&self.steps, is_so)
    }

    /// The steps that are on and normalise, and behind which something else may be done: that is done to pixels
    /// as they are here, and to normalised ones wherever else the pipeline is carried out.
    pub fn normalized_early(&self) -> Vec<u32> {
        let mut early = Vec::new();
        find_early(&self.steps, Order::InTurn, false, &mut early);
        early
    }

    /// The step of this id, at any depth.
    pub fn step(&self, id: u32) -> Option<&Step> {
        fn find(steps: &[Step], id: u32) -> Option<&Step> {
            steps.iter().find_map(|step| if step.id == id { Some(step) } else { find(step.steps(), id) })
        }
        find(&self.steps, id)
    }

    pub fn step_mut(&mut self, id: u32) -> Option<&mut Step> {
        fn find(steps: &mut [Step], id: u32) -> Option<&mut Step> {
            for step in steps {
                if step.id == id {
                    return Some(step);
                }
                if let What::Group(group) = &mut step.what
                    && let Some(found) = find(&mut group.steps, id)
                {
                    return Some(found);
                }
            }
            None
        }
        find(&mut self.steps, id)
    }

    /// Settles one variant.
    pub fn plan(&self, variant: Variant, picture: Picture) -> Plan {
        let key = Key::new(variant.seed, variant.sample, variant.number);
        let mut plan =
            Plan { before: picture.size, after: picture.size, stages: Vec::new(), done: Vec::new() };
        plan.add_all(&self.steps, key, picture.channels);
        plan
    }
}

/// Adds the steps that normalise too early; `is_followed` says whether something comes behind all of these.
fn find_early(steps: &[Step], order: Order, is_followed: bool, early: &mut Vec<u32>) {
    fn does_something(step: &Step) -> bool {
        let is_done = step.is_on && step.probability > 0.0;
        is_done
            && match &step.what {
                What::Operation(_) => true,
                What::Group(group) => group.steps.iter().any(does_something),
                // It says nothing of what it would do: turning pixels into tensors comes behind normalising.
                What::Unknown(_) => false,
            }
    }
    let done: Vec<&Step> = steps.iter().filter(|step| does_something(step)).collect();
    for (at, step) in done.iter().enumerate() {
        let comes_behind = match order {
            Order::InTurn => at + 1 < done.len(),
            Order::SomeOf { most, .. } => most > 1 && at + 1 < done.len(),
            Order::Shuffled => done.len() > 1,
            Order::OneOf => false,
        };
        let is_followed = is_followed || comes_behind;
        match &step.what {
            What::Operation(settings) if settings.operation.name == output::NAME && is_followed => {
                early.push(step.id);
            }
            What::Group(group) => find_early(&group.steps, group.order, is_followed, early),
            _ => {}
        }
    }
}

impl Plan {
    fn add_all(&mut self, steps: &[Step], key: Key, channels: u8) {
        for step in steps {
            if step.is_on && luck(step, key).0.chance(step.probability) {
                self.add(step, key, channels);
            }
        }
    }

    /// Adds a step that is done.
    fn add(&mut self, step: &Step, key: Key, channels: u8) {
        let (mut draw, own) = luck(step, key);
        // The number that says whether it is done at all.
        draw.unit();
        match &step.what {
            What::Operation(settings) => {
                let picture = Picture { size: self.after, channels };
                let settled = settings.operation.settle(&settings.values, own, picture);
                self.after = settled.size;
                self.stages.extend(settled.stages);
                let done = Done { step: step.id, operation: settings.operation, taken: settled.taken };
                self.done.push(done);
            }
            What::Group(group) => {
                let mut there: Vec<&Step> = group.steps.iter().filter(|step| step.is_on).collect();
                match group.order {
                    Order::InTurn => self.add_all(&group.steps, key, channels),
                    Order::Shuffled => {
                        draw.shuffle(&mut there);
                        there
                            .into_iter()
                            .for_each(|step| self.add_all(std::slice::from_ref(step), key, channels));
                    }
                    Order::OneOf => {
                        let weights: Vec<f64> = there.iter().map(|step| step.probability).collect();
                        for at in some_of(&mut draw, &weights, 1) {
                            self.add(there[at], key, channels);
                        }
                    }
                    Order::SomeOf { least, most } => {
                        let weights: Vec<f64> = there.iter().map(|step| step.probability).collect();
                        let all = there.len() as u32;
                        let (least, most) = (least.min(all), most.min(all));
                        let count = least + draw.below(most.saturating_sub(least) + 1);
                        for at in some_of(&mut draw, &weights, count as usize) {
                            self.add(there[at], key, channels);
                        }
                    }
                }
            }
            What::Unknown(_) => {}
        }
    }
}

/// The numbers that settle whether and how a step is done, and the key of what it does.
fn luck(step: &Step, key: Key) -> (super::random::Draw, Key) {
    let own = key.child(step.id);
    (own.child(0x7374_6570).draw(), own)
}

/// So many places, drawn by weight without repeats, in order. Places of no weight are not drawn.
fn some_of(draw: &mut super::random::Draw, weights: &[f64], count: usize) -> Vec<usize> {
    let mut left: Vec<(usize, f64)> =
        weights.iter().copied().enumerate().filter(|(_, weight)| *weight > 0.0).collect();
    let mut taken = Vec::new();
    while taken.len() < count && !left.is_empty() {
        let mut at = draw.unit() * left.iter().map(|(_, weight)| weight).sum::<f64>();
        let place = left.iter().position(|(_, weight)| {
            at -= weight;
            at < 0.0
        });
        taken.push(left.remove(place.unwrap_or(left.len() - 1)).0);
    }
    taken.sort_unstable();
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: Picture = Picture { size: [32, 24], channels: 3 };

    fn step(id: u32, name: &str, probability: f64) -> Step {
        Step { probability, ..Step::new(id, Settings::with(name, &[]).unwrap()) }
    }

    fn pipeline(steps: Vec<Step>) -> Pipeline {
        Pipeline { name: String::new(), steps }
    }

    /// How often each step is done in a thousand variants, and how many there are of each number of steps.
    fn tally(pipeline: &Pipeline, ids: usize) -> (Vec<u32>, Vec<u32>) {
        let (mut by_id, mut by_count) = (vec![0; ids], vec![0; ids + 1]);
        for number in 0..1000 {
            let plan = pipeline.plan(Variant { seed: 1, sample: 2, number }, PICTURE);
            plan.done.iter().for_each(|done| by_id[done.step as usize] += 1);
            by_count[plan.done.len()] += 1;
        }
        (by_id, by_count)
    }

    #[test]
    fn steps_are_done_as_often_as_they_say() {
        let near = |found: u32, expected: u32| found.abs_diff(expected) < 60;
        let (ids, _) = tally(&pipeline(vec![step(0, "invert", 0.25), step(1, "invert", 1.0)]), 2);
        assert!(near(ids[0], 250) && ids[1] == 1000, "{ids:?}");
        let members = || vec![step(1, "invert", 0.5), step(2, "solarize", 0.5), step(3, "posterize", 1.0)];
        let one = pipeline(vec![Step::group(0, Order::OneOf, members())]);
        let (ids, counts) = tally(&one, 4);
        assert!(near(ids[1], 250) && near(ids[2], 250) && near(ids[3], 500), "{ids:?}");
        assert_eq!(counts[1], 1000);
        let some = pipeline(vec![Step::group(0, Order::SomeOf { least: 1, most: 3 }, members())]);
        let (_, counts) = tally(&some, 4);
        assert!((1..=3).all(|count| near(counts[count], 333)), "{counts:?}");
    }

    #[test]
    fn a_shuffled_group_comes_in_every_order() {
        let members = vec![step(1, "invert", 1.0), step(2, "solarize", 1.0), step(3, "posterize", 1.0)];
        let shuffled = pipeline(vec![Step::group(0, Order::Shuffled, members)]);
        let mut orders = std::collections::BTreeSet::new();
        for number in 0..100 {
            let plan = shuffled.plan(Variant { seed: 1, sample: 2, number }, PICTURE);
            orders.insert(plan.done.iter().map(|done| done.step).collect::<Vec<_>>());
        }
        assert_eq!(orders.len(), 6);
    }

    #[test]
    fn a_step_s_luck_is_its_own() {
        // Another step before it, or another range, leaves a step's luck as it was.
        let variant = Variant { seed: 5, sample: 6, number: 7 };
        let alone = pipeline(vec![step(4, "brightness", 1.0)]).plan(variant, PICTURE);
        let behind =
            pipeline(vec![step(9, "invert", 1.0), step(4, "brightness", 1.0)]).plan(variant, PICTURE);
        assert_eq!(alone.done[0], behind.done[1]);
        let mut wide = step(4, "brightness", 1.0);
        let What::Operation(settings) = &mut wide.what else { panic!("it is an operation") };
        let before = settings.values[0];
        let (Value::Range([low, high]), Taken::Number(taken)) = (before, &alone.done[0].taken[0].1) else {
            panic!("brightness draws from a range");
        };
        settings.set("factor", Value::Range([low, (low + high) / 2.0])).unwrap();
        let narrow = pipeline(vec![wide]).plan(variant, PICTURE);
        let Taken::Number(now) = narrow.done[0].taken[0].1 else { panic!("it is a number") };
        assert!(((now - low) - (taken - low) / 2.0).abs() < 1e-9);
    }

    #[test]
    fn numbers_at_their_ends_do_no_harm() {
        let members = vec![step(1, "invert", 1.0), step(u32::MAX, "solarize", 1.0)];
        let group = Step::group(0, Order::SomeOf { least: 0, most: u32::MAX }, members);
        let pipeline = pipeline(vec![group]);
        assert_eq!(pipeline.next_id(), 2, "no id is taken twice");
        let counts: Vec<usize> = (0..60)
            .map(|number| pipeline.plan(Variant { seed: 1, sample: 2, number }, PICTURE).done.len())
            .collect();
        assert!((0..=2).all(|count| counts.contains(&count)), "{counts:?}");
        assert!(!pipeline.has(Family::Mixing) && pipeline.has(Family::Colour));
    }

    #[test]
    fn what_normalizes_comes_last() {
        let normalize = |id| step(id, "normalize", 1.0);
        let invert = |id| step(id, "invert", 0.5);
        let off = |id| Step { is_on: false, ..invert(id) };
        let tensors = Unknown { name: "ToTensorV2".to_owned(), text: Map::new() };
        let tensors = Step { what: What::Unknown(tensors), ..invert(9) };
        let group = |order, steps| Step::group(20, order, steps);
        let one_of_two = Order::SomeOf { least: 1, most: 1 };
        let two = Order::SomeOf { least: 1, most: 2 };
        let rows = [
            ("last", vec![invert(0), normalize(1)], vec![]),
            ("first", vec![normalize(0), invert(1)], vec![0]),
            ("before what is off", vec![normalize(0), off(1)], vec![]),
            ("before tensors", vec![normalize(0), tensors], vec![]),
            ("twice", vec![normalize(0), normalize(1)], vec![0]),
            ("last of a group", vec![group(Order::InTurn, vec![invert(0), normalize(1)])], vec![]),
            ("first of a group", vec![group(Order::InTurn, vec![normalize(0), invert(1)])], vec![0]),
            ("in a group before", vec![group(Order::InTurn, vec![normalize(0)]), invert(1)], vec![0]),
            ("in any order", vec![group(Order::Shuffled, vec![invert(0), normalize(1)])], vec![1]),
            ("one of them", vec![group(Order::OneOf, vec![normalize(0), invert(1)])], vec![]),
            ("one of some", vec![group(one_of_two, vec![normalize(0), invert(1)])], vec![]),
            ("two of some", vec![group(two, vec![normalize(0), invert(1)])], vec![0]),
            ("before an empty group", vec![normalize(0), group(Order::InTurn, vec![])], vec![]),
        ];
        for (name, steps, expected) in rows {
            assert_eq!(pipeline(steps).normalized_early(), expected, "{name}");
        }
    }

    #[test]
    fn ids_are_found_at_any_depth() {
        let mut nested = pipeline(vec![Step::group(3, Order::InTurn, vec![step(7, "invert", 1.0)])]);
        assert_eq!(nested.next_id(), 8);
        assert_eq!(nested.step(7).unwrap().id, 7);
        nested.step_mut(7).unwrap().is_on = false;
        assert!(!nested.step(7).unwrap().is_on && nested.step(5).is_none());
        assert!(nested.plan(Variant { seed: 0, sample: 0, number: 0 }, PICTURE).done.is_empty());
    }
}
