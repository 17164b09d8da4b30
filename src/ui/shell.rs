//! The frame of the window: menus, the bar with the search field, panels, status bar.

use egui::{Align, Key, KeyboardShortcut, Layout as Flow, Modifiers, RichText, Ui};
use egui_material_icons::icons;
use egui_tiles::{Behavior, Container, TabState, Tile, TileId, Tiles, Tree, UiResponse};

use super::augment::{AugmentPane, augment_ui};
use super::balance::{BalancePane, balance_ui};
use super::changes::{ChangesPane, changes_ui};
use super::charts::{ChartsPane, charts_ui};
use super::checks::{ChecksView, checks_ui};
use super::duplicates::{DuplicatesView, duplicates_ui};
use super::filters::{FiltersView, filters_ui};
use super::grid::{GridView, grid_ui};
use super::inspector::{InspectorView, inspector_ui};
use super::issues::{IssuesView, issues_ui};
use super::label::{LabelPane, label_ui, take_keys};
use super::label_keys::{Others, label_keys};
use super::latent::{LatentPane, latent_ui};
use super::lists::{LISTS, ListKeys, leading};
use super::pruning::{PruningView, pruning_ui};
use super::search::{SearchView, search_ui, sort_ui};
use super::status::{notices_ui, status_ui};
use super::table::{TableView, table_ui};
use super::theme::{Tokens, size};
use super::train::{TrainView, train_ui};
use super::welcome::welcome_ui;
use super::{Pencil, widgets};
use crate::state::command::{Chord, Menu};
use crate::state::{Action, COMMANDS, Command, LabelGesture, Pane};

/// Drawing state of every view.
#[derive(Default)]
pub struct Views {
    pub search: SearchView,
    pub grid: GridView,
    pub filters: FiltersView,
    pub table: TableView,
    pub issues: IssuesView,
    pub duplicates: DuplicatesView,
    pub checks: ChecksView,
    pub pruning: PruningView,
    pub charts: ChartsPane,
    pub balance: BalancePane,
    pub augment: AugmentPane,
    pub train: TrainView,
    pub latent: LatentPane,
    pub label: LabelPane,
    pub changes: ChangesPane,
    pub inspector: InspectorView,
    /// The list that a person used last.
    last_list: Option<Pane>,
    /// Whether a text field had the focus at the end of the last frame: the key that leaves it has
    /// taken the focus away by the time that it is looked at.
    was_typing: bool,
}

impl Views {
    /// Keeps notes that are being typed, since the dataset is closed or another one takes its place.
    pub fn keep_typed(&mut self, pencil: &mut Pencil<'_>) {
        self.label.keep_typed(pencil);
        self.inspector.keep_typed(pencil);
    }

    /// The keys of a list.
    fn keys_of(&mut self, list: Pane) -> Option<&mut ListKeys> {
        match list {
            Pane::Grid => Some(&mut self.grid.keys),
            Pane::Table => Some(&mut self.table.keys),
            Pane::Issues => Some(&mut self.issues.keys),
            Pane::Checks => Some(&mut self.checks.keys),
            Pane::Duplicates => Some(&mut self.duplicates.keys),
            Pane::Latent => Some(&mut self.latent.keys),
            Pane::Label => Some(&mut self.label.keys),
            Pane::Changes => Some(&mut self.changes.keys),
            _ => None,
        }
    }
}

/// How the panels stand.
pub struct Panels {
    tree: Tree<Pane>,
}

impl Default for Panels {
    fn default() -> Self {
        Self::new()
    }
}

