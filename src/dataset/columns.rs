//! The one table of columns: what can be shown, sorted, compared and exported of a sample.
//!
//! The table view, the sort menu, queries, CSV export and the documentation all read [`COLUMNS`].
//! It refuses to know how a column is drawn.

use std::borrow::Cow;
use std::fmt::Write;

use rayon::prelude::*;

use super::edit::Mark;
use super::facts::{CHUNK, FactChunk};
use super::natural::ranks;
use super::query::{Snapshot, parse_number, write_time};
use super::{
    Decision, Flag, ImageFormat, IssueKind, LabelOrigin, ModelColumn, NO_SPLIT, PixelKind, Reason, SampleId,
    Score, Strings, Thinning, Verdict,
};

/// Something to show of each sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The word used in queries, sort orders and as a heading in exports: `width`, `attr.NAME`.
    pub name: Cow<'static, str>,
    /// The heading on screen.
    pub title: Cow<'static, str>,
    /// The unit of its numbers: `px`, `bytes`; empty when they have none.
    pub unit: &'static str,
    /// What it is, for help.
    pub about: Cow<'static, str>,
    pub kind: ColumnKind,
    source: Source,
}

/// What a column's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    Number,
    Text,
    /// A number of milliseconds since the Unix epoch, shown as a time in UTC.
    Date,
}

/// Where a column's values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Path,
    Name,
    Label,
    Labels,
    Split,
    Format,
    Width,
    Height,
    Aspect,
    Megapixels,
    Bytes,
    Modified,
    Pixels,
    Bits,
    Orientation,
    Brightness,
    Contrast,
    Saturation,
    Sharpness,
    Boxes,
    Issues,
    Mark(Mark),
    Given,
    Origin,
    By,
    Labelled,
    Tags,
    Note,
    Score(Score),
    Model(ModelColumn),
    Flags,
    Verdict,
    Reason,
    Content,
    /// Index into [`Dataset::attributes`].
    Attribute(usize),
}

