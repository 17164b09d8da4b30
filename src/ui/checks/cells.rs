//! Samples as cells with their score: drawn, clicked, and walked through by keys.

use egui::{
    Align2, Color32, CornerRadius, FontId, Key, Modifiers, Rect, Response, Role, Sense, Stroke, StrokeKind,
    Ui, WidgetInfo, pos2, vec2,
};
use egui_material_icons::icons;

use super::{ChecksView, Shown};
use crate::dataset::columns::write_reason;
use crate::dataset::{Flag, NO_SPLIT, SampleId, Verdict};
use crate::review::NO_CLASS;
use crate::state::{Action, Command, SelectMode};
use crate::ui::grid::file_name;
use crate::ui::lists;
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::{Pencil, widgets};

/// Height of a line under a picture, in points.
const LINE: f32 = 16.0;

/// How large cells are.
#[derive(Clone, Copy)]
pub struct Cells {
    /// What tells its cells from others of the same samples.
    name: &'static str,
    edge: f32,
    lines: usize,
}

/// Where keys move from, and where a range starts: positions in [`Shown::order`] and the samples that
/// stood there.
#[derive(Debug, Default)]
pub struct Pointed {
    cursor: Option<(usize, SampleId)>,
    anchor: Option<(usize, SampleId)>,
}

impl Pointed {
    /// Selects as a click or a key at a position asks.
    fn point(&mut self, pencil: &mut Pencil<'_>, order: &[SampleId], position: usize, mode: SelectMode) {
        let Some(sample) = order.get(position).copied() else { return };
        let stands = |(at, was): &(usize, SampleId)| order.get(*at) == Some(was);
        let anchor = self.anchor.filter(stands).map_or(position, |(at, _)| at);
        let samples: Vec<SampleId> = match mode {
            SelectMode::Replace | SelectMode::Toggle => vec![sample],
            SelectMode::Range | SelectMode::AddRange if anchor <= position => {
                order[anchor..=position].to_vec()
            }
            SelectMode::Range | SelectMode::AddRange => {
                order[position..=anchor].iter().rev().copied().collect()
            }
        };
        if matches!(mode, SelectMode::Replace | SelectMode::Toggle) {
            self.anchor = Some((position, sample));
        }
        self.cursor = Some((position, sample));
        pencil.act(match mode {
            SelectMode::Replace => Action::ShowSample(sample),
            mode => Action::SelectSamples { samples, mode },
        });
    }
}

/// Moves among the flagged samples as keys ask; tells where to.
pub fn moved_by_keys(
    ui: &Ui,
    pencil: &mut Pencil<'_>,
    pointed: &mut Pointed,
    flagged: &[SampleId],
    columns: usize,
    page: usize,
) -> Option<usize> {
    let last = flagged.len().checked_sub(1)?;
    let (columns, page) = (columns as isize, page as isize);
    let moves = [
        (Key::ArrowLeft, -1),
        (Key::ArrowRight, 1),
        (Key::ArrowUp, -columns),
        (Key::ArrowDown, columns),
        (Key::PageUp, -page),
        (Key::PageDown, page),
    ];
    let mut went = None;
    for extend in [true, false] {
        let mode = if extend { SelectMode::Range } else { SelectMode::Replace };
        let by: isize = moves.into_iter().map(|(key, by)| by * lists::presses(ui, key, extend)).sum();
        let stood = pointed.cursor.filter(|(at, was)| flagged.get(*at) == Some(was)).map(|(at, _)| at);
        let to = match stood {
            _ if lists::presses(ui, Key::Home, extend) > 0 => Some(0),
            _ if lists::presses(ui, Key::End, extend) > 0 => Some(last),
            _ if by == 0 => None,
            None => Some(0),
            Some(at) => Some(at.saturating_add_signed(by).min(last)),
        };
        if let Some(to) = to {
            pointed.point(pencil, flagged, to, mode);
            went = Some(to);
        }
    }
    went
}

impl Cells {
    pub fn new(name: &'static str, edge: f32, flag: Flag) -> Self {
        let lines = match flag {
            Flag::WrongLabel | Flag::Outlier => 2,
            _ => 1,
        };
        Self { name, edge, lines }
    }

    /// Height of a cell with its caption.
    pub fn height(self) -> f32 {
        self.edge + self.lines as f32 * LINE + space::XS
    }

