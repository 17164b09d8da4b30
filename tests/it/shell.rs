//! The frame of the window over the program's state, without work and disk.

use egui_kittest::Harness;
use lenslet::state::{Action, Effect, Opened, Session, State};
use lenslet::store::Settings;
use lenslet::ui::dialogs::{DialogsView, dialogs_ui};
use lenslet::ui::shell::{Panels, Views, shell_ui};
use lenslet::ui::{Pencil, Pictures, theme};

use crate::session;

pub struct Shell {
    pub state: State,
    pub views: Views,
    panels: Panels,
    dialogs: DialogsView,
    pictures: Box<dyn Pictures>,
    /// What was done by drawing.
    pub actions: Vec<Action>,
    /// What was asked for, but for what the window does itself.
    pub effects: Vec<Effect>,
}

impl Shell {
    pub fn new(opened: Opened, panels: Panels, pictures: impl Pictures + 'static) -> Self {
        let mut shell = Self {
            state: State::new(Settings::default()),
            views: Views::default(),
            panels,
            dialogs: DialogsView::default(),
            pictures: Box::new(pictures),
            actions: Vec::new(),
            effects: Vec::new(),
        };
        shell.act(Action::Opened(Box::new(opened)));
        shell
    }

    fn ui(&mut self, ui: &mut egui::Ui) {
        let mut actions = Vec::new();
        let mut pencil = Pencil { state: &self.state, pictures: &mut *self.pictures, actions: &mut actions };
        shell_ui(ui, &mut pencil, &mut self.views, &mut self.panels);
        dialogs_ui(ui.ctx(), &mut pencil, &mut self.dialogs);
        for action in actions {
            self.actions.push(action.clone());
            self.act(action);
        }
    }

    pub fn act(&mut self, action: Action) {
        for effect in session::act(&mut self.state, action) {
            match effect {
                Effect::TogglePane(pane) => self.panels.toggle(pane),
                Effect::FocusSearch => self.views.search.focus = true,
                effect => self.effects.push(effect),
            }
        }
    }

    pub fn session(&self) -> &Session {
        self.state.session.as_ref().unwrap()
    }
}

pub type Window = Harness<'static, Shell>;

/// A window of this height, which has so many frames to come to rest at first and in each run.
pub fn window(shell: Shell, height: f32, max_steps: u64) -> Window {
    Harness::builder()
        .with_size([1280.0, height])
        .with_max_steps(max_steps)
        .with_os(egui::os::OperatingSystem::Nix)
        .allow_missing_glyphs()
        .with_context_setup(theme::install)
        .build_ui_state(|ui, shell: &mut Shell| shell.ui(ui), shell)
}