impl Panels {
    /// The arrangement that a person starts with: filters, grid and inspector side by side.
    pub fn new() -> Self {
        let mut tiles = Tiles::default();
        let filters = tiles.insert_pane(Pane::Filters);
        let middle = [
            Pane::Grid,
            Pane::Table,
            Pane::Issues,
            Pane::Duplicates,
            Pane::Checks,
            Pane::Pruning,
            Pane::Charts,
            Pane::Balance,
            Pane::Augment,
            Pane::Train,
            Pane::Latent,
            Pane::Label,
            Pane::Changes,
        ];
        let middle = middle.map(|pane| tiles.insert_pane(pane));
        let front = middle[0];
        let middle = tiles.insert_tab_tile(middle.to_vec());
        let inspector = tiles.insert_pane(Pane::Inspector);
        let root = tiles.insert_horizontal_tile(vec![filters, middle, inspector]);
        if let Some(Tile::Container(Container::Linear(linear))) = tiles.get_mut(root) {
            for (tile, share) in [(filters, 0.17), (middle, 0.57), (inspector, 0.26)] {
                linear.shares.set_share(tile, share);
            }
        }
        if let Some(Tile::Container(Container::Tabs(tabs))) = tiles.get_mut(middle) {
            tabs.set_active(front);
        }
        Self { tree: Tree::new(egui::Id::unique("panels"), root, tiles) }
    }

    /// The arrangement that was kept, or the first one where there is none. A panel that it does not know
    /// comes beside the grid.
    pub fn from_value(value: Option<&serde_json::Value>) -> Self {
        let kept = value.and_then(|value| serde_json::from_value::<Tree<Pane>>(value.clone()).ok());
        let Some(mut tree) = kept.filter(|tree| tree.root().is_some()) else { return Self::new() };
        for pane in Pane::ALL {
            if tree.tiles.find_pane(&pane).is_none() && !add_beside_grid(&mut tree, pane) {
                return Self::new();
            }
        }
        Self { tree }
    }

    /// What to keep of the arrangement.
    pub fn value(&self) -> Option<serde_json::Value> {
        serde_json::to_value(&self.tree).ok()
    }

    /// Whether a panel is on screen.
    pub fn is_shown(&self, pane: Pane) -> bool {
        self.tree
            .tiles
            .find_pane(&pane)
            .is_some_and(|tile| self.tree.tiles.is_visible(tile) && self.tree.active_tiles().contains(&tile))
    }

    /// Brings a panel to the front; one that is in front is hidden, unless it is of the middle.
    pub fn toggle(&mut self, pane: Pane) {
        let may_hide = matches!(pane, Pane::Filters | Pane::Inspector);
        if may_hide
            && self.is_shown(pane)
            && let Some(tile) = self.tree.tiles.find_pane(&pane)
        {
            self.tree.tiles.set_visible(tile, false);
        } else {
            self.show(pane);
        }
    }

    /// Brings a panel to the front.
    pub fn show(&mut self, pane: Pane) {
        if let Some(tile) = self.tree.tiles.find_pane(&pane) {
            self.tree.tiles.set_visible(tile, true);
            self.tree.make_active(|id, _| id == tile);
        }
    }
}

/// Puts a panel among the tabs that the grid is in; tells whether that was possible.
fn add_beside_grid(tree: &mut Tree<Pane>, pane: Pane) -> bool {
    let tiles = &mut tree.tiles;
    let Some(grid) = tiles.find_pane(&Pane::Grid) else { return false };
    let Some(parent) = tiles.parent_of(grid) else { return false };
    let is_tabs = matches!(tiles.get_container(parent), Some(Container::Tabs(_)));
    let new = tiles.insert_pane(pane);
    let tabs = if is_tabs { parent } else { tiles.insert_tab_tile(vec![grid]) };
    if let Some(Tile::Container(Container::Tabs(tabs))) = tiles.get_mut(tabs) {
        tabs.children.push(new);
        tabs.set_active(tabs.active.unwrap_or(grid));
    }
    if !is_tabs && let Some(Tile::Container(container)) = tiles.get_mut(parent) {
        if let Container::Linear(linear) = container {
            linear.shares.replace_with(grid, tabs);
        }
        let _ = container.replace_child(grid, tabs);
    }
    true
}

