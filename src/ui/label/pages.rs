//! Page by page: thumbnails of what is proposed for one class, all of them right until one is clicked.

use std::sync::Arc;

use egui::{
    Align2, Color32, ComboBox, FontId, Frame, Margin, Rect, Role, Sense, Slider, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};
use egui_material_icons::icons;

use super::model::wrong_by_answers;
use super::page_step;
use crate::dataset::labelling::Classes;
use crate::state::Session;
use crate::state::labelling::lesson::NoModel;
use crate::state::labelling::{CellVerdict, PageCell, PageClass, PageStep, Pages, Proposals, Ranked};
use crate::text::{confidence_text, counted, grouped};
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::{self, Page};

/// So many cells are aimed at on a page.
const WANTED: f32 = 60.0;
/// Edges that a cell can have, and the space between cells, in points.
const EDGES: std::ops::RangeInclusive<f32> = 64.0..=180.0;
const GAP: f32 = 6.0;
/// Width of the list of classes, in points, and how many are shown before it scrolls.
const CHOICES: f32 = 230.0;
const VISIBLE: usize = 10;
/// Height of the line under a picture.
const CAPTION: f32 = 16.0;

/// Drawing state of the page.
#[derive(Default)]
pub(super) struct PagesView {
    /// Cells beside each other, as last laid out.
    pub columns: usize,
    /// The confidence that the slider stands at while it is dragged.
    above: Option<f32>,
    /// The classes to choose from while they are listed.
    choices: Option<Choices>,
}

/// Classes that have proposals.
struct Choices {
    /// The identity of each, and its number of proposals.
    listed: Vec<(String, usize)>,
    /// What they were collected of.
    of: (Arc<Ranked>, Arc<Classes>),
}

impl Choices {
    fn new(ranked: &Arc<Ranked>, classes: &Arc<Classes>) -> Self {
        let counted = ranked.identities().iter().enumerate().filter_map(|(class, identity)| {
            let count = ranked.of_class(class).len();
            let identity = classes.resolve(identity).filter(|_| count > 0)?;
            Some((identity.to_owned(), count))
        });
        Self { listed: counted.collect(), of: (ranked.clone(), classes.clone()) }
    }

    fn is_of(&self, ranked: &Arc<Ranked>, classes: &Arc<Classes>) -> bool {
        Arc::ptr_eq(&self.of.0, ranked) && Arc::ptr_eq(&self.of.1, classes)
    }
}

/// Chooses the class whose proposals come.
pub(super) fn chooser_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, view: &mut PagesView) {
    let pages = &session.labeller.pages;
    let classes = session.snapshot.labelling.classes();
    let title = match pages.wish() {
        PageClass::Surest => "The surest class",
        PageClass::Of(identity) => classes.name(identity),
    };
    let combo =
        ComboBox::from_id_salt("page class").width(170.0).height(340.0).selected_text(title).truncate();
    let mut chosen = None;
    let shown = combo.show_ui(ui, |ui| {
        ui.set_max_width(CHOICES);
        ui.set_min_width(CHOICES);
        let is_surest = *pages.wish() == PageClass::Surest;
        let help = "Whichever class brings most labels that are right with fewest that are not";
        if ui.selectable_label(is_surest, "The surest class").on_hover_text(help).clicked() {
            chosen = Some(PageClass::Surest);
        }
        let Some(ranked) = pages.ranked() else { return };
        view.choices.take_if(|choices| !choices.is_of(ranked, classes));
        let choices = view.choices.get_or_insert_with(|| Choices::new(ranked, classes));
        widgets::lines_ui(ui, "page classes", (space::ROW, VISIBLE), choices.listed.len(), |ui, at| {
            let Some((identity, count)) = choices.listed.get(at) else { return };
            let is_on = matches!(pages.wish(), PageClass::Of(wish) if wish == identity);
            let text = format!("{} ({})", classes.name(identity), grouped(*count as u64));
            let button = egui::Button::selectable(is_on, text).truncate();
            if ui.add_sized([ui.available_width(), space::ROW], button).clicked() {
                chosen = Some(PageClass::Of(identity.clone()));
            }
        });
    });
    if shown.inner.is_none() {
        view.choices = None;
    }
    let name = format!("Proposals for: {title}");
    shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &name));
    if let Some(wish) = chosen {
        pencil.act(page_step(PageStep::Choose(wish)));
    }
}

