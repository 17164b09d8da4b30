//! Which changes are listed: a search, kinds, people, pairs of classes; and what became of classes.

use egui::{
    Align2, CollapsingHeader, FontId, Label, RichText, Role, Sense, TextEdit, Ui, Vec2, WidgetInfo, pos2,
    vec2,
};
use egui_material_icons::icons;

use crate::dataset::edit::{Direction, View};
use crate::review::changes::{Aspect, ChangeOrder, ChangesLook, ClassPair, PairSide};
use crate::state::labelling::changes::ChangeList;
use crate::state::{Action, Command, Session};
use crate::text::{counted, grouped};
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::{self, elided};

/// Height of a line, in points, and lines of each table that are there at once.
const LINE: f32 = 20.0;
const VISIBLE: usize = 5;
/// People that have a chip.
const PEOPLE: usize = 12;
/// From this width on, in points, classes stand beside the pairs.
const WIDE: f32 = 720.0;

pub(super) fn tools_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    list: &ChangeList,
    look: &mut ChangesLook,
) {
    order_ui(ui, look);
    kinds_ui(ui, list, look);
    people_ui(ui, list, look);
    if ui.available_width() >= WIDE {
        ui.columns(2, |columns| {
            pairs_ui(&mut columns[0], pencil, session, list, look);
            classes_ui(&mut columns[1], list);
        });
    } else {
        pairs_ui(ui, pencil, session, list, look);
        classes_ui(ui, list);
    }
}

/// The search and the order.
fn order_ui(ui: &mut Ui, look: &mut ChangesLook) {
    ui.horizontal_wrapped(|ui| {
        let field = TextEdit::singleline(&mut look.text).hint_text("Path").desired_width(180.0);
        ui.add(field).accessible_name("Search changes");
        let before = look.order;
        for (order, title, help) in [
            (ChangeOrder::Time, "by time", "By when the label was given"),
            (ChangeOrder::Path, "by path", "By the paths of the samples"),
            (ChangeOrder::Person, "by person", "By who gave the label"),
            (ChangeOrder::Class, "by class", "By the classes that samples have now"),
        ] {
            if widgets::chip(ui, look.order == order, title).on_hover_text(help).clicked() {
                look.order = order;
            }
        }
        if look.order != before {
            // The newest first, and what is text from its beginning.
            let is_time = look.order == ChangeOrder::Time;
            look.direction = if is_time { Direction::Descending } else { Direction::Ascending };
        }
        let (icon, name, other) = match look.direction {
            Direction::Ascending => {
                (icons::ICON_ARROW_UPWARD, "Changes ascending; turn round", Direction::Descending)
            }
            Direction::Descending => {
                (icons::ICON_ARROW_DOWNWARD, "Changes descending; turn round", Direction::Ascending)
            }
        };
        if widgets::icon_button(ui, icon, name).clicked() {
            look.direction = other;
        }
    });
}

/// What of samples is changed, with how many each.
fn kinds_ui(ui: &mut Ui, list: &ChangeList, look: &mut ChangesLook) {
    let counts = &list.changes.counts;
    if counts.iter().filter(|count| **count > 0).count() < 2 && look.aspect.is_none() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(space::XS);
        for aspect in Aspect::ALL {
            let count = counts[aspect as usize];
            let is_on = look.aspect == Some(aspect);
            if count == 0 && !is_on {
                continue;
            }
            let text = format!("{} {}", aspect.name(), grouped(count));
            if widgets::chip(ui, is_on, &text).on_hover_text("List these alone").clicked() {
                look.aspect = (!is_on).then_some(aspect);
            }
        }
    });
}

/// Who changed labels.
fn people_ui(ui: &mut Ui, list: &ChangeList, look: &mut ChangesLook) {
    let changes = &list.changes;
    if changes.people.len() < 2 && look.person.is_none() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(space::XS);
        for (person, count) in changes.people.iter().zip(&changes.by_person).take(PEOPLE) {
            let is_on = look.person.as_ref() == Some(person);
            let name = if person.is_empty() { "without a name" } else { person };
            let text = format!("{name} {}", grouped(*count));
            if widgets::chip(ui, is_on, &text).on_hover_text("List this person's alone").clicked() {
                look.person = (!is_on).then(|| person.clone());
            }
        }
        if changes.people.len() > PEOPLE {
            let more = counted((changes.people.len() - PEOPLE) as u64, "more name");
            ui.label(widgets::dim(format!("{more}; the filter by: in the search field asks for each")));
        }
    });
}

