//! Design tokens: every colour, distance and type size of the interface, dark and light.
//!
//! Views take colours and distances from here and nowhere else. Contrast of text on its
//! background is at least 4.5:1 (WCAG 2.2 AA) in both themes; a test checks it.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::epaint::Shadow;
use egui::{Color32, CornerRadius, FontData, FontFamily, FontId, Margin, Stroke, TextStyle, Theme, Vec2};

use crate::colours::{self, Colours};
use crate::dataset::ClassId;
use crate::dataset::query::Snapshot;

/// The colours of one theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tokens {
    /// Behind thumbnails and images.
    pub canvas: Color32,
    /// Panels and bars.
    pub panel: Color32,
    /// Controls and cards that stand on a panel.
    pub raised: Color32,
    /// The same under the pointer.
    pub raised_hover: Color32,
    /// The background of fields that are typed in.
    pub field: Color32,
    /// Borders and separators.
    pub line: Color32,
    pub text: Color32,
    pub text_dim: Color32,
    /// Selection, focus, progress: the one colour that says "this".
    pub accent: Color32,
    /// Behind selected things; text stays readable on it.
    pub accent_soft: Color32,
    /// Text on `accent`.
    pub on_accent: Color32,
    pub warn: Color32,
    pub error: Color32,
    pub ok: Color32,
    /// Behind a modal.
    pub scrim: Color32,
    pub dark: bool,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// The dark theme.
pub const DARK: Tokens = Tokens {
    canvas: rgb(colours::DARK.canvas),
    panel: rgb(colours::DARK.panel),
    raised: rgb(colours::DARK.raised),
    raised_hover: rgb(colours::DARK.raised_hover),
    field: rgb(colours::DARK.field),
    line: rgb(colours::DARK.line),
    text: rgb(colours::DARK.text),
    text_dim: rgb(colours::DARK.text_dim),
    accent: rgb(colours::DARK.accent),
    accent_soft: rgb(colours::DARK.accent_soft),
    on_accent: rgb(colours::DARK.on_accent),
    warn: rgb(colours::DARK.warn),
    error: rgb(colours::DARK.error),
    ok: rgb(colours::DARK.ok),
    scrim: Color32::from_rgba_premultiplied(0, 0, 0, 140),
    dark: colours::DARK.dark,
};

/// The light theme.
pub const LIGHT: Tokens = Tokens {
    canvas: rgb(colours::LIGHT.canvas),
    panel: rgb(colours::LIGHT.panel),
    raised: rgb(colours::LIGHT.raised),
    raised_hover: rgb(colours::LIGHT.raised_hover),
    field: rgb(colours::LIGHT.field),
    line: rgb(colours::LIGHT.line),
    text: rgb(colours::LIGHT.text),
    text_dim: rgb(colours::LIGHT.text_dim),
    accent: rgb(colours::LIGHT.accent),
    accent_soft: rgb(colours::LIGHT.accent_soft),
    on_accent: rgb(colours::LIGHT.on_accent),
    warn: rgb(colours::LIGHT.warn),
    error: rgb(colours::LIGHT.error),
    ok: rgb(colours::LIGHT.ok),
    scrim: Color32::from_rgba_premultiplied(0, 0, 0, 90),
    dark: colours::LIGHT.dark,
};