/// Draws the page and takes its clicks; gives where its lowest lines are, where it has some.
pub(super) fn pages_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    view: &mut PagesView,
) -> Option<Rect> {
    let tokens = Tokens::of(ui);
    let pages = &session.labeller.pages;
    if session.labeller.proposals.is_none() {
        let is_analysed = session.labeller.lesson.why != Some(NoModel::NotAnalysed);
        let first = if is_analysed { "" } else { "Analyse the dataset (F6). " };
        let text = format!(
            "{first}Label {} or more of two classes, one by one. The model learns from each answer, and what it proposes \
             then is confirmed here by the page.",
            counted(Proposals::FIRST_ANSWERS as u64, "sample")
        );
        let (icon, color) = (icons::ICON_AUTO_AWESOME, tokens.text_dim);
        let page = Page { icon, color, title: "No proposals yet", text: &text };
        widgets::page_ui(ui, &page, |_| ());
        return None;
    }
    let bar = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(space::M as i8, 6));
    let foot = egui::Panel::bottom("label page").frame(bar);
    let foot = foot.show(ui, |ui| foot_ui(ui, pencil, session, view)).response.rect;
    let whole = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(whole);
    ui.painter().rect_filled(whole, 0, tokens.canvas);
    let grid = Grid::new(whole.shrink(space::S));
    view.columns = grid.columns;
    if grid.fits() != pages.fits() {
        pencil.act(page_step(PageStep::Fits(grid.fits())));
    }
    if pages.cells().is_empty() {
        empty_ui(ui, pages);
    }
    for (at, cell) in pages.cells().iter().enumerate() {
        cell_ui(ui, pencil, session, at, cell, grid.rect(at), grid.edge);
    }
    let edge_px = (grid.edge * ui.ctx().pixels_per_point()).round() as u32;
    for sample in pages.ahead() {
        pencil.pictures.prefetch_thumbnail(*sample, edge_px);
    }
    Some(foot)
}

/// Where cells are.
struct Grid {
    rect: Rect,
    edge: f32,
    columns: usize,
    lines: usize,
}

impl Grid {
    fn new(rect: Rect) -> Self {
        let area = (rect.width() * rect.height() / WANTED).max(1.0);
        let edge = (area.sqrt() - GAP - CAPTION / 2.0).clamp(*EDGES.start(), *EDGES.end()).round();
        let columns = (((rect.width() + GAP) / (edge + GAP)) as usize).max(1);
        let lines = (((rect.height() + GAP) / (edge + CAPTION + GAP)) as usize).max(1);
        Self { rect, edge, columns, lines }
    }

    fn fits(&self) -> usize {
        (self.columns * self.lines).min(Pages::MOST)
    }

    fn rect(&self, at: usize) -> Rect {
        let (line, column) = (at / self.columns, at % self.columns);
        // What is left of the width goes between the cells, so that both sides align.
        let spare = self.rect.width() - self.columns as f32 * self.edge;
        let gap = if self.columns > 1 { spare / (self.columns - 1) as f32 } else { 0.0 };
        let x = self.rect.left() + column as f32 * (self.edge + gap.min(2.0 * GAP));
        let y = self.rect.top() + line as f32 * (self.edge + CAPTION + GAP);
        Rect::from_min_size(pos2(x, y), vec2(self.edge, self.edge + CAPTION))
    }
}