/// From which class to which: a click lists these samples, and asks for them in the grid.
fn pairs_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    list: &ChangeList,
    look: &mut ChangesLook,
) {
    let pairs = &list.changes.pairs;
    if pairs.is_empty() {
        return;
    }
    let heading =
        CollapsingHeader::new(format!("From which class to which ({})", grouped(pairs.len() as u64)));
    heading.id_salt("pairs of classes").default_open(true).show(ui, |ui| {
        let mut clicked = None;
        widgets::lines_ui(ui, "pairs", (LINE, VISIBLE), pairs.len(), |ui, at| {
            let is_on = look
                .pair
                .as_ref()
                .is_some_and(|(lost, gained)| *lost == pairs[at].lost && *gained == pairs[at].gained);
            if pair_ui(ui, &pairs[at], list, is_on) {
                clicked = Some(at);
            }
        });
        if let Some(at) = clicked {
            let pair = (pairs[at].lost.clone(), pairs[at].gained.clone());
            let is_on = look.pair.as_ref() == Some(&pair);
            look.pair = (!is_on).then_some(pair);
            // The names are those of now.
            let filter = if is_on { String::new() } else { pairs[at].query(&session.snapshot) };
            pencil.act(Action::ShowView(View { filter, ..session.overlay.view.clone() }));
        }
        if look.pair.is_some() && ui.link("See them in the grid").clicked() {
            pencil.act(Action::Run(Command::ShowGrid));
        }
    });
}

/// Draws a pair; tells whether it was clicked.
fn pair_ui(ui: &mut Ui, pair: &ClassPair, list: &ChangeList, is_on: bool) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
    let text = pair_text(pair, list);
    response.widget_info(|| {
        let name = format!("{text}, {}", counted(pair.count, "sample"));
        WidgetInfo::selected(Role::Button, ui.is_enabled(), is_on, name)
    });
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        if is_on || response.hovered() || response.has_focus() {
            let fill = if is_on { tokens.accent_soft } else { tokens.raised };
            painter.rect_filled(rect, f32::from(space::RADIUS), fill);
        }
        let font = FontId::proportional(size::SMALL + 1.0);
        let count = painter.layout_no_wrap(grouped(pair.count), font.clone(), tokens.text_dim);
        let right = rect.right() - space::S - count.size().x;
        painter.galley(pos2(right, rect.center().y - count.size().y / 2.0), count, tokens.text_dim);
        let galley = elided(painter, &text, tokens.text, font, right - rect.left() - 2.0 * space::S);
        painter.galley(
            pos2(rect.left() + space::S, rect.center().y - galley.size().y / 2.0),
            galley,
            tokens.text,
        );
    }
    response.on_hover_text("List these samples, and filter the grid by them").clicked()
}

/// "cat → dog", or what else became of classes.
fn pair_text(pair: &ClassPair, list: &ChangeList) -> String {
    let (lost, gained) = (pair.lost.text(&list.snapshot), pair.gained.text(&list.snapshot));
    match (&pair.lost, &pair.gained) {
        (PairSide::Kept, _) => format!("+ {gained}"),
        (_, PairSide::Kept) => format!("− {lost}"),
        _ => format!("{lost} → {gained}"),
    }
}

/// What became of classes.
fn classes_ui(ui: &mut Ui, list: &ChangeList) {
    let classes = &list.changes.classes;
    if classes.is_empty() {
        return;
    }
    let heading = CollapsingHeader::new(format!("Changed classes ({})", grouped(classes.len() as u64)));
    heading.id_salt("changed classes").default_open(true).show(ui, |ui| {
        widgets::lines_ui(ui, "classes", (LINE, VISIBLE), classes.len(), |ui, at| {
            let text = RichText::new(classes[at].text()).size(size::SMALL + 1.0);
            ui.scope(|ui| {
                ui.set_height(LINE);
                ui.add(Label::new(text).truncate());
            });
        });
    });
}

/// A line of text in a column of the list.
pub(super) fn put(
    painter: &egui::Painter,
    text: &str,
    color: egui::Color32,
    (left, right): (f32, f32),
    middle: f32,
) -> bool {
    let font = FontId::proportional(size::BODY);
    let galley = elided(painter, text, color, font, right - left - space::S);
    let is_cut = galley.elided;
    painter.galley(pos2(left, middle - galley.size().y / 2.0), galley, color);
    is_cut
}

/// The heading of a column.
pub(super) fn heading(painter: &egui::Painter, text: &str, at: egui::Pos2, color: egui::Color32) {
    painter.text(at, Align2::LEFT_CENTER, text, FontId::proportional(size::SMALL), color);
}
