//! The frame of the window by keys: which list the arrows move, what Escape closes first, what a
//! screen reader can name and click.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use egui_tiles::{Tiles, Tree};
use lenslet::dataset::builder::DatasetBuilder;
use lenslet::dataset::{Layout, NewSample, SampleId};
use lenslet::jobs::Progress;
use lenslet::state::{Action, Command, Dialog, Effect, JobFace, JobId, Level, Opened, Pane};
use lenslet::ui::shell::Panels;
use lenslet::ui::{FullPicture, Pictures, Thumb};

use crate::session;
use crate::shell::{self, Shell, Window};

/// Pictures that cannot be read.
struct Unreadable;

impl Pictures for Unreadable {
    fn thumbnail(&mut self, _: SampleId, _: u32) -> Option<Thumb> {
        None
    }

    fn full(&mut self, _: SampleId) -> FullPicture {
        // Loading would turn a spinner for ever.
        FullPicture::Failed { message: "There is no picture.".to_owned(), metadata: Arc::default() }
    }

    fn prefetch_full(&mut self, _: &[SampleId]) {}
}

fn class(at: usize) -> String {
    format!("class {at:02}")
}

/// A dataset of so many classes and samples, opened.
fn opened(classes: usize, samples: usize) -> Opened {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for at in 0..samples {
        let class = class(at % classes);
        let path = format!("{at:05}.jpg");
        builder.push(NewSample { path: &path, labels: &[&class], ..Default::default() });
    }
    session::unmeasured(builder.finish().0, Vec::new())
}

fn window(panels: Panels) -> Window {
    let mut window = shell::window(Shell::new(opened(20, 200), panels, Unreadable), 800.0, 30);
    window.run();
    window
}

/// Grid and table beside each other, without the other panels in front.
fn side_by_side() -> Panels {
    let mut tiles = Tiles::default();
    let panes = [Pane::Filters, Pane::Grid, Pane::Table, Pane::Inspector, Pane::Issues];
    let children = panes.map(|pane| tiles.insert_pane(pane));
    let root = tiles.insert_horizontal_tile(children.to_vec());
    let tree = Tree::new(egui::Id::unique("panels"), root, tiles);
    Panels::from_value(Some(&serde_json::to_value(tree).unwrap()))
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run();
}

fn cursor(window: &Window) -> Option<SampleId> {
    window.state().session().selection.cursor
}

fn selected(window: &Window) -> usize {
    window.state().session().selection.len()
}

fn moves(window: &mut Window) -> Vec<Action> {
    let actions = std::mem::take(&mut window.state_mut().actions);
    actions.into_iter().filter(|action| matches!(action, Action::MoveCursor { .. })).collect()
}

#[test]
fn after_a_click_in_the_grid_arrows_go_on_moving() {
    let mut window = window(Panels::new());
    window.get_by_role_and_label(Role::GridCell, "00003.jpg").click();
    window.run();
    assert_eq!(cursor(&window), Some(3));
    for expected in [4, 5, 6] {
        press(&mut window, Modifiers::NONE, Key::ArrowRight);
        assert_eq!(cursor(&window), Some(expected));
        let name = format!("0000{expected}.jpg");
        let cell = window.get_by_role_and_label(Role::GridCell, &name);
        assert!(cell.is_focused(), "the grid keeps the focus, and its cursor is what is read");
    }
    press(&mut window, Modifiers::SHIFT, Key::ArrowLeft);
    assert_eq!(selected(&window), 2);
    // Two keys in the frame right after the click.
    window.get_by_role_and_label(Role::GridCell, "00001.jpg").click();
    window.step();
    window.key_press(Key::ArrowRight);
    window.key_press(Key::ArrowRight);
    window.run();
    assert_eq!(cursor(&window), Some(3));
}

#[test]
fn a_screen_reader_can_select_a_cell() {
    let mut window = window(Panels::new());
    window.get_by_role_and_label(Role::GridCell, "00007.jpg").click_accesskit();
    window.run();
    assert_eq!(cursor(&window), Some(7));
    let cell = window.get_by_role_and_label(Role::GridCell, "00007.jpg");
    assert_eq!(cell.accesskit_node().is_selected(), Some(true));
}

#[test]
fn with_only_the_table_on_screen_arrows_work_at_once() {
    let mut window = window(Panels::new());
    press(&mut window, Modifiers::COMMAND, Key::Num2);
    window.state_mut().actions.clear();
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    assert_eq!(moves(&mut window), [Action::MoveCursor { by: 1, extend: false }]);
}

#[test]
fn of_two_lists_exactly_one_takes_the_arrows() {
    let mut window = window(side_by_side());
    window.state_mut().act(Action::GridZoomed { cell_px: 48.0 });
    window.run();
    let columns = window.state().session().grid.columns as isize;
    assert!(columns > 1);
    moves(&mut window);
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    assert_eq!(moves(&mut window), [Action::MoveCursor { by: columns, extend: false }], "the grid leads");
    // A click in the table, and Escape, which leaves it.
    window.get_by_role_and_label(Role::Row, "00002.jpg").click();
    window.run();
    press(&mut window, Modifiers::NONE, Key::Escape);
    moves(&mut window);
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    assert_eq!(moves(&mut window), [Action::MoveCursor { by: 1, extend: false }], "used last");
    window.get_by_role_and_label(Role::GridCell, "00000.jpg").click();
    window.run();
    press(&mut window, Modifiers::NONE, Key::Escape);
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    assert_eq!(moves(&mut window), [Action::MoveCursor { by: columns, extend: false }]);
}