/// The columns that every dataset has, in the order on screen.
pub static COLUMNS: &[Column] = {
    use ColumnKind::{Date, Number, Text};
    &[
        new("path", "Path", "", Text, Source::Path, "path relative to the dataset's folder"),
        new("name", "Name", "", Text, Source::Name, "last part of the path"),
        new("label", "Label", "", Text, Source::Label, "names of the classes"),
        new("labels", "Labels", "", Number, Source::Labels, "number of classes"),
        new("split", "Split", "", Text, Source::Split, "the split that the sample is in"),
        new("format", "Format", "", Text, Source::Format, "encoding of the image, by its content"),
        new("width", "Width", "px", Number, Source::Width, "width after orientation is applied"),
        new("height", "Height", "px", Number, Source::Height, "height after orientation is applied"),
        new("aspect", "Aspect", "", Number, Source::Aspect, "width divided by height"),
        new("megapixels", "Megapixels", "MP", Number, Source::Megapixels, "width times height, in millions"),
        new("bytes", "Bytes", "bytes", Number, Source::Bytes, "size of the encoded sample"),
        new("modified", "Modified", "", Date, Source::Modified, "when the file was last changed, in UTC"),
        new("pixels", "Pixels", "", Text, Source::Pixels, "what a stored pixel is made of"),
        new("bits", "Bits", "", Number, Source::Bits, "bits per channel as stored"),
        new("orientation", "Orientation", "", Number, Source::Orientation, "EXIF orientation, 1 to 8"),
        new("brightness", "Brightness", "", Number, Source::Brightness, "mean luma, 0 to 1"),
        new("contrast", "Contrast", "", Number, Source::Contrast, "standard deviation of luma, 0 to 0.5"),
        new("saturation", "Saturation", "", Number, Source::Saturation, "mean HSV saturation, 0 to 1"),
        new(
            "sharpness",
            "Sharpness",
            "",
            Number,
            Source::Sharpness,
            "variance of the Laplacian of luma; larger is sharper",
        ),
        new("boxes", "Boxes", "", Number, Source::Boxes, "number of bounding boxes"),
        new("issues", "Issues", "", Text, Source::Issues, "what is wrong with the sample"),
        new("starred", "Starred", "", Text, Source::Mark(Mark::Star), "“yes” when the sample has a star"),
        new(
            "reviewed",
            "Reviewed",
            "",
            Text,
            Source::Mark(Mark::Reviewed),
            "“yes” when the sample was marked as reviewed",
        ),
        new("unsure", "Unsure", "", Text, Source::Mark(Mark::Unsure), "“yes” when the label is not certain"),
        new("given", "Given label", "", Text, Source::Given, "names of the classes that the source gives"),
        new(
            "origin",
            "Origin",
            "",
            Text,
            Source::Origin,
            "where the label comes from: imported, by-hand, confirmed or propagated",
        ),
        new("by", "Labelled by", "", Text, Source::By, "who labelled the sample last"),
        new("labelled", "Labelled", "", Date, Source::Labelled, "when the sample was labelled last, in UTC"),
        new("tags", "Tags", "", Text, Source::Tags, "the sample's tags"),
        new("note", "Note", "", Text, Source::Note, "what was noted of the sample"),
        new("verdict", "Verdict", "", Text, Source::Verdict, "“keep” or “prune”, where that was decided"),
        new("reason", "Reason", "", Text, Source::Reason, "why the sample is kept or pruned"),
        new("flags", "Flags", "", Text, Source::Flags, "what the analysis found: duplicate, leak, dark, …"),
        score("score.dark", "Score: dark", Score::Dark, "99th percentile of brightness"),
        score("score.light", "Score: light", Score::Light, "1 − 5th percentile of brightness"),
        score("score.aspect", "Score: aspect", Score::OddAspect, "shorter side divided by the longer"),
        score("score.information", "Score: information", Score::LowInformation, "0.1 × entropy in bits"),
        score("score.blur", "Score: blur", Score::Blurry, "variance of edges and spread of the histogram"),
        score("score.size", "Score: size", Score::OddSize, "how usual √(width × height) is"),
        score("score.colour", "Score: colour", Score::Grey, "0 where every pixel is grey"),
        score("score.outlier", "Score: outlier", Score::Outlier, "how near the ten nearest neighbours are"),
        score("score.unique", "Score: unique", Score::Uniqueness, "how far the nearest neighbours are"),
        score("score.label", "Score: label", Score::Label, "how much its neighbours agree with the label"),
        score(
            "score.distance",
            "Nearest neighbour",
            Score::Distance,
            "distance to the nearest other sample: 0 is equal, 1.41 as different as chance",
        ),
        model(
            "model.error",
            "Model: error",
            "",
            ModelColumn::Error,
            "mean squared difference between pixels, 0 to 1, and what a trained model gives back",
        ),
        model(
            "model.kl",
            "Model: KL",
            "nats",
            ModelColumn::Divergence,
            "how much the latent says of the sample",
        ),
        model(
            "model.density",
            "Model: density",
            "nats",
            ModelColumn::Density,
            "log density of the latent among those of all samples",
        ),
        model(
            "model.distance",
            "Model: distance",
            "",
            ModelColumn::Distance,
            "mean distance of the latent to its ten nearest neighbours",
        ),
        new("content", "Content", "", Text, Source::Content, "first half of the BLAKE3 hash of the content"),
    ]
};

const fn new(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    kind: ColumnKind,
    source: Source,
    about: &'static str,
) -> Column {
    let (name, title, about) = (Cow::Borrowed(name), Cow::Borrowed(title), Cow::Borrowed(about));
    Column { name, title, unit, about, kind, source }
}

const fn score(name: &'static str, title: &'static str, score: Score, about: &'static str) -> Column {
    new(name, title, "", ColumnKind::Number, Source::Score(score), about)
}

const fn model(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    column: ModelColumn,
    about: &'static str,
) -> Column {
    new(name, title, unit, ColumnKind::Number, Source::Model(column), about)
}

/// Every column of that dataset: [`COLUMNS`] and its attributes, named `attr.NAME`. Those of a model say of
/// which one.
pub fn all_columns(snapshot: &Snapshot) -> Vec<Column> {
    let attributes = (0..snapshot.dataset.attributes.len()).map(|at| attribute_column(snapshot, at));
    let own = COLUMNS.iter().map(|column| naming_the_model(column.clone(), snapshot));
    own.chain(attributes).collect()
}

