//! New splits: how many parts of what size, what stays together, and how near that comes to the proportions.

use std::cmp::Ordering;
use std::sync::Arc;

use egui::{
    Align2, ComboBox, DragValue, FontId, Label, RichText, Sense, TextEdit, Ui, WidgetInfo, pos2, vec2,
};
use egui_material_icons::icons;

use super::result::{analysis_ui, row_ui};
use crate::balance::ClassShare;
use crate::state::balance::{MOST_SPLITS, SplitSettings};
use crate::state::{Action, Session, SplitPlan};
use crate::text::{counted, grouped};
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets;

/// Height of a line, in points, and lines that are there at once.
const LINE: f32 = space::ROW - 4.0;
const VISIBLE: usize = 20;
/// Characters of a split's name at most.
const NAME: usize = 100;
/// Part of a line that names have.
const NAMES: f32 = 0.34;

/// Drawing state: the classes in their order, those first that are farthest off.
#[derive(Default)]
pub(super) struct SplitsView {
    of: Option<Arc<SplitPlan>>,
    listed: Vec<usize>,
}

impl SplitsView {
    fn refresh(&mut self, plan: &Arc<SplitPlan>) {
        if self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, plan)) {
            return;
        }
        let classes = &plan.resplit.classes;
        self.listed = (0..classes.len()).filter(|class| classes[*class].samples > 0).collect();
        let order =
            |one: &usize, two: &usize| -> Ordering { classes[*two].off().total_cmp(&classes[*one].off()) };
        self.listed.sort_by(order);
        self.of = Some(plan.clone());
    }
}

/// What is set for new splits.
pub(super) fn new_splits_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    let before = &session.balance.splits;
    let mut settings = SplitSettings::clone(before);
    widgets::group_heading(ui, "New splits");
    widgets::part_heading(ui, "Names and proportions");
    parts_ui(ui, &mut settings);
    ui.add_space(space::XS);
    widgets::part_heading(ui, "Samples of one value stay together");
    group_ui(ui, session, &mut settings.group);
    ui.checkbox(&mut settings.keep_together, "Keep near-duplicates together")
        .on_hover_text("So that nothing leaks from one split to another");
    if settings.keep_together && session.review.analysed.is_none() {
        let text = "Near-duplicates are known after an analysis; until then they are dealt like any others.";
        analysis_ui(ui, pencil, text);
    }
    ui.add_space(space::XS);
    let seed = DragValue::new(&mut settings.seed).speed(0.1).prefix("seed ").update_while_editing(false);
    ui.add(seed).accessible_name("Seed of the new splits");
    if settings != **before {
        pencil.act(Action::ChangeSplits(Arc::new(settings)));
    }
}

/// The splits: their names and their parts of all, which can be others than what adds up to all.
fn parts_ui(ui: &mut Ui, settings: &mut SplitSettings) {
    let (mut removed, count) = (None, settings.parts.len());
    for (at, (name, ratio)) in settings.parts.iter_mut().enumerate() {
        ui.push_id(("part", at), |ui| {
            ui.horizontal(|ui| {
                let mut percent = *ratio * 100.0;
                let field =
                    DragValue::new(&mut percent).range(0.0..=100.0).speed(0.2).max_decimals(1).suffix(" %");
                let response = ui.add(field.update_while_editing(false));
                if response.accessible_name(format!("Part of {name}")).changed() {
                    *ratio = percent / 100.0;
                }
                let title = format!("Name of split {}", at + 1);
                let field = TextEdit::singleline(name).desired_width(130.0).char_limit(NAME);
                ui.add(field).accessible_name(title);
                let title = format!("Remove the split {name}");
                if count > 2 && widgets::icon_button(ui, icons::ICON_CLOSE, &title).clicked() {
                    removed = Some(at);
                }
            });
        });
    }
    if let Some(at) = removed {
        settings.parts.remove(at);
    }
    ui.horizontal_wrapped(|ui| {
        if count < MOST_SPLITS && ui.button("Add a split").clicked() {
            settings.add();
        }
        let sum = settings.sum();
        if sum > 0.0 && (sum - 1.0).abs() > 5e-4 {
            let text = format!("In all {:.1} %: each is dealt as its part of that", sum * 100.0);
            ui.add(Label::new(widgets::dim(text)).wrap());
            if ui.button("Make it 100 %").clicked() {
                settings.scale();
            }
        }
    });
}