/// Draws the whole window.
pub fn shell_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, views: &mut Views, panels: &mut Panels) {
    let tokens = Tokens::of(ui);
    // Escape goes to what is nearest: an open menu, list or field closes or is left first.
    views.charts.escape_is_taken = ui.ctx().text_edit_focused()
        || views.was_typing
        || views.search.is_popup_open()
        || egui::Popup::is_any_open(ui.ctx());
    // Boxes that are edited have their keys before lists and commands.
    if let Some(session) = &pencil.state.session {
        views.inspector.take_box_keys(ui, session);
        views.label.canvas.take_box_keys(ui, session);
    }
    let leads = leading(|pane| panels.is_shown(pane), views.last_list);
    if leads == Some(Pane::Label) {
        take_keys(ui, pencil, &mut views.label);
    }
    // The panel Label, and the drawn samples of the panel Latent, know for themselves what their keys do.
    let is_label = leads.map_or_else(|| panels.is_shown(Pane::Label), |pane| pane == Pane::Label);
    // Where the list stood in the last frame: this one has not drawn it yet.
    let has_focus = leads.and_then(|list| views.keys_of(list)).is_some_and(|keys| keys.was_used);
    let is_in_use = has_focus || ui.memory(|memory| memory.focused().is_none());
    let letters = match &pencil.state.session {
        Some(session) if is_in_use && leads == Some(Pane::Duplicates) => views.duplicates.letters(session),
        _ => &[],
    };
    let others = Others {
        leads,
        give_enter: is_in_use,
        letters,
        take_keys: is_label || views.latent.takes_verdicts,
        take_escape: views.charts.escape_is_taken || views.charts.takes_escape,
    };
    label_keys(ui, pencil, &mut views.grid, others);
    shortcuts(ui, pencil, views);
    // Each frame anew: a panel that is not drawn takes no keys.
    views.latent.takes_verdicts = false;
    views.charts.takes_escape = false;
    views.charts.takes_zoom = false;
    let bar = egui::Frame::new().fill(tokens.panel).inner_margin(egui::Margin::symmetric(10, 6));
    egui::Panel::top("top").frame(bar).show(ui, |ui| top_ui(ui, pencil, views));
    let low = egui::Frame::new().fill(tokens.panel).inner_margin(egui::Margin::symmetric(12, 0));
    egui::Panel::bottom("status").frame(low).exact_size(28.0).show(ui, |ui| status_ui(ui, pencil));
    egui::CentralPanel::no_frame().show(ui, |ui| {
        if pencil.state.session.is_some() {
            let leading = leading(|pane| panels.is_shown(pane), views.last_list);
            for list in LISTS {
                if let Some(keys) = views.keys_of(list) {
                    *keys = ListKeys { leads: leading == Some(list), was_used: false };
                }
            }
            let mut behavior = Draw { pencil, views };
            panels.tree.ui(&mut behavior, ui);
            let is_drawn = pencil.state.session.as_ref().is_some_and(|session| session.augment.is_asked());
            if is_drawn && !panels.is_shown(Pane::Augment) {
                pencil.act(Action::LeaveVariants);
                views.augment.rest();
            }
            let counts = pencil.state.session.as_ref().is_some_and(|session| session.charts.is_shown());
            if counts && !panels.is_shown(Pane::Charts) {
                pencil.act(Action::LeaveCharts);
            }
            let plans =
                pencil.state.session.as_ref().is_some_and(|session| session.balance.shown().is_some());
            if plans && !panels.is_shown(Pane::Balance) {
                pencil.act(Action::LeaveBalance);
            }
            let labels =
                pencil.state.session.as_ref().is_some_and(|session| session.labeller.shown.is_some());
            if labels && !panels.is_shown(Pane::Label) {
                pencil.act(Action::Label(Box::new(LabelGesture::Look(None))));
            }
            // What is typed in a panel is not lost with it.
            if !panels.is_shown(Pane::Label) {
                views.label.keep_typed(pencil);
            }
            if !panels.is_shown(Pane::Inspector) {
                views.inspector.keep_typed(pencil);
            }
            let lists = pencil.state.session.as_ref().is_some_and(|session| session.changes.is_shown());
            if lists && !panels.is_shown(Pane::Changes) {
                pencil.act(Action::LeaveChanges);
            }
            let used = LISTS.into_iter().find(|list| views.keys_of(*list).is_some_and(|keys| keys.was_used));
            views.last_list = used.or(views.last_list);
        } else {
            welcome_ui(ui, pencil);
        }
    });
    let foot = views.label.foot().filter(|_| panels.is_shown(Pane::Label) && pencil.state.session.is_some());
    notices_ui(ui, pencil, foot);
    if pencil.state.drop_hovers {
        // Another dataset has no place for what is typed of this one.
        views.label.keep_typed(pencil);
        views.inspector.keep_typed(pencil);
        drop_ui(ui);
    }
    views.was_typing = ui.ctx().text_edit_focused();
}