/// The column of that name: one of [`COLUMNS`], `attr.NAME`, or an attribute's bare name.
pub fn column(snapshot: &Snapshot, name: &str) -> Option<Column> {
    let own = builtin(name).map(|column| naming_the_model(column, snapshot));
    own.or_else(|| {
        let attributes = &snapshot.dataset.attributes;
        let find = |name: &str| attributes.iter().position(|attribute| attribute.name == name);
        let at = name.strip_prefix("attr.").and_then(find).or_else(|| find(name))?;
        Some(attribute_column(snapshot, at))
    })
}

/// The column of [`COLUMNS`] that has this name.
pub fn builtin(name: &str) -> Option<Column> {
    COLUMNS.iter().find(|column| column.name == name).cloned()
}

/// A column of what a model says with the name of the model that said it; any other as it is.
fn naming_the_model(column: Column, snapshot: &Snapshot) -> Column {
    match (column.source, &snapshot.model) {
        (Source::Model(_), Some(model)) => {
            Column { about: format!("{}; {}", column.about, model.by()).into(), ..column }
        }
        _ => column,
    }
}

fn attribute_column(snapshot: &Snapshot, at: usize) -> Column {
    let attribute = &snapshot.dataset.attributes[at];
    Column {
        name: format!("attr.{}", attribute.name).into(),
        title: attribute.name.clone().into(),
        unit: "",
        about: "a value that came with the dataset".into(),
        kind: snapshot.derived().attribute_kind(at),
        source: Source::Attribute(at),
    }
}

/// What an attribute's values are, by the first of them. Takes time in proportion to the rows where
/// few of them have a value: [`Derived`](super::query::Derived) keeps the answer.
pub(super) fn kind_of(values: &Strings) -> ColumnKind {
    /// Values that are looked at to tell a column of numbers.
    const LOOKED_AT: usize = 1000;
    let mut values = values.iter().filter(|value| !value.is_empty()).take(LOOKED_AT).peekable();
    let numeric = values.peek().is_some() && values.all(|value| parse_number(value).is_some());
    if numeric { ColumnKind::Number } else { ColumnKind::Text }
}

impl Column {
    /// Whether it is set flush right, as numbers are.
    pub fn is_right_aligned(&self) -> bool {
        self.kind == ColumnKind::Number
    }

    /// Whether it is of text, with words that many samples share.
    pub fn has_few_words(&self) -> bool {
        let is_known = matches!(&*self.name, "format" | "pixels" | "flags" | "issues" | "verdict" | "reason");
        self.kind == ColumnKind::Text && (is_known || self.name.starts_with("attr."))
    }

    /// Whether this is the path, whose order is the natural order of the dataset.
    pub fn is_path(&self) -> bool {
        self.source == Source::Path
    }