/// The column that samples are grouped by: one of the dataset's own.
fn group_ui(ui: &mut Ui, session: &Session, group: &mut Option<String>) {
    const NONE: &str = "No column";
    let attributes = &session.dataset().attributes;
    if attributes.is_empty() && group.is_none() {
        ui.label(widgets::dim("This dataset has no columns of its own."));
        return;
    }
    let bare = |name: &str| name.strip_prefix("attr.").unwrap_or(name).to_owned();
    let shown = group.as_deref().map_or_else(|| NONE.to_owned(), bare);
    ComboBox::from_id_salt("group column").selected_text(shown).width(180.0).show_ui(ui, |ui| {
        if ui.selectable_label(group.is_none(), NONE).clicked() {
            *group = None;
        }
        for attribute in attributes.iter() {
            let name = format!("attr.{}", attribute.name);
            if ui.selectable_label(group.as_ref() == Some(&name), attribute.name.as_str()).clicked() {
                *group = Some(name);
            }
        }
    });
}

/// What the new splits come to.
pub(super) fn dealt_ui(ui: &mut Ui, session: &Session, view: &mut SplitsView) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        widgets::group_heading(ui, "What that comes to");
        if !session.balance.dealt.is_current() {
            ui.label(widgets::dim("dealing…"));
        }
    });
    let plan = match &session.balance.dealt.answer {
        None => return,
        Some(Err(problem)) => {
            ui.add(Label::new(RichText::new(problem).color(tokens.warn)).wrap());
            return;
        }
        Some(Ok(plan)) => plan,
    };
    view.refresh(plan);
    let resplit = &plan.resplit;
    let all: u64 = resplit.sizes.iter().sum();
    for ((name, ratio), count) in plan.names.iter().zip(&plan.ratios).zip(&resplit.sizes) {
        let wanted = ratio * all as f64;
        row_ui(ui, name, &format!("{}, {wanted:.1} in proportion", counted(*count, "sample")));
    }
    let together = match resplit.groups {
        0 => "No samples had to stay together.".to_owned(),
        groups => format!(
            "{} of {} were kept together{}.",
            counted(groups, "group"),
            counted(resplit.grouped, "sample"),
            if plan.kept_copies { ", near-duplicates among them" } else { "" },
        ),
    };
    ui.add(Label::new(widgets::dim(together)).wrap());
    ui.add_space(space::M);
    ui.horizontal(|ui| {
        widgets::group_heading(ui, "Class by class");
        ui.label(widgets::dim("those first that are farthest off their proportions"));
    });
    widgets::lines_ui(ui, "shares", (LINE, VISIBLE), view.listed.len(), |ui, at| {
        if let Some(class) = view.listed.get(at) {
            line_ui(ui, plan, *class);
        }
    });
}

/// A class in its splits, and by how many samples it is off at most.
fn line_ui(ui: &mut Ui, plan: &SplitPlan, class: usize) {
    let Some(share) = plan.resplit.classes.get(class) else { return };
    let tokens = Tokens::of(ui);
    let name = plan.snapshot.labels().classes.get(class).map_or("unlabelled", String::as_str);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::hover());
    let have: Vec<String> = share.have.iter().map(|count| grouped(*count)).collect();
    let have = have.join(" / ");
    let off = format!("off by {:.1}", share.off());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, format!("{name}: {have}, {off}")));
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        let middle = rect.center().y;
        let font = FontId::proportional(size::SMALL + 1.0);
        let room = rect.width() * NAMES - space::S;
        let (galley, _) = widgets::elided_name(painter, name, tokens.text, font.clone(), room);
        painter.galley(pos2(rect.left() + 2.0, middle - galley.size().y / 2.0), galley, tokens.text);
        let at = pos2(rect.left() + rect.width() * NAMES, middle);
        painter.text(at, Align2::LEFT_CENTER, &have, font.clone(), tokens.text);
        let color = if share.off() >= 1.0 { tokens.warn } else { tokens.text_dim };
        painter.text(pos2(rect.right() - space::S, middle), Align2::RIGHT_CENTER, off, font, color);
    }
    response.on_hover_ui(|ui| {
        ui.label(hover_text(plan, share));
    });
}

/// How many there are and would be in proportion, split by split, and what forced that.
fn hover_text(plan: &SplitPlan, share: &ClassShare) -> String {
    let each = plan.names.iter().zip(&share.have).zip(&share.wanted);
    let each: Vec<String> = each
        .map(|((name, have), wanted)| format!("{name} {}, {wanted:.1} in proportion", grouped(*have)))
        .collect();
    let forced = match share.forced_by.len() {
        0 => String::new(),
        groups => format!("; {} that stay together forced it", counted(groups as u64, "large group")),
    };
    format!("{}{forced}", each.join("; "))
}