/// Width of the menus, and of the slider, order and theme beside the search field.
const MENUS: f32 = 236.0;
const TOOLS: f32 = 300.0;
/// From this width of the window on there is room for the slider.
const WITH_SLIDER: f32 = 760.0;

fn top_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, views: &mut Views) {
    ui.horizontal(|ui| {
        ui.set_height(30.0);
        ui.allocate_ui_with_layout(egui::vec2(MENUS, 30.0), Flow::left_to_right(Align::Center), |ui| {
            ui.set_max_width(MENUS);
            menus_ui(ui, pencil);
        });
        if pencil.state.session.is_none() {
            ui.with_layout(Flow::right_to_left(Align::Center), |ui| theme_ui(ui, pencil));
            return;
        }
        let width = (ui.available_width() - TOOLS).max(140.0);
        ui.allocate_ui_with_layout(egui::vec2(width, 30.0), Flow::left_to_right(Align::Center), |ui| {
            ui.set_width(width);
            search_ui(ui, pencil, &mut views.search);
        });
        ui.with_layout(Flow::right_to_left(Align::Center), |ui| {
            theme_ui(ui, pencil);
            // In a narrow window keys and the wheel do.
            if ui.ctx().content_rect().width() >= WITH_SLIDER {
                zoom_ui(ui, pencil);
            }
            ui.with_layout(Flow::left_to_right(Align::Center), |ui| sort_ui(ui, pencil));
        });
    });
}

fn theme_ui(ui: &mut Ui, pencil: &mut Pencil<'_>) {
    let icon = if ui.visuals().dark_mode { icons::ICON_LIGHT_MODE } else { icons::ICON_DARK_MODE };
    if widgets::icon_button(ui, icon, "Light or dark").clicked() {
        pencil.act(Action::Run(Command::ToggleTheme));
    }
}

/// The slider that sets the size of thumbnails.
fn zoom_ui(ui: &mut Ui, pencil: &mut Pencil<'_>) {
    let Some(session) = &pencil.state.session else { return };
    let mut edge = session.grid.cell_px;
    ui.spacing_mut().slider_width = 90.0;
    let slider =
        egui::Slider::new(&mut edge, crate::state::GridState::CELLS).logarithmic(true).show_value(false);
    let response = ui.add(slider).on_hover_text("Size of thumbnails");
    response.widget_info(|| egui::WidgetInfo::slider(true, f64::from(edge), "Size of thumbnails"));
    if response.changed() {
        pencil.act(Action::GridZoomed { cell_px: edge });
    }
}

