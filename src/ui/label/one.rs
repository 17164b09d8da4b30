//! One by one: the sample at hand, large, what it is and what it may be, and how far the queue is.

use egui::{
    Align, Color32, ComboBox, Frame, Key, Layout, Margin, Rect, RichText, Role, ScrollArea, Sense, TextEdit,
    Ui, UiBuilder, WidgetInfo, vec2,
};
use egui_material_icons::icons;

use super::classes::classes_ui;
use super::model::model_ui;
use super::{Draft, Field, LabelPane, step};
use crate::dataset::edit::{Mark, SampleSet};
use crate::dataset::{SampleId, Verdict};
use crate::state::Session;
use crate::state::labelling::lesson::NoModel;
use crate::state::labelling::{Ordered, Proposals, QueueKind, Step};
use crate::text::{confidence_text, counted, duration_text, grouped};
use crate::ui::Pencil;
use crate::ui::grid::file_name;
use crate::ui::inspector::canvas_ui;
use crate::ui::tags::{Shows, TagsView, tag_field_ui, tags_ui};
use crate::ui::theme::{Tokens, bold, size, space};
use crate::ui::widgets::{self, IconButton, Page};

/// From this width on the classes stand beside the image, in points.
const WIDE: f32 = 680.0;
/// Height of what is said of the sample, in points, from which on it scrolls.
const SAID: f32 = 84.0;

/// Chooses the queue, and says where its order is not what it should be yet.
pub(super) fn chooser_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    let queue = &session.labeller.walk.queue;
    let mut kind = queue.kind();
    let combo = ComboBox::from_id_salt("queue").width(150.0).height(320.0).selected_text(kind.title());
    let shown = combo.show_ui(ui, |ui| {
        for one in QueueKind::ALL {
            ui.selectable_value(&mut kind, one, one.title()).on_hover_text(one.about());
        }
    });
    let name = format!("Queue: {}", queue.kind().title());
    shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &name));
    shown.response.on_hover_text(queue.kind().about());
    if kind != queue.kind() {
        pencil.act(step(Step::Choose(kind)));
    }
    if queue.ordered() == Ordered::ByChance {
        let text = match session.labeller.proposals {
            None if session.labeller.lesson.why == Some(NoModel::NotAnalysed) => {
                "The model needs an analysis first (F6). Until then the order is by chance.".to_owned()
            }
            None => format!(
                "The model needs some answers first: label {} of two classes or more. Until then the order is by \
                 chance.",
                counted(Proposals::FIRST_ANSWERS as u64, "sample")
            ),
            Some(_) => "The order is by chance.".to_owned(),
        };
        ui.label(widgets::dim(text));
    }
}

/// Draws the sample at hand with the classes beside or below it.
pub(super) fn one_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, pane: &mut LabelPane) {
    let tokens = Tokens::of(ui);
    let bar = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(space::M as i8, 6));
    let foot = egui::Panel::bottom("label progress").frame(bar);
    pane.foot = Some(foot.show(ui, |ui| progress_ui(ui, pencil, session)).response.rect);
    let there = |sample: &SampleId| (*sample as usize) < session.snapshot.len();
    let sample = session.labeller.walk.queue.at_hand().filter(there);
    let whole = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(whole);
    let (left, right) = if whole.width() >= WIDE {
        let classes = (whole.width() * 0.3).clamp(230.0, 340.0);
        whole.split_left_right_at_x((whole.right() - classes).round())
    } else {
        whole.split_top_bottom_at_y((whole.top() + whole.height() * 0.6).round())
    };
    if whole.width() >= WIDE {
        ui.painter().vline(right.left(), right.y_range(), (1.0, tokens.line));
    } else {
        ui.painter().hline(right.x_range(), right.top(), (1.0, tokens.line));
    }
    let part = |rect: Rect, name: &'static str| UiBuilder::new().max_rect(rect).id_salt(name);
    ui.scope_builder(part(left, "label sample"), |ui| {
        ui.set_clip_rect(left.intersect(ui.clip_rect()));
        match sample {
            Some(sample) => sample_ui(ui, pencil, session, pane, sample),
            None => {
                pane.keep_typed(pencil);
                end_ui(ui, pencil, session);
            }
        }
    });
    ui.scope_builder(part(right.shrink2(vec2(space::M, space::S)), "label classes"), |ui| {
        ui.set_clip_rect(right.shrink(1.0).intersect(ui.clip_rect()));
        // Where there is no room for the model and a few classes, both scroll as one.
        let room = ui.available_height();
        ScrollArea::vertical().id_salt("label beside").auto_shrink(false).show(ui, |ui| {
            let bottom = ui.cursor().top() + room;
            model_ui(ui, pencil, session);
            classes_ui(ui, pencil, session, &mut pane.classes, &mut pane.focus, sample, bottom);
        });
    });
}