impl Tokens {
    /// The tokens of the theme that a ui is drawn in.
    pub fn of(ui: &egui::Ui) -> &'static Self {
        if ui.visuals().dark_mode { &DARK } else { &LIGHT }
    }

    /// The same as plain numbers.
    fn plain(&self) -> &'static Colours {
        if self.dark { &colours::DARK } else { &colours::LIGHT }
    }

    /// The colour of a class: hues are a golden-ratio sequence, so that neighbouring ids differ
    /// most, at a lightness that reads on both canvases.
    pub fn class(&self, class: u32) -> Color32 {
        let [red, green, blue] = self.plain().class(class);
        Color32::from_rgb(red, green, blue)
    }

    /// The colour of a class of a dataset: the one that a person chose for it, made to stand out from the canvas
    /// of this theme, or else that of its number.
    pub fn class_of(&self, snapshot: &Snapshot, class: ClassId) -> Color32 {
        let [red, green, blue] = self.plain().class_or(snapshot.chosen_colour(class), class);
        Color32::from_rgb(red, green, blue)
    }

    /// The colour of a part of a scale, 0 to 1: from what is near the canvas to what stands out, through hues
    /// that those see apart who see few colours.
    pub fn scale(&self, part: f32) -> Color32 {
        let [red, green, blue] = self.plain().scale(part);
        Color32::from_rgb(red, green, blue)
    }
}

/// Distances in points.
pub mod space {
    /// Between a mark and its text.
    pub const XS: f32 = 4.0;
    /// Between neighbours.
    pub const S: f32 = 8.0;
    /// Inside panels.
    pub const M: f32 = 12.0;
    /// Between groups.
    pub const L: f32 = 20.0;
    /// Around a page.
    pub const XL: f32 = 36.0;
    /// Height of a row in lists and tables.
    pub const ROW: f32 = 26.0;
    /// Corner radius of controls.
    pub const RADIUS: u8 = 5;
}

/// Type sizes in points.
pub mod size {
    pub const SMALL: f32 = 11.0;
    pub const BODY: f32 = 13.0;
    pub const HEADING: f32 = 16.0;
    pub const TITLE: f32 = 26.0;
}

/// The style of page titles.
pub fn title_style() -> TextStyle {
    TextStyle::Name("title".into())
}

/// The font of emphasised text.
pub fn bold(points: f32) -> FontId {
    FontId::new(points, FontFamily::Name("bold".into()))
}