    /// The value as text; empty when it is unknown.
    pub fn text<'a>(&self, snapshot: &'a Snapshot, sample: SampleId) -> Cow<'a, str> {
        let dataset = &*snapshot.dataset;
        match self.source {
            Source::Path => dataset.path(sample).into(),
            Source::Name => file_name(dataset.path(sample)).into(),
            Source::Split => dataset.split(sample).unwrap_or_default().into(),
            Source::Attribute(at) => dataset.attributes[at].values.get(sample as usize).into(),
            Source::Label if snapshot.labels().get(sample).len() == 1 => {
                snapshot.labels().names(sample).next().unwrap_or_default().into()
            }
            _ => {
                let mut text = String::new();
                self.write(snapshot, sample, &mut text);
                text.into()
            }
        }
    }

    /// Appends the value as text; nothing when it is unknown.
    pub fn write(&self, snapshot: &Snapshot, sample: SampleId, out: &mut String) {
        let row = sample as usize;
        let dataset = &*snapshot.dataset;
        let facts = || (&snapshot.facts.chunks()[row / CHUNK], row % CHUNK);
        match self.source {
            Source::Path | Source::Name | Source::Split | Source::Attribute(_) => {
                out.push_str(&self.text(snapshot, sample));
            }
            Source::Label => join(out, snapshot.labels().names(sample)),
            Source::Format => {
                let (chunk, row) = facts();
                if chunk.format[row] != ImageFormat::Unknown {
                    out.push_str(chunk.format[row].name());
                }
            }
            Source::Pixels => {
                let (chunk, row) = facts();
                if chunk.pixel_kind[row] != PixelKind::Unknown {
                    out.push_str(chunk.pixel_kind[row].name());
                }
            }
            Source::Issues => {
                join(out, issue_names(snapshot.issues(sample)));
            }
            Source::Mark(mark) => {
                if snapshot.marks[row] & mark.bit() != 0 {
                    out.push_str("yes");
                }
            }
            Source::Given => join(out, dataset.labels.names(sample)),
            Source::Origin => {
                out.push_str(snapshot.origin(sample).map_or("", LabelOrigin::name));
            }
            Source::By => out.push_str(snapshot.labelling.signature(sample).map_or("", |one| one.by)),
            Source::Tags => join(out, snapshot.labelling.tags(sample)),
            Source::Note => out.push_str(snapshot.labelling.note(sample)),
            Source::Flags => join(out, snapshot.findings.flags_of(sample).map(Flag::name)),
            Source::Verdict => out.push_str(verdict_name(snapshot.decision(sample).verdict)),
            Source::Reason => write_reason(snapshot, snapshot.decision(sample), out),
            Source::Content => {
                let (chunk, row) = facts();
                if chunk.content[row] != [0; 16] {
                    let _ = write!(out, "{:032x}", u128::from_be_bytes(chunk.content[row]));
                }
            }
            _ => {
                let Some(number) = self.number(snapshot, sample) else { return };
                // Writing to a String cannot fail.
                let _ = match self.source {
                    Source::Modified | Source::Labelled => {
                        write_time(number as i64, out);
                        Ok(())
                    }
                    Source::Aspect
                    | Source::Brightness
                    | Source::Contrast
                    | Source::Saturation
                    | Source::Score(_) => {
                        write!(out, "{number:.3}")
                    }
                    Source::Megapixels => write!(out, "{number:.2}"),
                    Source::Model(ModelColumn::Error) => write!(out, "{number:.5}"),
                    Source::Model(_) => write!(out, "{number:.3}"),
                    Source::Sharpness => write!(out, "{number:.5}"),
                    _ => write!(out, "{number}"),
                };
            }
        }
    }

    /// The value as a number, dates in milliseconds since the Unix epoch; `None` when it is
    /// unknown, and in columns of text.
    pub fn number(&self, snapshot: &Snapshot, sample: SampleId) -> Option<f64> {
        let mut number = [f64::NAN];
        self.numbers(snapshot, sample as usize, &mut number);
        (!number[0].is_nan()).then_some(number[0])
    }

    /// The values of the rows from `first` on as numbers, as many as `out` takes; NaN where
    /// [`Self::number`] has none.
    ///
    /// # Panics
    /// When the rows go past the end of the snapshot.
    pub fn numbers(&self, snapshot: &Snapshot, first: usize, out: &mut [f64]) {
        let dataset = &*snapshot.dataset;
        let rows = first..first + out.len();
        let known = |number: u32| if number == 0 { f64::NAN } else { f64::from(number) };
        match self.source {
            Source::Labels => {
                let labels = snapshot.labels();
                each(out, &labels.of[rows], |set| labels.sets[*set as usize].len() as f64);
            }
            Source::Bytes => each(out, &dataset.bytes[rows], |bytes| *bytes as f64),
            Source::Modified => each(out, &dataset.modified_ms[rows], |modified| match modified {
                0 => f64::NAN,
                modified => *modified as f64,
            }),
            Source::Labelled => {
                for (row, number) in rows.zip(out) {
                    let signature = snapshot.labelling.signature(row as SampleId);
                    *number = signature.map_or(f64::NAN, |one| one.time_ms as f64);
                }
            }
            Source::Boxes => {
                for (row, number) in rows.zip(out) {
                    *number = snapshot.boxes().get(row as SampleId).len() as f64;
                }
            }
            Source::Width => facts(snapshot, first, out, |chunk, row| known(chunk.width[row])),
            Source::Height => facts(snapshot, first, out, |chunk, row| known(chunk.height[row])),
            Source::Aspect => {
                facts(snapshot, first, out, |chunk, row| known(chunk.width[row]) / known(chunk.height[row]));
            }
            Source::Megapixels => facts(snapshot, first, out, |chunk, row| {
                known(chunk.width[row]) * known(chunk.height[row]) / 1e6
            }),
            Source::Bits => facts(snapshot, first, out, |chunk, row| known(chunk.bits[row].into())),
            Source::Orientation => facts(snapshot, first, out, |chunk, row| match chunk.measured[row] {
                true => known(chunk.orientation[row].into()),
                false => f64::NAN,
            }),
            Source::Brightness => facts(snapshot, first, out, |chunk, row| chunk.brightness[row].into()),
            Source::Contrast => facts(snapshot, first, out, |chunk, row| chunk.contrast[row].into()),
            Source::Saturation => facts(snapshot, first, out, |chunk, row| chunk.saturation[row].into()),
            Source::Sharpness => facts(snapshot, first, out, |chunk, row| chunk.sharpness[row].into()),
            Source::Score(score) => {
                out.fill(f64::NAN);
                if let Some(values) = snapshot.findings.column(score) {
                    each(out, &values[first.min(values.len())..], |score| f64::from(*score));
                }
            }
            Source::Model(column) => {
                out.fill(f64::NAN);
                if let Some(model) = &snapshot.model {
                    let values = model.column(column);
                    each(out, &values[first.min(values.len())..], |value| f64::from(*value));
                }
            }
            Source::Attribute(at) if self.kind == ColumnKind::Number => {
                out.copy_from_slice(&snapshot.derived().attribute_numbers(at)[rows]);
            }
            Source::Path
            | Source::Name
            | Source::Label
            | Source::Split
            | Source::Format
            | Source::Pixels
            | Source::Issues
            | Source::Mark(_)
            | Source::Given
            | Source::Origin
            | Source::By
            | Source::Tags
            | Source::Note
            | Source::Flags
            | Source::Verdict
            | Source::Reason
            | Source::Content
            | Source::Attribute(_) => out.fill(f64::NAN),
        }
    }

    /// Whether the values are kept in single precision, so that a number to compare with has to be
    /// rounded to it before `brightness<=0.1` can mean what it says.
    pub fn is_single_precision(&self) -> bool {
        use Source::{Brightness, Contrast, Model, Saturation, Score, Sharpness};
        matches!(self.source, Brightness | Contrast | Saturation | Sharpness | Score(_) | Model(_))
    }

    /// The name, which a column of [`COLUMNS`] has for as long as the program runs.
    pub(super) fn static_name(&self) -> &'static str {
        match self.name {
            Cow::Borrowed(name) => name,
            Cow::Owned(_) => "",
        }
    }

    /// Whether the values change as samples are measured.
    pub(super) fn reads_facts(&self) -> bool {
        use Source::*;
        matches!(
            self.source,
            Format
                | Width
                | Height
                | Aspect
                | Megapixels
                | Pixels
                | Bits
                | Orientation
                | Brightness
                | Contrast
                | Saturation
                | Sharpness
                | Issues
                | Content
        )
    }

    /// Whether the values change as a person marks samples.
    pub(super) fn reads_marks(&self) -> bool {
        matches!(self.source, Source::Mark(_))
    }

    /// Whether the values change as a person decides.
    pub(super) fn reads_decisions(&self) -> bool {
        matches!(self.source, Source::Verdict | Source::Reason)
    }

    /// Whether the values change as samples are analysed.
    pub(super) fn reads_findings(&self) -> bool {
        matches!(self.source, Source::Score(_) | Source::Flags)
    }

    /// Whether the values change as a trained model is asked.
    pub(super) fn reads_model(&self) -> bool {
        matches!(self.source, Source::Model(_))
    }

    /// Whether the values change as labels and boxes do.
    pub(super) fn reads_labels(&self) -> bool {
        matches!(self.source, Source::Label | Source::Labels | Source::Boxes)
    }

    /// Whether the values change as a person says something of samples.
    pub(super) fn reads_labelling(&self) -> bool {
        use Source::*;
        matches!(self.source, Origin | By | Labelled | Tags | Note)
    }

    /// Whether sorting few rows costs little: nothing is worked out for all rows first.
    pub(super) fn is_cheap_by_row(&self) -> bool {
        !matches!(self.source, Source::Name | Source::Label | Source::Attribute(_))
    }

    /// A number per row that sorts as the column does; `None` where the value is unknown.
    pub(super) fn sort_keys(&self, snapshot: &Snapshot, rows: &[SampleId]) -> Vec<Option<u64>> {
        let dataset = &*snapshot.dataset;
        let keys = |key: &(dyn Fn(usize) -> Option<u64> + Sync)| -> Vec<Option<u64>> {
            rows.par_iter().with_min_len(4096).map(|row| key(*row as usize)).collect()
        };
        let fact = |row: usize| (&snapshot.facts.chunks()[row / CHUNK], row % CHUNK);
        match self.source {
            Source::Name => {
                let ranks = ranks(dataset.len(), |row| file_name(dataset.paths.get(row)));
                keys(&|row| Some(ranks[row].into()))
            }
            Source::Label => {
                let labels = snapshot.labels();
                let name = |set: &Vec<u32>| {
                    let mut text = String::new();
                    join(&mut text, set.iter().map(|class| labels.classes[*class as usize].as_str()));
                    text
                };
                let names: Vec<String> = labels.sets.iter().map(name).collect();
                let ranks = ranks(names.len(), |set| &names[set]);
                keys(&|row| {
                    let set = labels.of[row] as usize;
                    (!labels.sets[set].is_empty()).then(|| ranks[set].into())
                })
            }
            Source::Split => {
                let ranks = ranks(dataset.split_names.len(), |split| &dataset.split_names[split]);
                keys(&|row| match dataset.splits[row] {
                    NO_SPLIT => None,
                    split => Some(ranks[split as usize].into()),
                })
            }
            Source::Format => {
                let ranks = ranks(ImageFormat::ALL.len(), |at| ImageFormat::ALL[at].name());
                keys(&|row| {
                    let (chunk, row) = fact(row);
                    let format = chunk.format[row];
                    (format != ImageFormat::Unknown).then(|| ranks[format as usize].into())
                })
            }
            Source::Pixels => {
                let ranks = ranks(PixelKind::ALL.len(), |at| PixelKind::ALL[at].name());
                keys(&|row| {
                    let (chunk, row) = fact(row);
                    let kind = chunk.pixel_kind[row];
                    (kind != PixelKind::Unknown).then(|| ranks[kind as usize].into())
                })
            }
            // The first issue in the order on screen decides, so its bit has to weigh most.
            Source::Issues => keys(&|row| {
                let issues = snapshot.issues(row as SampleId);
                (issues != 0).then(|| (!issues.reverse_bits()).into())
            }),
            Source::Mark(mark) => keys(&|row| Some(u64::from(snapshot.marks[row] & mark.bit() == 0))),
            Source::Flags => keys(&|row| {
                let flags = snapshot.findings.flags(row as SampleId);
                (flags != 0).then(|| (!flags.reverse_bits()).into())
            }),
            Source::Verdict | Source::Reason => keys(&|row| {
                let decision = snapshot.decision(row as SampleId);
                let [verdict, reason, about, ..] = decision.to_bytes();
                let is_reason = self.source == Source::Reason;
                (decision.verdict != Verdict::Undecided).then(|| match is_reason {
                    true => u64::from(reason) << 8 | u64::from(about),
                    false => verdict.into(),
                })
            }),
            Source::Content => keys(&|row| {
                let (chunk, row) = fact(row);
                let content = u128::from_be_bytes(chunk.content[row]);
                (content != 0).then_some((content >> 64) as u64)
            }),
            Source::Attribute(at) if self.kind == ColumnKind::Text => {
                let ranks = snapshot.derived().attribute_ranks(at);
                let values = &dataset.attributes[at].values;
                keys(&|row| (!values.get(row).is_empty()).then(|| ranks[row].into()))
            }
            Source::Given | Source::Origin | Source::By | Source::Tags | Source::Note => {
                let texts: Vec<Cow<'_, str>> =
                    rows.par_iter().with_min_len(4096).map(|row| self.text(snapshot, *row)).collect();
                let ranks = ranks(texts.len(), |at| &texts[at]);
                let key = |at: usize| (!texts[at].is_empty()).then(|| ranks[at].into());
                (0..rows.len()).map(key).collect()
            }
            _ => keys(&|row| self.number(snapshot, row as SampleId).map(ordered_bits)),
        }
    }
}