fn sample_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    pane: &mut LabelPane,
    sample: SampleId,
) {
    let (near, count) = session.labeller.walk.queue.near(&session.snapshot);
    let picture = pencil.pictures.full(sample);
    pencil.pictures.prefetch_full(&near[..count]);
    let head = Frame::new().inner_margin(Margin::symmetric(space::M as i8, 6));
    egui::Panel::top("label head").frame(head).show(ui, |ui| {
        head_ui(ui, pencil, session, pane, sample);
        // All of it can be read, however much is said, and the picture keeps its place.
        let said = ScrollArea::vertical().id_salt("label said").max_height(SAID).auto_shrink([false, true]);
        said.show(ui, |ui| {
            said_ui(ui, pencil, session, &mut pane.tags, sample);
            let note = session.snapshot.labelling.note(sample);
            if !note.is_empty() && pane.note.is_none() {
                ui.add(egui::Label::new(widgets::dim(format!("Note: {note}"))).wrap());
            }
        });
        let now = pane.focus.take_if(|field| *field == Field::Tag).is_some();
        let field = ("Tag of this sample", Shows::Asked { now });
        let samples = || SampleSet::from_rows([sample]);
        tag_field_ui(ui, pencil, &mut pane.tags, session, sample, field, samples);
        note_ui(ui, pencil, session, pane, sample);
    });
    canvas_ui(ui, pencil, &mut pane.canvas, Color32::WHITE, session, sample, &picture);
}

/// The sample's name, and what one can do with it beside labelling.
fn head_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, pane: &mut LabelPane, sample: SampleId) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            let faint = tokens.text_dim;
            let is_pruned = session.snapshot.decision(sample).verdict == Verdict::Prune;
            let reject = IconButton::new(icons::ICON_BLOCK, "Reject (X)").on(is_pruned).color(faint);
            if reject.show(ui).clicked() {
                pencil.act(step(Step::Decide(Verdict::Prune)));
            }
            if IconButton::new(icons::ICON_EDIT_NOTE, "Write a note (Shift+N)")
                .color(faint)
                .enabled(session.project.can_write())
                .show(ui)
                .clicked()
            {
                pane.focus = Some(Field::Note);
            }
            if IconButton::new(icons::ICON_LABEL, "Add a tag (Shift+T)")
                .color(faint)
                .enabled(session.project.can_write())
                .show(ui)
                .clicked()
            {
                pane.focus = Some(Field::Tag);
            }
            let marks = session.overlay.marks.get(sample as usize).copied().unwrap_or(0);
            for (mark, icon, name) in [
                (Mark::Unsure, icons::ICON_HELP, "Unsure (H)"),
                (Mark::Reviewed, icons::ICON_CHECK_CIRCLE, "Reviewed (R)"),
                (Mark::Star, icons::ICON_STAR, "Star (S)"),
            ] {
                let is_on = marks & mark.bit() != 0;
                if IconButton::new(icon, name).on(is_on).color(faint).show(ui).clicked() {
                    pencil.act(step(Step::Mark(mark)));
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let path = session.dataset().path(sample);
                let (font, width) = (bold(size::BODY), ui.available_width());
                let (title, _) =
                    widgets::elided_name(ui.painter(), file_name(path), tokens.text, font, width);
                let title = ui.label(title);
                title.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("At hand: {path}")));
                title.on_hover_text(path);
            });
        });
    });
}