/// Installs fonts and both themes into a context. Call it once before the first frame.
pub fn install(ctx: &egui::Context) {
    let mut fonts = egui::FontDefinitions::default();
    for (name, bytes) in [("Noto Sans", notosans::REGULAR_TTF), ("Noto Sans Bold", notosans::BOLD_TTF)] {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let fallbacks = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let with = |first: &str| {
        let mut names = vec![first.to_owned()];
        names.extend(fallbacks.iter().cloned());
        names
    };
    fonts.families.insert(FontFamily::Proportional, with("Noto Sans"));
    fonts.families.insert(FontFamily::Name("bold".into()), with("Noto Sans Bold"));
    ctx.set_fonts(fonts);
    egui_material_icons::initialize(ctx);
    for (theme, tokens) in [(Theme::Dark, &DARK), (Theme::Light, &LIGHT)] {
        ctx.style_mut_of(theme, |style| apply(style, tokens));
    }
}

fn apply(style: &mut egui::Style, tokens: &Tokens) {
    let proportional = |points| FontId::new(points, FontFamily::Proportional);
    style.text_styles = BTreeMap::from([
        (TextStyle::Small, proportional(size::SMALL)),
        (TextStyle::Body, proportional(size::BODY)),
        (TextStyle::Button, proportional(size::BODY)),
        (TextStyle::Heading, bold(size::HEADING)),
        (TextStyle::Monospace, FontId::new(12.0, FontFamily::Monospace)),
        (title_style(), bold(size::TITLE)),
    ]);

    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(space::S, 6.0);
    spacing.button_padding = Vec2::new(10.0, 5.0);
    spacing.interact_size = Vec2::new(32.0, 26.0);
    spacing.menu_margin = Margin::same(6);
    spacing.window_margin = Margin::same(18);
    spacing.indent = 16.0;
    spacing.tooltip_width = 420.0;
    // Handles without a track, in a strip of their own, that grow under the pointer.
    spacing.scroll = egui::style::ScrollStyle {
        bar_width: 8.0,
        handle_min_length: 28.0,
        floating_width: 5.0,
        floating_allocated_width: 10.0,
        bar_inner_margin: 3.0,
        bar_outer_margin: 2.0,
        foreground_color: false,
        dormant_background_opacity: 0.0,
        active_background_opacity: 0.0,
        interact_background_opacity: 0.0,
        dormant_handle_opacity: 1.0,
        active_handle_opacity: 1.0,
        interact_handle_opacity: 1.0,
        ..egui::style::ScrollStyle::floating()
    };

    let visuals = &mut style.visuals;
    visuals.dark_mode = tokens.dark;
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(tokens.text_dim);
    visuals.panel_fill = tokens.panel;
    visuals.window_fill = tokens.panel;
    visuals.window_stroke = Stroke::new(1.0, tokens.line);
    visuals.window_corner_radius = CornerRadius::same(10);
    visuals.menu_corner_radius = CornerRadius::same(8);
    visuals.extreme_bg_color = tokens.field;
    visuals.text_edit_bg_color = Some(tokens.field);
    visuals.faint_bg_color = tokens.raised.gamma_multiply(0.45);
    visuals.code_bg_color = tokens.raised;
    visuals.hyperlink_color = tokens.accent;
    visuals.warn_fg_color = tokens.warn;
    visuals.error_fg_color = tokens.error;
    visuals.selection.bg_fill = tokens.accent_soft;
    visuals.selection.stroke = Stroke::new(1.0, tokens.text);
    visuals.slider_trailing_fill = true;
    visuals.indent_has_left_vline = false;
    let shadow = Shadow {
        offset: [0, 6],
        blur: 24,
        spread: 0,
        color: Color32::from_black_alpha(if tokens.dark { 110 } else { 40 }),
    };
    visuals.window_shadow = shadow;
    visuals.popup_shadow = shadow;

    let widgets = &mut visuals.widgets;
    let radius = CornerRadius::same(space::RADIUS);
    for (widget, fill, line, text) in [
        (&mut widgets.noninteractive, tokens.panel, tokens.line, tokens.text),
        (&mut widgets.inactive, tokens.raised, tokens.line, tokens.text),
        (&mut widgets.hovered, tokens.raised_hover, tokens.text_dim, tokens.text),
        (&mut widgets.active, tokens.accent_soft, tokens.accent, tokens.text),
        (&mut widgets.open, tokens.raised_hover, tokens.line, tokens.text),
    ] {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.bg_stroke = Stroke::new(1.0, line);
        widget.fg_stroke = Stroke::new(1.0, text);
        widget.corner_radius = radius;
        widget.expansion = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance after WCAG 2.2.
    fn luminance(color: Color32) -> f64 {
        let linear = |byte: u8| {
            let value = f64::from(byte) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_reads_on_every_surface() {
        for tokens in [&DARK, &LIGHT] {
            for surface in [tokens.canvas, tokens.panel, tokens.raised, tokens.field] {
                for text in
                    [tokens.text, tokens.text_dim, tokens.warn, tokens.error, tokens.ok, tokens.accent]
                {
                    let ratio = contrast(text, surface);
                    assert!(ratio >= 4.5, "{text:?} on {surface:?} (dark: {}): {ratio:.2}", tokens.dark);
                }
            }
            assert!(contrast(tokens.text, tokens.accent_soft) >= 4.5);
            assert!(contrast(tokens.on_accent, tokens.accent) >= 4.5);
        }
    }

    #[test]
    fn class_colours_stand_out_from_the_canvas() {
        for tokens in [&DARK, &LIGHT] {
            for class in 0..200 {
                let ratio = contrast(tokens.class(class), tokens.canvas);
                assert!(ratio >= 1.8, "class {class} (dark: {}): {ratio:.2}", tokens.dark);
            }
            for part in 0..=20 {
                let ratio = contrast(tokens.scale(part as f32 / 20.0), tokens.canvas);
                assert!(ratio >= 1.5, "part {part} (dark: {}): {ratio:.2}", tokens.dark);
            }
        }
    }
}