    /// Draws the sample at a position of the order and takes its clicks.
    #[expect(clippy::too_many_arguments, reason = "where a cell is takes as many as what it shows")]
    pub fn cell_ui(
        self,
        ui: &Ui,
        pencil: &mut Pencil<'_>,
        view: &mut ChecksView,
        shown: &Shown<'_>,
        position: usize,
        rect: Rect,
        window: Rect,
        list: &Response,
    ) {
        let visible = rect.intersect(window);
        let Some(sample) = shown.order.get(position).copied().filter(|_| visible.is_positive()) else {
            return;
        };
        let session = shown.session;
        let tokens = Tokens::of(ui);
        let id = list.id.with((self.name, sample));
        let response = ui.interact(visible, id, Sense::CLICK);
        let is_selected = session.selection.contains(sample);
        let verdict = session.snapshot.decision(sample).verdict;
        response.widget_info(|| {
            WidgetInfo::labeled(Role::GridCell, ui.is_enabled(), spoken(shown, sample, verdict))
        });
        ui.ctx().accesskit_node_builder(id, |node| node.set_selected(is_selected));
        if response.clicked() {
            view.keys.use_by_click(list);
            let mode = mode(ui.input(|input| input.modifiers));
            view.pointed.point(pencil, shown.order, position, mode);
        }
        if response.secondary_clicked() && view.menu.ask(session, sample) {
            view.pointed.point(pencil, shown.order, position, SelectMode::Replace);
        }
        if response.double_clicked() && shown.flag.score().is_none() {
            pencil.act(Action::OpenGroupOf { sample });
            pencil.act(Action::Run(Command::ShowDuplicates));
        }

        let painter = ui.painter_at(window);
        let radius = CornerRadius::same(space::RADIUS);
        if is_selected {
            painter.rect_filled(rect, radius, tokens.accent_soft);
        } else if response.hovered() {
            painter.rect_filled(rect, radius, tokens.raised);
        }
        let room = Rect::from_min_size(rect.min, vec2(rect.width(), self.edge)).shrink(3.0);
        let edge_px = (self.edge * ui.ctx().pixels_per_point()).round() as u32;
        let tint = match verdict {
            Verdict::Prune => Color32::from_white_alpha(90),
            _ => Color32::WHITE,
        };
        let drawn = match pencil.pictures.thumbnail(sample, edge_px) {
            Some(thumb) if thumb.size.x > 0.0 && thumb.size.y > 0.0 => {
                let scale = (room.width() / thumb.size.x).min(room.height() / thumb.size.y);
                let drawn = Align2::CENTER_BOTTOM.align_size_within_rect(thumb.size * scale, room);
                painter.image(thumb.texture, drawn, thumb.uv, tint);
                drawn
            }
            _ => {
                painter.rect_filled(room, 3, tokens.panel);
                room
            }
        };
        verdict_ui(&painter, verdict, drawn, tokens);
        let lines =
            Rect::from_min_max(pos2(rect.left(), room.bottom() + 3.0), rect.max).shrink2(vec2(5.0, 0.0));
        caption_ui(&painter, shown, sample, lines, &mut view.caption, tokens);
        if is_selected {
            painter.rect_stroke(rect, radius, Stroke::new(2.0, tokens.accent), StrokeKind::Inside);
        }
        response.on_hover_ui_at_pointer(|ui| tooltip_ui(ui, shown, sample));
    }
}

/// What was decided of a sample, in the corner of its picture.
fn verdict_ui(painter: &egui::Painter, verdict: Verdict, drawn: Rect, tokens: &Tokens) {
    let (icon, color) = match verdict {
        Verdict::Undecided => return,
        Verdict::Keep => (icons::ICON_KEEP, tokens.ok),
        Verdict::Prune => (icons::ICON_DELETE, tokens.error),
    };
    let at = drawn.left_top() + vec2(12.0, 12.0);
    painter.circle_filled(at, 10.0, tokens.canvas.gamma_multiply(0.85));
    painter.text(at, Align2::CENTER_CENTER, icon.codepoint, FontId::new(14.0, icon.font_family()), color);
}

/// The class and the score; under them what the check says of the sample, where it says more.
fn caption_ui(
    painter: &egui::Painter,
    shown: &Shown<'_>,
    sample: SampleId,
    room: Rect,
    caption: &mut String,
    tokens: &Tokens,
) {
    let dataset = shown.session.dataset();
    let font = FontId::proportional(size::SMALL);
    let middle = room.top() + LINE / 2.0;
    let right = match shown.ranked {
        Some(ranked) => format!("{:.3}", ranked.score(sample)),
        None => split_of(shown, sample).unwrap_or_default().to_owned(),
    };
    let color = if shown.ranked.is_some() { tokens.text } else { tokens.text_dim };
    let right = widgets::elided(painter, &right, color, font.clone(), room.width() / 2.0);
    let end = room.right() - right.size().x;
    painter.galley(pos2(end, middle - right.size().y / 2.0), right, color);

    caption.clear();
    for name in shown.session.snapshot.labels().names(sample) {
        caption.push_str(if caption.is_empty() { "" } else { ", " });
        caption.push_str(name);
    }
    let put = |text: &str, color: Color32, class: Option<u32>, middle: f32, right: f32| {
        /// Width of the dot with its distance from the text.
        const DOT: f32 = 10.0;
        let left = room.left() + if class.is_some() { DOT } else { 0.0 };
        if let Some(class) = class {
            painter.circle_filled(
                pos2(room.left() + 3.0, middle),
                3.0,
                tokens.class_of(&shown.session.snapshot, class),
            );
        }
        let text = widgets::elided(painter, text, color, font.clone(), right - left);
        painter.galley(pos2(left, middle - text.size().y / 2.0), text, color);
    };
    let class = shown.session.snapshot.labels().get(sample).first().copied();
    match class {
        Some(_) => put(caption, tokens.text_dim, class, middle, end - space::XS),
        None => put(file_name(dataset.path(sample)), tokens.text_dim, None, middle, end - space::XS),
    }
    let second = middle + LINE;
    match shown.flag {
        Flag::WrongLabel => {
            if let Some((class, name)) = suggested(shown, sample) {
                put(&format!("→ {name}"), tokens.text, Some(class), second, room.right());
            }
        }
        Flag::Outlier => {
            if let Some(text) = distance_text(shown, sample) {
                put(&text, tokens.text_dim, None, second, room.right());
            }
        }
        _ => {}
    }
}

