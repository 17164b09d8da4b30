//! What a right click on a sample offers, in whichever list it stands: a class for the selected samples, and what else
//! is done with them.

use egui::{Popup, PopupCloseBehavior, Response, SetOpenCommand, Ui};

use super::class_pick::{Chosen, ClassPick, class_pick_ui};
use super::{Pencil, widgets};
use crate::dataset::SampleId;
use crate::dataset::edit::SampleSet;
use crate::state::{Action, Command, LabelGesture, Session};
use crate::text::counted;

/// The menu of a list of samples.
#[derive(Debug, Default)]
pub struct SampleMenu {
    pick: ClassPick,
    is_asked: bool,
}

impl SampleMenu {
    /// Opens at the pointer the next time that it is shown. Tells whether the list has to choose the sample first: as
    /// in a file manager, what is under the pointer is meant, with the others where it is one of them.
    #[must_use]
    pub fn ask(&mut self, session: &Session, sample: SampleId) -> bool {
        self.is_asked = true;
        self.pick.open();
        !session.selection.contains(sample)
    }

    /// Draws the menu of a list while it is open.
    pub fn show(&mut self, pencil: &mut Pencil<'_>, session: &Session, list: &Response) {
        let is_asked = std::mem::take(&mut self.is_asked);
        let popup = Popup::context_menu(list)
            .id(list.id.with("menu"))
            .open_memory(is_asked.then_some(SetOpenCommand::Bool(true)))
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .accessible_name("Selected samples");
        popup.show(|ui| items_ui(ui, pencil, session, &mut self.pick));
    }
}

fn items_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, pick: &mut ClassPick) {
    let selected = session.selection.len();
    ui.label(widgets::dim(format!("Label {} as…", counted(selected as u64, "sample"))));
    let chosen = class_pick_ui(ui, session, pick);
    let gesture = match chosen {
        Some(Chosen::Class(class)) => session.labelling_selected(class),
        Some(Chosen::New(name)) => {
            let samples = SampleSet::from_mask(session.selection.mask());
            Some(LabelGesture::NewClass { name, samples })
        }
        None => None,
    };
    if let Some(gesture) = gesture {
        label(pencil, gesture);
        ui.close();
    }
    ui.separator();
    if ui.button("Give the source's labels back").clicked() {
        if let Some(gesture) = session.giving_selected_back() {
            label(pencil, gesture);
        }
        ui.close();
    }
    if session.labeller.proposals.is_some() {
        command_ui(ui, pencil, Command::ConfirmProposals);
    }
    if session.review.analysed.is_some() {
        command_ui(ui, pencil, Command::MoreLikeThese);
    } else {
        let button = ui.add_enabled(false, egui::Button::new(pencil.state.title_of(Command::MoreLikeThese)));
        button.on_disabled_hover_text("Samples are compared by an analysis, and there was none yet.");
        command_ui(ui, pencil, Command::Analyse);
    }
    ui.separator();
    for command in [Command::ToggleUnsure, Command::ToggleStar, Command::ToggleReviewed] {
        command_ui(ui, pencil, command);
    }
    ui.separator();
    for command in [Command::CopyPath, Command::Reveal] {
        command_ui(ui, pencil, command);
    }
}

fn label(pencil: &mut Pencil<'_>, gesture: LabelGesture) {
    pencil.act(Action::Label(Box::new(gesture)));
}

fn command_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, command: Command) {
    let title = pencil.state.title_of(command);
    if ui.add_enabled(pencil.state.can_run(command), egui::Button::new(title)).clicked() {
        pencil.act(Action::Run(command));
        ui.close();
    }
}
