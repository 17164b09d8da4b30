//! A dialog or a panel by itself over the program's state; what is done in it is told after each frame.

use egui::{Key, Modifiers, Ui};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lenslet::state::{Action, Effect, Session, State};
use lenslet::ui::{Pencil, theme};

use crate::session::NoPictures;

/// The program's state, what is drawn, and what telling its actions left to do.
pub type Pane<V, Left = Effect> = Harness<'static, (State, V, Vec<Left>)>;

/// A pane of this size, which has so many frames to come to rest at first.
pub fn pane<V: Default + 'static, Left: 'static>(
    state: State,
    size: [f32; 2],
    max_steps: u64,
    draw: fn(&mut Ui, &mut Pencil<'_>, &mut V),
    tell: fn(&mut State, Action) -> Vec<Left>,
) -> Pane<V, Left> {
    let mut pane = Harness::builder()
        .with_size(size)
        .with_max_steps(max_steps)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_context_setup(theme::install)
        .build_ui_state(
            move |ui, (state, view, left): &mut (State, V, Vec<Left>)| {
                for action in drawn(state, |pencil| draw(ui, pencil, view)) {
                    left.extend(tell(state, action));
                    ui.ctx().request_repaint();
                }
            },
            (state, V::default(), Vec::new()),
        );
    settle(&mut pane);
    pane
}

/// Draws without pictures, and gives what was done.
pub fn drawn(state: &State, draw: impl FnOnce(&mut Pencil<'_>)) -> Vec<Action> {
    let mut actions = Vec::new();
    draw(&mut Pencil { state, pictures: &mut NoPictures, actions: &mut actions });
    actions
}

pub fn session(state: &State) -> &Session {
    state.session.as_ref().expect("it is open")
}

/// A few frames: a field that is typed in asks for more of them for ever.
pub fn settle<V, Left>(pane: &mut Pane<V, Left>) {
    pane.run_steps(6);
}

pub fn click<V, Left>(pane: &mut Pane<V, Left>, name: &str) {
    pane.get_by_label(name).click();
    settle(pane);
}

pub fn press<V, Left>(pane: &mut Pane<V, Left>, modifiers: Modifiers, key: Key) {
    pane.key_press_modifiers(modifiers, key);
    settle(pane);
}