fn cell_ui(
    ui: &Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    at: usize,
    cell: &PageCell,
    rect: Rect,
    edge: f32,
) {
    let tokens = Tokens::of(ui);
    let classes = session.snapshot.labelling.classes();
    let pages = &session.labeller.pages;
    let class = pages.class().map_or("?", |class| classes.name(class));
    let id = ui.scope_id().with(("page cell", cell.sample));
    let response = ui.interact(rect, id, Sense::CLICK);
    let path = session.dataset().path(cell.sample);
    response.widget_info(|| {
        let verdict = match &cell.verdict {
            CellVerdict::Right => format!("{class}, {}", confidence_text(cell.confidence)),
            CellVerdict::Wrong => format!("not {class}"),
            CellVerdict::Other(other) => format!("{} instead", classes.name(other)),
        };
        WidgetInfo::labeled(Role::GridCell, true, format!("{path}: {verdict}"))
    });
    if response.clicked() {
        pencil.act(page_step(PageStep::Toggle(cell.sample)));
    }
    let painter = ui.painter();
    let is_right = cell.verdict == CellVerdict::Right;
    if response.hovered() {
        painter.rect_filled(rect.expand(2.0), space::RADIUS, tokens.raised);
    }
    let room = Rect::from_min_size(rect.min, vec2(edge, edge));
    let edge_px = (edge * ui.ctx().pixels_per_point()).round() as u32;
    let tint = if is_right { Color32::WHITE } else { Color32::WHITE.gamma_multiply(0.3) };
    match pencil.pictures.thumbnail(cell.sample, edge_px) {
        Some(thumb) if thumb.size.x > 0.0 && thumb.size.y > 0.0 => {
            let scale = (room.width() / thumb.size.x).min(room.height() / thumb.size.y);
            let drawn = Align2::CENTER_CENTER.align_size_within_rect(thumb.size * scale, room);
            painter.image(thumb.texture, drawn, thumb.uv, tint);
        }
        _ => {
            painter.rect_filled(room, 3, tokens.panel);
        }
    }
    let font = FontId::proportional(size::SMALL);
    let (text, color) = match &cell.verdict {
        CellVerdict::Right => (confidence_text(cell.confidence), tokens.text_dim),
        CellVerdict::Wrong => (format!("not {class}"), tokens.error),
        CellVerdict::Other(other) => (classes.name(other).to_owned(), tokens.ok),
    };
    if !is_right {
        let stroke = Stroke::new(2.0, color);
        painter.line_segment([room.left_bottom(), room.right_top()], stroke);
    }
    let text = widgets::elided(painter, &text, color, font, edge);
    let left = room.center().x - text.size().x / 2.0;
    painter.galley(pos2(left, room.bottom() + 1.0), text, color);
    if pages.at() == Some(at) {
        painter.rect_stroke(rect.expand(1.0), space::RADIUS, (2.0, tokens.accent), StrokeKind::Outside);
    }
}

fn empty_ui(ui: &mut Ui, pages: &Pages) {
    if !pages.is_answered() {
        return;
    }
    let color = Tokens::of(ui).text_dim;
    let (title, text) = match pages.wish() {
        PageClass::Surest => (
            "Nothing is left to confirm",
            "Every sample with a proposal has a label, or its proposal was refused.",
        ),
        PageClass::Of(_) => (
            "Nothing is left of this class",
            "No unlabelled sample is proposed for it. Choose another class, or the surest one.",
        ),
    };
    widgets::page_ui(ui, &Page { icon: icons::ICON_DONE_ALL, color, title, text }, |_| ());
}