/// A number's bits so that they compare as the number does: negative numbers turned round, and
/// all below the positive ones.
fn ordered_bits(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

fn each<T>(out: &mut [f64], values: &[T], number: impl Fn(&T) -> f64) {
    for (out, value) in out.iter_mut().zip(values) {
        *out = number(value);
    }
}

/// Fills `out` from the facts of the rows from `first` on, chunk by chunk.
fn facts(
    snapshot: &Snapshot,
    mut first: usize,
    mut out: &mut [f64],
    number: impl Fn(&FactChunk, usize) -> f64,
) {
    while !out.is_empty() {
        let start = first % CHUNK;
        let count = out.len().min(CHUNK - start);
        let (now, later) = out.split_at_mut(count);
        let chunk = &snapshot.facts.chunks()[first / CHUNK];
        for (row, out) in (start..start + count).zip(now) {
            *out = number(chunk, row);
        }
        first += count;
        out = later;
    }
}

fn issue_names(issues: u16) -> impl Iterator<Item = &'static str> {
    IssueKind::ALL.into_iter().filter(move |kind| issues & kind.bit() != 0).map(IssueKind::name)
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Undecided => "",
        Verdict::Keep => "keep",
        Verdict::Prune => "prune",
    }
}

/// Why, as part of a sentence: "a.png has the highest resolution".
pub fn write_reason(snapshot: &Snapshot, decision: Decision, out: &mut String) {
    let other = decision.other.filter(|other| (*other as usize) < snapshot.len());
    match (decision.verdict, decision.reason) {
        (Verdict::Undecided, _) => {}
        (_, Reason::ByHand) => out.push_str("by hand"),
        (_, Reason::Flagged(flag) | Reason::Rule(flag)) => out.push_str(flag.about()),
        (_, Reason::Group(preference)) => {
            out.push_str(other.map_or("of its group it", |other| snapshot.dataset.path(other)));
            out.push(' ');
            out.push_str(preference.because());
        }
        (_, Reason::Balance(Thinning::NearCopy)) => {
            out.push_str("to balance the classes, ");
            out.push_str(other.map_or("a near-copy", |other| snapshot.dataset.path(other)));
            out.push_str(" is like it");
        }
        (_, Reason::Balance(Thinning::Undersampling)) => {
            out.push_str("to balance the classes, drawn by chance");
        }
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn join<'a>(out: &mut String, words: impl Iterator<Item = &'a str>) {
    for (at, word) in words.enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        out.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_in_lower_case() {
        for (at, column) in COLUMNS.iter().enumerate() {
            assert_eq!(column.name, column.name.to_lowercase());
            assert_eq!(COLUMNS.iter().position(|other| other.name == column.name), Some(at));
            assert!(!column.title.is_empty() && !column.about.is_empty());
        }
    }

    #[test]
    fn columns_of_a_model_say_of_which_one() {
        use crate::dataset::{DatasetBuilder, Facts, Layout, ModelColumns};
        let dataset = DatasetBuilder::new("/d", "/d", Layout::ImageFolder).finish().0;
        let unasked = Snapshot::new(dataset.into(), &[], Facts::new(0), Default::default());
        let model = ModelColumns::new("/runs/a/step-00000500".into(), "ab".into(), 500, 0);
        let asked = unasked.modelled(Some(model.into()));
        let by = "; by the model of step 500 in /runs/a/step-00000500";
        for (snapshot, told) in [(&unasked, ""), (&asked, by)] {
            for (all, known) in all_columns(snapshot).iter().zip(COLUMNS) {
                let expected = match known.source {
                    Source::Model(_) => format!("{}{told}", known.about),
                    _ => known.about.to_string(),
                };
                assert_eq!(all.about, expected);
                assert_eq!(column(snapshot, &known.name).unwrap().about, expected);
            }
        }
    }

    #[test]
    fn bits_sort_as_numbers_do() {
        let numbers = [f64::NEG_INFINITY, -2.0, -1.5, -0.0, 0.5, 1.0, 1e300, f64::INFINITY];
        for pair in numbers.windows(2) {
            assert!(ordered_bits(pair[0]) < ordered_bits(pair[1]), "{pair:?}");
        }
        assert_eq!(ordered_bits(-0.0), ordered_bits(0.0));
    }
}
