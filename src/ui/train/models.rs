//! The models that the project keeps, and what can be done with each.

use egui::{Frame, Label, Margin, RichText, Ui};

use crate::state::latent::ModelRef;
use crate::state::training::pictures_text;
use crate::state::{Action, Command, ModelFace, Session};
use crate::text::counted;
use crate::ui::theme::{Tokens, bold, size, space};
use crate::ui::{Pencil, widgets};

/// Draws the models; nothing where there are none.
pub fn models_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    let training = &session.training;
    if training.models.is_empty() {
        return;
    }
    widgets::group_heading(ui, "Models");
    for model in training.models.iter() {
        model_ui(ui, pencil, session, model);
        ui.add_space(space::XS);
    }
}

fn model_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, model: &ModelFace) {
    let tokens = Tokens::of(ui);
    let (name, about) = (model.name(), &model.about);
    let card = Frame::new().fill(tokens.raised).corner_radius(space::RADIUS);
    card.inner_margin(Margin::symmetric(10, 6)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new(&name).font(bold(size::BODY)));
        ui.add(Label::new(widgets::dim(facts_of(model))).wrap()).on_hover_text(format!(
            "{}\n{}",
            about.source,
            model.checkpoint.display()
        ));
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            let idle = !session.training.is_running();
            let button = |ui: &mut Ui, enabled: bool, title: &str, help: &str| {
                let button = ui.add_enabled(enabled, egui::Button::new(RichText::new(title).small()));
                let button = button.on_hover_text(help).on_disabled_hover_text("A model is being trained");
                button.widget_info(|| {
                    let label = format!("{title}: {name}");
                    egui::WidgetInfo::labeled(egui::Role::Button, enabled, label)
                });
                button.clicked()
            };
            if button(ui, true, "Look into", "Show where it puts the samples, and what it draws") {
                pencil.act(Action::OpenModel { model: ModelRef::Folder(model.checkpoint.clone()) });
                pencil.act(Action::Run(Command::ShowLatent));
            }
            let help = "Train it further, as long again where it was completed. The view has to show the very samples that it \
                        began with";
            if button(ui, idle, "Go on", help) {
                pencil.act(Action::ResumeTraining { run: model.run.clone() });
            }
            let draft = session.training.draft.as_ref();
            let help = "Set up a new run that begins with what this one learned, on whatever is shown";
            if button(ui, idle && draft.is_some(), "Begin with it", help)
                && let Some(mut draft) = draft.cloned()
            {
                draft.begin_with(model);
                pencil.act(Action::ChangeTraining(Box::new(draft)));
            }
        });
    });
}

/// What a model is, in a line.
fn facts_of(model: &ModelFace) -> String {
    let about = &model.about;
    let shape = &about.config.shape;
    let mut text = format!("{} · latent {}", pictures_text(shape), shape.latent);
    if shape.classes > 0 {
        text.push_str(" · told the class");
    }
    text.push_str(&format!(" · {}", counted(about.step, "step")));
    if let Some(figures) = about.held_out {
        text.push_str(&format!(" · held-out ELBO {:.1}", figures.elbo()));
    }
    text
}
