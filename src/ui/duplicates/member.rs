//! One member of a group: what tells it from the others, and what was decided of it.

use egui::{Color32, FontId, Painter, Rect, pos2, vec2};

use crate::dataset::{Flag, Preference, SampleId, Verdict};
use crate::state::Session;
use crate::text::{bytes_text, grouped};
use crate::ui::theme::{Tokens, size};
use crate::ui::widgets::{self, elided, elided_name};

/// Height of the facts, in points.
pub(super) const FACTS: f32 = 4.0 * LINE + 2.0;
/// Height of a line of them.
const LINE: f32 = 17.0;

/// A sample with what its group says of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub sample: SampleId,
    /// Why it would stay, where it is the one.
    pub suggested: Option<Preference>,
}

/// Draws path, size, label, split and verdict into a rectangle of [`FACTS`] height; tells what was cut.
pub(super) fn facts_ui(
    painter: &Painter,
    session: &Session,
    member: Member,
    rect: Rect,
    tokens: &Tokens,
) -> bool {
    let mut cut = false;
    let mut top = rect.top();
    let mut line = |parts: &[(String, Color32)]| {
        let mut left = rect.left();
        for (text, color) in parts {
            let font = FontId::proportional(size::SMALL + 1.0);
            let galley = elided(painter, text, *color, font, rect.right() - left);
            cut |= galley.elided;
            let width = galley.size().x;
            painter.galley(pos2(left, top + (LINE - galley.size().y) / 2.0), galley, *color);
            left += width;
        }
        top += LINE;
    };
    let dim = tokens.text_dim;
    let path = session.dataset().path(member.sample);
    let font = FontId::proportional(size::SMALL + 1.0);
    let (name, name_cut) = elided_name(painter, path, tokens.text, font, rect.width());
    painter.galley(pos2(rect.left(), rect.top() + (LINE - name.size().y) / 2.0), name, tokens.text);
    line(&[]);
    line(&[(size_text(session, member.sample), dim)]);
    line(&labels(session, member.sample, tokens));
    line(&[verdict(session, member, tokens)]);
    cut | name_cut
}

/// "640 × 480 px · 34.5 kB · sharpness 0.0123".
pub(super) fn size_text(session: &Session, sample: SampleId) -> String {
    let fact = session.snapshot.facts.get(sample);
    let mut parts = Vec::new();
    if fact.width > 0 {
        parts.push(format!("{} × {} px", grouped(fact.width.into()), grouped(fact.height.into())));
    }
    parts.push(bytes_text(session.dataset().bytes[sample as usize]));
    if fact.measured && !fact.sharpness.is_nan() {
        parts.push(format!("sharpness {:.4}", fact.sharpness));
    }
    parts.join(" · ")
}

/// The classes and the split; in the colour of a warning where they are not the same in the group.
fn labels(session: &Session, sample: SampleId, tokens: &Tokens) -> [(String, Color32); 2] {
    let dataset = session.dataset();
    let flags = session.review.judged.findings.flags(sample);
    let color = |flag: Flag| if flags & flag.bit() != 0 { tokens.warn } else { tokens.text_dim };
    let names: Vec<&str> = session.snapshot.labels().names(sample).take(20).collect();
    let label = if names.is_empty() { "unlabelled".to_owned() } else { names.join(", ") };
    let split = dataset.split(sample).map(|split| format!(" · {split}")).unwrap_or_default();
    [(label, color(Flag::LabelConflict)), (split, color(Flag::Leak))]
}

fn verdict(session: &Session, member: Member, tokens: &Tokens) -> (String, Color32) {
    let decision = session.snapshot.decision(member.sample);
    let text = widgets::decision_text(&session.snapshot, decision);
    match (decision.verdict, member.suggested) {
        (Verdict::Keep, _) => (text, tokens.ok),
        (Verdict::Prune, _) => (text, tokens.error),
        (_, Some(preference)) => (format!("Suggested: {}", preference.because()), tokens.accent),
        _ => ("Undecided".to_owned(), tokens.text_dim),
    }
}

/// All of it as a screen reader says it, and on hover where it was cut.
pub(super) fn told(session: &Session, member: Member) -> String {
    let tokens = &crate::ui::theme::DARK;
    let [(label, _), (split, _)] = labels(session, member.sample, tokens);
    let size = size_text(session, member.sample);
    format!("{size}\n{label}{split}\n{}", verdict(session, member, tokens).0)
}

/// The signs over a member's picture: what was decided, and whether it would stay.
pub(super) fn signs_ui(painter: &Painter, session: &Session, member: Member, drawn: Rect, tokens: &Tokens) {
    let decision = session.snapshot.decision(member.sample);
    if let Some((icon, color)) = widgets::verdict_icon(decision.verdict, tokens) {
        widgets::badge(painter, icon, drawn.right_top() + vec2(-13.0, 13.0), color, tokens);
    }
    if member.suggested.is_some() {
        let font = FontId::proportional(10.0);
        let text = painter.layout_no_wrap("Suggested".to_owned(), font, tokens.on_accent);
        let rect = Rect::from_min_size(drawn.left_top() + vec2(5.0, 5.0), text.size() + vec2(12.0, 4.0));
        painter.rect_filled(rect, 8.0, tokens.accent);
        painter.galley(rect.min + vec2(6.0, 2.0), text, tokens.on_accent);
    }
}
