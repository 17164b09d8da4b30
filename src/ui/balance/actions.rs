//! What is done with a plan or new splits.

use egui::{Button, RichText, Ui};

use crate::state::balance::{BalanceFile, Look};
use crate::state::{Action, Session};
use crate::ui::Pencil;
use crate::ui::theme::Tokens;

pub(super) fn actions_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, look: Look) {
    ui.horizontal_wrapped(|ui| match look {
        Look::Plan => plan_ui(ui, pencil, session),
        Look::Splits => {
            let is_there = session.balance.dealt.current().is_some();
            let help = "A table of all that stays, each in its new split; the images stay where they are";
            let action = Action::PickBalanceFile(BalanceFile::Splits);
            button_ui(ui, pencil, is_there, "Save the manifest…", help, action);
        }
    });
}

fn plan_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    let plan = session.balance.plan.current();
    let is_there = plan.is_some();
    let goes = plan.is_some_and(|plan| plan.going() > 0);
    let is_weighed = plan.is_some_and(|plan| plan.means.weights.is_some());
    let tokens = Tokens::of(ui);
    let (color, fill) =
        if goes { (tokens.on_accent, tokens.accent) } else { (tokens.text_dim, tokens.raised) };
    let flag = Button::new(RichText::new("Flag what goes").color(color)).fill(fill);
    let help = "Prunes the samples that go, to be left out of an export; Ctrl+Z takes it back, and no file is touched";
    if ui.add_enabled(goes, flag).on_hover_text(help).clicked() {
        pencil.act(Action::FlagPlanned);
    }
    let help = "Write what stays, with repeats, variants and weights, to a new folder";
    button_ui(ui, pencil, is_there, "Export…", help, Action::ExportPlan);
    let file = Action::PickBalanceFile;
    let help = "A table of all that stays, with how often it is there and what it weighs; the images stay where they \
                are";
    button_ui(ui, pencil, is_there, "Save the manifest…", help, file(BalanceFile::Manifest));
    let help = "What each sample weighs, as CSV or JSON; class weights have to be on";
    button_ui(ui, pencil, is_weighed, "Save weights…", help, file(BalanceFile::Weights));
    let help = "A WeightedRandomSampler that reads the weights as CSV; class weights have to be on";
    button_ui(ui, pencil, is_weighed, "Save PyTorch code…", help, file(BalanceFile::Sampler));
}

fn button_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, enabled: bool, title: &str, help: &str, action: Action) {
    let response = ui.add_enabled(enabled, Button::new(title));
    if response.on_hover_text(help).on_disabled_hover_text(help).clicked() {
        pencil.act(action);
    }
}