fn menus_ui(ui: &mut Ui, pencil: &mut Pencil<'_>) {
    egui::MenuBar::new().ui(ui, |ui| {
        for menu in Menu::ALL {
            ui.menu_button(menu.title(), |ui| {
                ui.set_min_width(240.0);
                for entry in COMMANDS.iter().filter(|entry| entry.menu == menu) {
                    if entry.starts_group {
                        ui.separator();
                    }
                    let mut button = egui::Button::new(pencil.state.title_of(entry.command));
                    if let Some(chord) = entry.chords.first() {
                        button = button.shortcut_text(RichText::new(chord.text()).size(size::SMALL));
                    }
                    let enabled = pencil.state.can_run(entry.command);
                    if ui.add_enabled(enabled, button).on_hover_text(entry.help).clicked() {
                        pencil.act(Action::Run(entry.command));
                        ui.close();
                    }
                }
                if menu == Menu::File {
                    recents_ui(ui, pencil);
                }
            });
        }
    });
}

fn recents_ui(ui: &mut Ui, pencil: &mut Pencil<'_>) {
    if pencil.state.settings.recents.is_empty() {
        return;
    }
    ui.separator();
    ui.menu_button("Open recent", |ui| {
        for recent in &pencil.state.settings.recents {
            let source = recent.source.to_string_lossy();
            if ui.button(source.as_ref()).clicked() {
                let (source, project) = (source.into_owned(), recent.project.clone());
                pencil.actions.push(Action::OpenIn { source, project });
                ui.close();
            }
        }
    });
}

/// Runs the commands whose keys were pressed.
fn shortcuts(ui: &Ui, pencil: &mut Pencil<'_>, views: &mut Views) {
    let typing = ui.ctx().text_edit_focused();
    let modal = pencil.state.dialog.is_some();
    // Ctrl+Shift+Z also matches Ctrl+Z, so that the chords with more keys come first.
    for with_shift in [true, false] {
        let chords = COMMANDS.iter().flat_map(|entry| entry.chords.iter().map(move |chord| (entry, chord)));
        for (entry, chord) in chords.filter(|(_, chord)| (chord.shift || chord.alt) == with_shift) {
            let plain = !chord.command && !chord.alt;
            if (plain && typing) || (modal && entry.command != Command::Palette) {
                continue;
            }
            if chord.key == "Escape" && (views.charts.escape_is_taken || views.charts.takes_escape) {
                continue;
            }
            // A field undoes what is typed in it; elsewhere undo is the dataset's.
            if typing && matches!(entry.command, Command::Undo | Command::Redo | Command::SelectAll) {
                continue;
            }
            // Drawn samples are decided on by the keys of those of the dataset.
            let decides = matches!(entry.command, Command::Keep | Command::Prune | Command::Undecide);
            if decides && views.latent.takes_verdicts {
                continue;
            }
            let zooms = matches!(entry.command, Command::LargerThumbnails | Command::SmallerThumbnails);
            if zooms && views.charts.takes_zoom {
                continue;
            }
            if let Some(shortcut) = shortcut(*chord)
                && ui.input_mut(|input| input.consume_shortcut(&shortcut))
            {
                // Another dataset, or none, has no place for what is typed of this one.
                if entry.menu == Menu::File {
                    views.keep_typed(pencil);
                }
                pencil.actions.push(Action::Run(entry.command));
            }
        }
    }
}

fn shortcut(chord: Chord) -> Option<KeyboardShortcut> {
    let mut modifiers = Modifiers::NONE;
    modifiers.command = chord.command;
    modifiers.shift = chord.shift;
    modifiers.alt = chord.alt;
    Some(KeyboardShortcut::new(modifiers, Key::from_name(chord.key)?))
}

fn drop_ui(ui: &Ui) {
    let tokens = Tokens::of(ui);
    let painter = ui.ctx().layer_painter(egui::LayerId::new(egui::Order::Tooltip, egui::Id::unique("drop")));
    let rect = ui.ctx().content_rect();
    painter.rect_filled(rect, 0.0, tokens.scrim);
    painter.text(
        rect.center(),
        egui::Align2::CENTER_CENTER,
        "Drop to open",
        super::theme::bold(size::TITLE),
        egui::Color32::WHITE,
    );
}

struct Draw<'a, 'b> {
    pencil: &'a mut Pencil<'b>,
    views: &'a mut Views,
}