/// Confirming the page, or all of the class from a confidence on, and how much of that is likely wrong.
fn foot_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, view: &mut PagesView) {
    let pages = &session.labeller.pages;
    let classes = session.snapshot.labelling.classes();
    let class = pages.class().map_or("no class", |class| classes.name(class));
    ui.horizontal_wrapped(|ui| {
        let (right, wrong) = pages.expected();
        let has_page = !pages.cells().is_empty();
        let title = match right {
            0 => "None of these is right".to_owned(),
            right => format!("Confirm {} as {class}", grouped(right as u64)),
        };
        let confirm = ui.add_enabled(has_page, egui::Button::new(title));
        confirm.widget_info(|| WidgetInfo::labeled(Role::Button, has_page, "Confirm the page"));
        if confirm.on_hover_text("Enter").clicked() {
            pencil.act(page_step(PageStep::Confirm));
        }
        let back = ui.add_enabled(pages.can_go_back(), egui::Button::new("Last page back"));
        if back.on_hover_text("Backspace").clicked() {
            pencil.act(page_step(PageStep::Back));
        }
        ui.label(widgets::dim(wrong_text(right, wrong)));
    });
    ui.horizontal_wrapped(|ui| {
        ui.label(widgets::dim(format!("All of {class} from")));
        let mut above = view.above.unwrap_or(pages.above());
        ui.spacing_mut().slider_width = 110.0;
        let slider = ui.add(Slider::new(&mut above, 0.5..=1.0).step_by(0.005).fixed_decimals(3));
        slider.widget_info(|| WidgetInfo::slider(true, f64::from(above), "Confirm all from this confidence"));
        if slider.changed() {
            pencil.act(page_step(PageStep::Above(above)));
        }
        view.above = slider.dragged().then_some(above);
        let (count, wrong) = pages.beyond();
        let text = format!("Confirm {}", counted(count as u64, "sample"));
        let all = ui.add_enabled(count > 0, egui::Button::new(text));
        all.widget_info(|| {
            WidgetInfo::labeled(Role::Button, count > 0, "Confirm all from this confidence on")
        });
        if all.clicked() {
            pencil.act(page_step(PageStep::ConfirmAbove));
        }
        let by_answers = session.labeller.proposals.as_ref();
        let by_answers = by_answers.map(|proposals| wrong_by_answers(proposals, above)).unwrap_or_default();
        ui.label(widgets::dim(wrong_text(count, wrong) + &by_answers));
    });
    let told = &session.labeller.walk.told;
    ui.add(egui::Label::new(widgets::dim(if told.is_empty() { " " } else { told })).truncate());
    let keys = "A click marks a wrong one · a class's key gives it that class at once · arrows and Space do the \
                same · Enter confirms the page · Backspace takes it back";
    ui.add(egui::Label::new(widgets::dim(keys)).wrap());
}

/// How many of so many proposals are likely wrong, by the model's own confidence.
fn wrong_text(count: usize, wrong: f64) -> String {
    if count == 0 {
        return "0 samples".to_owned();
    }
    let part = 100.0 * wrong / count as f64;
    format!("{}, about {part:.1} % wrong", counted(count as u64, "sample"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_read_well() {
        for (count, wrong, text) in [
            (0, 0.0, "0 samples"),
            (1204, 21.7, "1,204 samples, about 1.8 % wrong"),
            (1, 0.5, "1 sample, about 50.0 % wrong"),
        ] {
            assert_eq!(wrong_text(count, wrong), text);
        }
    }

    #[test]
    fn cells_stay_within_the_page() {
        for (width, height) in [(404.0, 300.0), (800.0, 600.0), (1580.0, 900.0), (50.0, 20.0)] {
            let rect = Rect::from_min_size(pos2(8.0, 40.0), vec2(width, height));
            let grid = Grid::new(rect);
            assert!((1..=Pages::MOST).contains(&grid.fits()), "{width} × {height}");
            if width > 100.0 {
                let last = grid.rect(grid.fits() - 1);
                assert!(rect.expand(0.5).contains_rect(last), "{last:?} in {rect:?}");
                assert!(grid.fits() >= 12, "{}", grid.fits());
            }
        }
    }
}
