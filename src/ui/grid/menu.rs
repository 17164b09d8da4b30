//! What a right click on a cell offers: a class for the selected samples, and what else is done with them.

use egui::{Popup, PopupCloseBehavior, Response, SetOpenCommand, Ui};

use crate::dataset::edit::SampleSet;
use crate::state::{Action, Command, LabelGesture, SelectMode, Session};
use crate::text::counted;
use crate::ui::class_pick::{Chosen, ClassPick, class_pick_ui};
use crate::ui::{Pencil, widgets};

/// Opens the menu where a cell was asked for it, and draws it while it is open.
pub(super) fn menu_ui(
    pencil: &mut Pencil<'_>,
    session: &Session,
    pick: &mut ClassPick,
    response: &Response,
    asked: Option<usize>,
) {
    if let Some(position) = asked {
        let sample = session.shown.found.rows.get(position);
        // As in a file manager: what is under the pointer is meant, with the others where it is one of them.
        if sample.is_some_and(|sample| !session.selection.contains(*sample)) {
            pencil.act(Action::Click { position, mode: SelectMode::Replace });
        }
        pick.open();
    }
    let popup = Popup::context_menu(response)
        .id(response.id.with("menu"))
        .open_memory(asked.map(|_| SetOpenCommand::Bool(true)))
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name("Selected samples");
    popup.show(|ui| items_ui(ui, pencil, session, pick));
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