/// The class that the sample's neighbours agree on, where it is another one.
fn suggested<'a>(shown: &Shown<'a>, sample: SampleId) -> Option<(u32, &'a str)> {
    let class = shown.analysed.suggested.get(sample as usize).copied().filter(|class| *class != NO_CLASS)?;
    let name = shown.session.snapshot.labels().classes.get(class as usize)?;
    Some((class, name))
}

/// How far the nearest sample is, 1.41 being as far as chance.
fn distance_text(shown: &Shown<'_>, sample: SampleId) -> Option<String> {
    let (_, distance) = shown.analysed.near.of(sample).next()?;
    Some(format!("{distance:.2} to the nearest"))
}

fn split_of<'a>(shown: &Shown<'a>, sample: SampleId) -> Option<&'a str> {
    let dataset = shown.session.dataset();
    dataset.split(sample).filter(|_| dataset.splits[sample as usize] != NO_SPLIT)
}

/// A cell in words: its path, its score and what was decided.
fn spoken(shown: &Shown<'_>, sample: SampleId, verdict: Verdict) -> String {
    let mut text = shown.session.dataset().path(sample).to_owned();
    if let Some(ranked) = shown.ranked {
        text.push_str(&format!(", {:.3}", ranked.score(sample)));
    }
    if let Some((_, name)) = suggested(shown, sample).filter(|_| shown.flag == Flag::WrongLabel) {
        text.push_str(&format!(", rather {name}"));
    }
    text.push_str(match verdict {
        Verdict::Undecided => "",
        Verdict::Keep => ", kept",
        Verdict::Prune => ", pruned",
    });
    text
}

fn tooltip_ui(ui: &mut Ui, shown: &Shown<'_>, sample: SampleId) {
    let (session, dataset) = (shown.session, shown.session.dataset());
    let path = dataset.path(sample);
    ui.label(egui::RichText::new(file_name(path)).font(theme::bold(size::BODY)));
    ui.label(widgets::dim(path));
    let fact = session.snapshot.facts.get(sample);
    let mut line: Vec<String> = shown.session.snapshot.labels().names(sample).map(str::to_owned).collect();
    line.extend(split_of(shown, sample).map(str::to_owned));
    if fact.width > 0 {
        line.push(format!("{} × {}", fact.width, fact.height));
    }
    line.push(crate::text::bytes_text(dataset.bytes[sample as usize]));
    ui.label(line.join(" · "));
    if let Some((_, name)) = suggested(shown, sample).filter(|_| shown.flag == Flag::WrongLabel) {
        ui.label(format!("Its neighbours are rather “{name}”."));
    }
    if shown.flag == Flag::Outlier
        && let Some((near, distance)) = shown.analysed.near.of(sample).next()
        && (near as usize) < session.snapshot.len()
    {
        let name = file_name(dataset.path(near));
        ui.label(format!("The nearest is {name}, {distance:.2} away; 1.41 is as far as chance."));
    }
    let flags: Vec<&str> = session.snapshot.findings.flags_of(sample).map(Flag::title).collect();
    if !flags.is_empty() {
        ui.colored_label(Tokens::of(ui).warn, flags.join(", "));
    }
    let decision = session.snapshot.decision(sample);
    let mut reason = String::new();
    write_reason(&session.snapshot, decision, &mut reason);
    match decision.verdict {
        Verdict::Undecided => {}
        Verdict::Keep => drop(ui.label(format!("Kept: {reason}"))),
        Verdict::Prune => drop(ui.label(format!("Pruned: {reason}"))),
    }
}

fn mode(modifiers: Modifiers) -> SelectMode {
    match (modifiers.command, modifiers.shift) {
        (false, false) => SelectMode::Replace,
        (true, false) => SelectMode::Toggle,
        (false, true) => SelectMode::Range,
        (true, true) => SelectMode::AddRange,
    }
}
