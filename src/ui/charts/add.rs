//! The list of charts to add, searched by typing: every kind, and every column.

use egui::{Label, Popup, PopupCloseBehavior, RichText, ScrollArea, TextEdit, Ui};

use crate::crossfilter::Kind;
use crate::dataset::columns::{Column, ColumnKind};
use crate::state::Session;
use crate::state::charts::MOST_CARDS;
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets;

/// Size of the list in points.
const WIDTH: f32 = 320.0;
const HEIGHT: f32 = 380.0;

/// Drawing state of the list.
#[derive(Default)]
pub(super) struct AddView {
    text: String,
    is_new: bool,
    /// The column across of two that are drawn against each other.
    across: Option<String>,
}

/// A chart that can be added.
struct Offer {
    title: String,
    about: String,
    kind: Kind,
}

/// Draws a button that opens the list; gives the kind that was chosen from it.
pub(super) fn add_ui(ui: &mut Ui, view: &mut AddView, columns: &[Column], session: &Session) -> Option<Kind> {
    let button = ui.add_enabled(session.charts.has_room(), egui::Button::new("Add a chart"));
    let full = format!("There are {MOST_CARDS} charts, and no more fit: remove one first");
    let button = button.on_disabled_hover_text(full);
    if button.clicked() {
        *view = AddView { is_new: true, ..AddView::default() };
    }
    let mut chosen = None;
    Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        ui.set_width(WIDTH);
        let field = TextEdit::singleline(&mut view.text).hint_text("Search charts").desired_width(WIDTH);
        let field = ui.add(field).accessible_name("Search charts");
        if std::mem::take(&mut view.is_new) {
            field.request_focus();
        }
        let words: Vec<String> = view.text.split_whitespace().map(str::to_lowercase).collect();
        let offers = match &view.across {
            Some(across) => against(columns, across),
            None => offers(columns, session),
        };
        let fits = |offer: &&Offer| {
            let text = format!("{} {}", offer.title, offer.about).to_lowercase();
            words.iter().all(|word| text.contains(word.as_str()))
        };
        let found: Vec<&Offer> = offers.iter().filter(fits).collect();
        if let Some(across) = &view.across {
            widgets::group_heading(ui, &format!("{across} against"));
        }
        ScrollArea::vertical().max_height(HEIGHT).auto_shrink([false, true]).show(ui, |ui| {
            for offer in &found {
                if row_ui(ui, offer) {
                    chosen = Some(offer.kind.clone());
                }
            }
            if found.is_empty() {
                ui.label(widgets::dim("No chart has these words."));
            }
        });
        // Two columns are chosen one after the other.
        if let Some(Kind::Scatter { x, y }) = &chosen
            && y.is_empty()
        {
            view.across = Some(x.clone());
            view.text.clear();
            chosen = None;
        }
        if chosen.is_some() {
            ui.close();
        }
    });
    chosen
}

fn offer(title: impl Into<String>, about: impl Into<String>, kind: Kind) -> Offer {
    Offer { title: title.into(), about: about.into(), kind }
}

fn offers(columns: &[Column], session: &Session) -> Vec<Offer> {
    let with = |with: &str| Kind::Relations { with: with.to_owned() };
    let mut offers = vec![
        offer("Classes", "Samples by class", Kind::Classes),
        offer("Imbalance", "How unevenly they are spread over classes, in figures", Kind::Imbalance),
        offer("Splits", "The share of each class in each split, and how far these are apart", Kind::Splits),
        offer("Labels with labels", "Which go together more often than by chance", with("label")),
        offer("Labels with splits", "Which are in a split more often than by chance", with("split")),
        offer("Pictures", "The average picture of each class, how it varies, its colours", Kind::Pictures),
        offer("Coverage and diversity", "How well the samples cover their space", Kind::Coverage),
    ];
    if !session.snapshot.boxes().is_empty() {
        offers.push(offer("Boxes", "Where boxes lie, how large and how many they are", Kind::Boxes));
    }
    let numbers = || columns.iter().filter(|column| column.kind == ColumnKind::Number);
    for column in numbers() {
        let name = || column.name.to_string();
        offers.push(offer(&*column.title, &*column.about, Kind::Numbers { column: name() }));
    }
    for column in columns.iter().filter(|column| column.has_few_words()) {
        let kind = Kind::Values { column: column.name.to_string() };
        offers.push(offer(&*column.title, &*column.about, kind));
    }
    for column in numbers() {
        let (title, name) = (&column.title, || column.name.to_string());
        let about = "The spread of a number in each class";
        offers.push(offer(format!("{title} by class"), about, Kind::BoxPlots { column: name() }));
        let about = "Two numbers against each other";
        offers.push(offer(
            format!("{title} against …"),
            about,
            Kind::Scatter { x: name(), y: String::new() },
        ));
        let about = "Which labels have more of it than by chance";
        offers.push(offer(format!("Labels with {title}"), about, with(&column.name)));
    }
    offers
}

fn against(columns: &[Column], across: &str) -> Vec<Offer> {
    let others = columns.iter().filter(|column| column.kind == ColumnKind::Number && column.name != across);
    let scatter = |column: &Column| {
        let kind = Kind::Scatter { x: across.to_owned(), y: column.name.to_string() };
        offer(&*column.title, &*column.about, kind)
    };
    others.map(scatter).collect()
}

/// An entry of the list: a name, and what it is in a line.
fn row_ui(ui: &mut Ui, offer: &Offer) -> bool {
    let color = Tokens::of(ui).text_dim;
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let response = ui.selectable_label(false, &offer.title).on_hover_text(&offer.about);
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Add {}", offer.title))
        });
        ui.horizontal(|ui| {
            ui.add_space(space::S);
            let about = RichText::new(&offer.about).small().color(color);
            ui.add(Label::new(about).truncate().selectable(false));
        });
        response.clicked()
    })
    .inner
}