/// What the sample is, what its source says, what the model proposes, and its tags: those may be many.
fn said_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, tags: &mut TagsView, sample: SampleId) {
    let tokens = Tokens::of(ui);
    let snapshot = &session.snapshot;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let classes = snapshot.labels().get(sample);
        let is_none = classes.is_empty();
        if is_none {
            let is_said = snapshot.labelling.answer(sample).is_some();
            ui.label(widgets::dim(if is_said { "None of the classes" } else { "No label yet" }));
        }
        for class in classes {
            let name = snapshot.labels().classes.get(*class as usize).map_or("?", String::as_str);
            class_chip_ui(ui, name, tokens.class_of(&session.snapshot, *class), tokens);
        }
        if snapshot.is_relabelled(sample) {
            let given = snapshot.dataset.labels.get(sample).is_empty();
            let names = || snapshot.dataset.labels.names(sample).collect::<Vec<_>>().join(", ");
            let text = if given { "source: none".to_owned() } else { format!("source: {}", names()) };
            ui.label(widgets::dim(text));
        }
        if let Some((identity, confidence)) = session.proposal_of(sample) {
            let name = snapshot.labelling.classes().name(identity);
            let identities = &snapshot.in_force.identities;
            let agrees = classes
                .iter()
                .any(|class| identities.get(*class as usize).is_some_and(|one| one == identity));
            let text = match agrees {
                true => format!("the model agrees, {}", confidence_text(confidence)),
                false => format!("likely {name}, {}", confidence_text(confidence)),
            };
            let ghost = egui::Button::new(RichText::new(&text).italics().color(tokens.accent))
                .fill(Color32::TRANSPARENT)
                .stroke((1.0, tokens.accent.gamma_multiply(0.5)))
                .corner_radius(12)
                .wrap_mode(egui::TextWrapMode::Extend);
            if ui.add(ghost).on_hover_text("Enter accepts it").clicked() {
                pencil.act(step(Step::Accept));
            }
        }
        tags_ui(ui, pencil, tags, session, sample, || SampleSet::from_rows([sample]));
    });
}