#[test]
fn space_and_enter_in_a_list_leave_the_selection_as_it_is() {
    for (pane, role) in [(Key::Num1, Role::GridCell), (Key::Num2, Role::Row)] {
        let mut window = window(Panels::new());
        press(&mut window, Modifiers::COMMAND, pane);
        window.get_by_role_and_label(role, "00003.jpg").click();
        window.run();
        for key in [Key::Space, Key::Enter] {
            press(&mut window, Modifiers::NONE, key);
            assert_eq!(selected(&window), 1, "{key:?} in {role:?}");
        }
    }
}

#[test]
fn escape_closes_a_menu_before_it_clears_the_selection() {
    for (open, inside) in [("File", "Open folder…"), ("By path", "Megapixels")] {
        let mut window = window(Panels::new());
        press(&mut window, Modifiers::COMMAND, Key::A);
        window.get_by_role_and_label(Role::Button, open).click();
        window.run();
        assert!(window.query_by_label_contains(inside).is_some(), "{open} is open");
        press(&mut window, Modifiers::NONE, Key::Escape);
        assert!(window.query_by_label_contains(inside).is_none(), "{open} is closed");
        assert_eq!(selected(&window), 200);
        press(&mut window, Modifiers::NONE, Key::Escape);
        assert_eq!(selected(&window), 0);
    }
}

#[test]
fn escape_closes_completions_then_leaves_the_field_then_clears_the_selection() {
    for (typed, popup) in [("lab", "label:"), ("width>", "Completions")] {
        let mut window = window(Panels::new());
        press(&mut window, Modifiers::COMMAND, Key::A);
        press(&mut window, Modifiers::COMMAND, Key::F);
        let is_typing =
            |window: &Window| window.get_by_role_and_label(Role::TextInput, "Search and filter").is_focused();
        window.get_by_role_and_label(Role::TextInput, "Search and filter").type_text(typed);
        window.run();
        assert!(window.query_by_label(popup).is_some(), "{typed}: something is open");
        press(&mut window, Modifiers::NONE, Key::Escape);
        assert!(window.query_by_label(popup).is_none(), "{typed}: it is closed");
        assert!(is_typing(&window), "{typed}: the field keeps the focus");
        press(&mut window, Modifiers::NONE, Key::Escape);
        assert!(!is_typing(&window), "{typed}: the field is left");
        assert_eq!(selected(&window), 200);
        press(&mut window, Modifiers::NONE, Key::Escape);
        assert_eq!(selected(&window), 0);
    }
}

#[test]
fn a_path_can_be_typed_while_a_dataset_is_open() {
    let mut window = window(Panels::new());
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::G);
    assert_eq!(window.state().state.dialog, Some(Dialog::OpenPath { text: String::new() }));
    assert!(window.get_by_role_and_label(Role::TextInput, "Path").is_focused());
}

#[test]
fn keys_zoom_the_inspected_image_and_leave_the_lists_alone() {
    let mut window = window(Panels::new());
    window.state_mut().actions.clear();
    press(&mut window, Modifiers::NONE, Key::Period);
    press(&mut window, Modifiers::NONE, Key::Comma);
    assert_eq!(window.state().effects, [Effect::InspectorZoomIn, Effect::InspectorZoomOut]);
    press(&mut window, Modifiers::ALT, Key::ArrowRight);
    assert_eq!(moves(&mut window), [], "Alt and an arrow move the image");
}

#[test]
fn menus_take_the_arrows_while_they_are_open() {
    let mut window = window(Panels::new());
    window.get_by_label("View").click();
    window.run();
    moves(&mut window);
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    assert_eq!(moves(&mut window), []);
}

#[test]
fn another_dataset_with_fewer_classes_can_be_opened() {
    let mut window = window(Panels::new());
    window.get_by_label("class 19, 10 of 10");
    // The number of the view's answer is the same in both.
    window.state_mut().act(Action::Opened(Box::new(opened(3, 30))));
    window.run();
    window.get_by_label("class 02, 10 of 10");
    assert!(window.query_by_label("class 19, 10 of 10").is_none());
    window.state_mut().act(Action::Opened(Box::new(opened(15, 30))));
    window.run();
    window.get_by_label("class 14, 2 of 2");
}

#[test]
fn classes_are_searched_in_any_case() {
    let mut window = window(Panels::new());
    window.get_by_label("Find a class").focus();
    window.run();
    window.get_by_label("Find a class").type_text("CLASS 1");
    window.run();
    window.get_by_label("class 13, 10 of 10");
    assert!(window.query_by_label("class 03, 10 of 10").is_none());
}

#[test]
fn what_has_no_text_has_a_name() {
    let mut window = window(Panels::new());
    let progress = Progress { done: 3, total: 10, ..Progress::default() };
    let jobs = vec![JobFace { id: JobId::Measure, progress, paused: false }];
    window.state_mut().act(Action::JobsMoved(jobs));
    for (level, text) in [(Level::Warning, "Careful."), (Level::Error, "It broke.")] {
        window.state_mut().act(Action::Notify { level, text: text.to_owned() });
    }
    window.run_steps(4);
    window.get_by_role_and_label(Role::ProgressIndicator, "Measuring");
    window.get_by_role_and_label(Role::ComboBox, "Order of the classes: by count");
    window.get_by_label("Warning");
    window.get_by_label("Error");
    window.state_mut().act(Action::Run(Command::SelectAll));
    window.run_steps(2);
    window.get_by_label("200 selected");
}