impl Behavior<Pane> for Draw<'_, '_> {
    fn pane_ui(&mut self, ui: &mut Ui, _: TileId, pane: &mut Pane) -> UiResponse {
        let tokens = Tokens::of(ui);
        ui.painter().rect_filled(ui.max_rect(), 0.0, tokens.panel);
        match pane {
            Pane::Grid => grid_ui(ui, self.pencil, &mut self.views.grid),
            Pane::Filters => filters_ui(ui, self.pencil, &mut self.views.filters),
            Pane::Table => table_ui(ui, self.pencil, &mut self.views.table),
            Pane::Issues => issues_ui(ui, self.pencil, &mut self.views.issues),
            Pane::Duplicates => duplicates_ui(ui, self.pencil, &mut self.views.duplicates),
            Pane::Checks => checks_ui(ui, self.pencil, &mut self.views.checks),
            Pane::Pruning => pruning_ui(ui, self.pencil, &mut self.views.pruning),
            Pane::Charts => charts_ui(ui, self.pencil, &mut self.views.charts),
            Pane::Balance => balance_ui(ui, self.pencil, &mut self.views.balance),
            Pane::Augment => augment_ui(ui, self.pencil, &mut self.views.augment),
            Pane::Train => train_ui(ui, self.pencil, &mut self.views.train),
            Pane::Latent => latent_ui(ui, self.pencil, &mut self.views.latent),
            Pane::Label => label_ui(ui, self.pencil, &mut self.views.label),
            Pane::Changes => changes_ui(ui, self.pencil, &mut self.views.changes),
            Pane::Inspector => inspector_ui(ui, self.pencil, &mut self.views.inspector),
        }
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> egui::WidgetText {
        let count = match (pane, &self.pencil.state.session) {
            (Pane::Issues, Some(session)) if !session.issues.is_empty() => {
                format!("  {}", crate::text::grouped(session.issues.len() as u64))
            }
            (Pane::Duplicates, Some(session)) if !session.review.judged.groups.is_empty() => {
                format!("  {}", crate::text::grouped(session.review.judged.groups.len() as u64))
            }
            _ => String::new(),
        };
        RichText::new(format!("{}{count}", pane.title())).size(size::BODY).into()
    }

    fn tab_bar_height(&self, _: &egui::Style) -> f32 {
        30.0
    }

    fn gap_width(&self, _: &egui::Style) -> f32 {
        1.0
    }

    fn tab_bar_color(&self, visuals: &egui::Visuals) -> egui::Color32 {
        visuals.panel_fill
    }

    fn tab_bg_color(
        &self,
        visuals: &egui::Visuals,
        _: &Tiles<Pane>,
        _: TileId,
        _: &TabState,
    ) -> egui::Color32 {
        visuals.panel_fill
    }

    fn tab_outline_stroke(
        &self,
        _: &egui::Visuals,
        _: &Tiles<Pane>,
        _: TileId,
        _: &TabState,
    ) -> egui::Stroke {
        egui::Stroke::NONE
    }

    fn tab_bar_hline_stroke(&self, visuals: &egui::Visuals) -> egui::Stroke {
        visuals.widgets.noninteractive.bg_stroke
    }

    fn tab_text_color(
        &self,
        visuals: &egui::Visuals,
        _: &Tiles<Pane>,
        _: TileId,
        state: &TabState,
    ) -> egui::Color32 {
        if state.active { visuals.text_color() } else { visuals.weak_text_color() }
    }

    fn resize_stroke(&self, style: &egui::Style, state: egui_tiles::ResizeState) -> egui::Stroke {
        match state {
            egui_tiles::ResizeState::Idle => style.visuals.widgets.noninteractive.bg_stroke,
            _ => style.visuals.widgets.active.bg_stroke,
        }
    }

    fn simplification_options(&self) -> egui_tiles::SimplificationOptions {
        egui_tiles::SimplificationOptions { all_panes_must_have_tabs: true, ..Default::default() }
    }
}