fn class_chip_ui(ui: &mut Ui, name: &str, colour: Color32, tokens: &Tokens) {
    /// Points between a chip's edge and what is in it, and width of the dot with its distance.
    const EDGE: f32 = 8.0;
    const DOT: f32 = 14.0;
    let font = egui::FontId::proportional(size::BODY);
    let room = (ui.available_width() - 2.0 * EDGE - DOT).max(60.0);
    let text = widgets::elided(ui.painter(), name, tokens.text, font, room);
    let (rect, response) =
        ui.allocate_exact_size(vec2(text.size().x + DOT + 2.0 * EDGE, 22.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Is {name}")));
    ui.painter().rect_filled(rect, 11, tokens.raised);
    ui.painter().circle_filled(rect.left_center() + vec2(EDGE + 4.0, 0.0), 4.0, colour);
    let at = rect.left_center() + vec2(EDGE + DOT, -text.size().y / 2.0);
    let is_cut = text.elided;
    ui.painter().galley(at, text, tokens.text);
    if is_cut {
        response.on_hover_text(name);
    }
}

/// The field that the sample's note is written in: kept when it is left, and when the window closes.
fn note_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, pane: &mut LabelPane, sample: SampleId) {
    let note = session.snapshot.labelling.note(sample);
    let project = &session.project.folder;
    // A field that is open goes with its sample: what was typed is kept for that one.
    let is_of = |draft: &Draft| draft.project == *project && draft.sample == sample;
    if pane.note.as_ref().is_some_and(|draft| !is_of(draft)) {
        pane.keep_typed(pencil);
    }
    let can_write = session.project.can_write();
    let asks = pane.focus.take_if(|field| *field == Field::Note).is_some() && can_write;
    if asks && pane.note.is_none() {
        let (before, text) = (note.to_owned(), note.to_owned());
        pane.note = Some(Draft { project: project.clone(), sample, before, text });
    }
    let Some(draft) = pane.note.as_mut().filter(|draft| is_of(draft)) else { return };
    let width = ui.available_width();
    let field = TextEdit::singleline(&mut draft.text)
        .id_salt("note")
        .hint_text("A note on this sample")
        .desired_width(width);
    let field = ui.add(field).accessible_name("Note on this sample");
    if asks {
        field.request_focus();
    }
    let is_left = field.lost_focus();
    if is_left && ui.input(|input| input.key_pressed(Key::Escape)) {
        pane.note = None;
    } else if is_left || ui.input(|input| input.viewport().close_requested()) {
        pane.keep_typed(pencil);
    }
}

/// Stands in the place of a sample where the queue has none.
fn end_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    let walk = &session.labeller.walk;
    if !walk.is_answered() || session.shown.asked != session.shown.answered {
        return;
    }
    let (color, queue) = (Tokens::of(ui).text_dim, &walk.queue);
    let (done, skipped) = (queue.done(), queue.skipped());
    if done + skipped > 0 {
        let text = format!(
            "{} labelled, {} left without an answer. Choose another queue above, or go back with the left arrow.",
            counted(done as u64, "sample"),
            grouped(skipped as u64)
        );
        let page = Page { icon: icons::ICON_TASK_ALT, color, title: "This queue is done", text: &text };
        return widgets::page_ui(ui, &page, |ui| {
            if skipped > 0 && ui.button("Go through those once more").clicked() {
                pencil.act(step(Step::BeginAgain));
            }
        });
    }
    let text = match queue.kind() {
        QueueKind::Shown => "No sample is shown: clear the filter, or choose another queue above.",
        QueueKind::Unsure => "No sample is marked as unsure. The key H marks one while you label.",
        QueueKind::Disputed => "No sample has the tag “disputed”.",
        QueueKind::LikelyWrong => {
            "Neither the analysis (F6) nor the model doubts a label. The model needs some answers first."
        }
        _ => "Every sample has a label. Choose another queue above, or look for likely wrong ones.",
    };
    let page = Page { icon: icons::ICON_INBOX, color, title: "Nothing to label here", text };
    widgets::page_ui(ui, &page, |_| ());
}

/// How far the queue is and how fast it goes, and the keys.
fn progress_ui(ui: &mut Ui, pencil: &Pencil<'_>, session: &Session) {
    let tokens = Tokens::of(ui);
    let labeller = &session.labeller;
    let (done, left) = (labeller.walk.queue.done(), labeller.walk.queue.left());
    let part = done as f32 / ((done + left) as f32).max(1.0);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 4.0), Sense::hover());
    ui.painter().rect_filled(rect, 2, tokens.raised);
    ui.painter().rect_filled(rect.with_max_x(rect.left() + rect.width() * part), 2, tokens.accent);
    let mut text = format!("{} done, {} left", grouped(done as u64), grouped(left as u64));
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &text));
    let now_ms = pencil.state.now_ms;
    if let Some(pace) = labeller.pace.per_minute(now_ms) {
        text.push_str(&format!(" · {pace:.0} per minute"));
    }
    if let Some(secs) = labeller.pace.remaining_secs(now_ms, left).filter(|_| left > 0) {
        text.push_str(&format!(" · {} to go", duration_text(secs)));
    }
    ui.label(RichText::new(text).size(size::SMALL));
    // A line of its own, there from the start, so that nothing moves when it says something.
    let told = if labeller.walk.told.is_empty() { " " } else { &labeller.walk.told };
    ui.add(egui::Label::new(widgets::dim(told)).truncate());
    let enter = if labeller.several { "Enter goes on" } else { "Enter accepts the proposal" };
    let keys = format!(
        "Keys of classes label · {enter} · Space or → skips · ← goes back · H unsure · − none of these · N new \
         class · Shift+N note · Shift+T tag · S star · R reviewed · X reject · Ctrl+Z takes back"
    );
    ui.add(egui::Label::new(widgets::dim(keys)).wrap());
}
