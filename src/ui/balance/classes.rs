//! The classes of a plan in the order shown: worked out again where the plan, the search or the order changed, and not
//! in each frame.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{TextEdit, Ui};

use super::target::NO_SPLIT;
use crate::balance::{ClassPlan, Missed};
use crate::dataset::natural;
use crate::state::BalancePlan;
use crate::text::grouped;
use crate::ui::widgets;

/// From this many classes on there is a field to search them.
const SEARCH_FROM: usize = 12;
/// Splits that have a chip.
const CHIPS: usize = 12;

/// The order of classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    Count,
    /// Those that are missed by the most first.
    Missed,
    Name,
}

/// What is listed, and what that follows from.
#[derive(Default)]
pub(super) struct ClassesView {
    pub order: Order,
    pub search: String,
    /// The place of the split that is shown among those of the plan.
    pub part: usize,
    of: Option<(Arc<BalancePlan>, Key)>,
    pub listed: Vec<u32>,
    /// The largest count that is listed, of what is there, wanted or comes of the plan.
    pub most: u64,
    /// Classes that are missed, by why: those missed by the most first.
    pub missed: BTreeMap<Missed, Vec<u32>>,
    /// Classes of the split that have samples.
    pub there: usize,
}

/// What a person chose of the listing.
type Key = (Order, String, usize);

/// By how many samples a class is missed.
fn off(class: &ClassPlan) -> u64 {
    class.after.abs_diff(class.wanted)
}

impl ClassesView {
    /// Whether something else is chosen than what is listed.
    pub fn is_behind(&self) -> bool {
        let is_other =
            |(order, search, part): &Key| (*order, search, *part) != (self.order, &self.search, self.part);
        self.of.as_ref().is_some_and(|(_, key)| is_other(key))
    }

    /// Takes over what changed.
    pub fn refresh(&mut self, plan: Option<&Arc<BalancePlan>>) {
        let Some(plan) = plan else {
            (self.of, self.listed, self.missed) = (None, Vec::new(), BTreeMap::new());
            return;
        };
        self.part = self.part.min(plan.balanced.splits.len().saturating_sub(1));
        let is_same = self.of.as_ref().is_some_and(|(known, _)| Arc::ptr_eq(known, plan));
        if is_same && !self.is_behind() {
            return;
        }
        let names = &plan.snapshot.labels().classes;
        let classes = plan.balanced.classes(self.part);
        let mut order: Vec<u32> = (0..classes.len() as u32).collect();
        order.retain(|class| classes[*class as usize].before > 0);
        self.there = order.len();
        order.sort_by(|one, two| natural::compare(&names[*one as usize], &names[*two as usize]));
        // Sorting is stable: what is equal stays in the order of names.
        let class = |class: &u32| &classes[*class as usize];
        self.missed.clear();
        let mut missed = order.clone();
        missed.sort_by_key(|at| Reverse(off(class(at))));
        let why = |at: u32| plan.class(self.part, at).and_then(|(_, why)| why);
        for (at, why) in missed.iter().filter_map(|at| Some((*at, why(*at)?))) {
            self.missed.entry(why).or_default().push(at);
        }
        match self.order {
            Order::Count => order.sort_by_key(|at| Reverse(class(at).before)),
            Order::Missed => order = missed,
            Order::Name => {}
        }
        let wanted = self.search.trim().to_lowercase();
        order.retain(|at| wanted.is_empty() || names[*at as usize].to_lowercase().contains(&wanted));
        let largest = |at: &u32| class(at).before.max(class(at).after).max(class(at).wanted);
        self.most = order.iter().map(largest).max().unwrap_or(0);
        self.listed = order;
        self.of = Some((plan.clone(), (self.order, self.search.clone(), self.part)));
    }
}

/// What is listed: the split, a search, the order.
pub(super) fn listing_ui(ui: &mut Ui, view: &mut ClassesView, plan: &BalancePlan) {
    let parts = plan.balanced.splits.len();
    if parts > 1 {
        let titles: Vec<String> =
            (0..parts.min(CHIPS)).map(|part| plan.split_name(part).unwrap_or(NO_SPLIT).to_owned()).collect();
        let chips: Vec<(usize, &str, &str)> = titles
            .iter()
            .enumerate()
            .map(|(part, title)| (part, title.as_str(), "Show the classes of this split"))
            .collect();
        widgets::choose(ui, &mut view.part, &chips);
    }
    ui.horizontal_wrapped(|ui| {
        if view.there >= SEARCH_FROM {
            let field =
                TextEdit::singleline(&mut view.search).hint_text("Search classes").desired_width(150.0);
            ui.add(field).accessible_name("Search classes");
            let text = match view.listed.len() {
                0 => format!("No class has “{}” in its name.", view.search.trim()),
                listed => format!("{} of {}", grouped(listed as u64), grouped(view.there as u64)),
            };
            ui.label(widgets::dim(text));
        }
    });
}

/// The order of what is listed.
pub(super) fn order_ui(ui: &mut Ui, view: &mut ClassesView) {
    let orders = [
        (Order::Count, "by count", "The largest classes first"),
        (Order::Missed, "by missed", "Those first that are farthest from what is wanted"),
        (Order::Name, "by name", "By the names of the classes"),
    ];
    widgets::choose(ui, &mut view.order, &orders);
}
