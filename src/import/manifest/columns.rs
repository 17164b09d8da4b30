//! What a table's columns mean: which holds paths, labels, splits.
//!
//! Names are asked first and values settle it: a column holds paths if what it names is there. It
//! refuses to know how tables are written and where files are.

use super::table::{LIST, Table};
use crate::import::names::{is_image_name, split_of};

/// Rows that are looked at.
const SAMPLED_ROWS: usize = 200;

/// Longest label, in bytes: what is longer is a text about the image.
const MAX_LABEL_BYTES: usize = 256;

/// Names of columns of paths, the likeliest first.
const PATH_NAMES: &[&str] = &[
    "file_name",
    "filename",
    "path",
    "image_path",
    "filepath",
    "file_path",
    "image",
    "img_path",
    "image_file",
    "imagepath",
    "img",
    "file",
    "image_name",
    "imagename",
    "img_name",
    "relative_path",
    "rel_path",
    "fname",
    "image_filename",
    "img_file",
    "photo",
    "picture",
    "src",
    "source",
    "image_id",
    "img_id",
    "id",
    "name",
    "key",
    "url",
    "uri",
    "image_url",
];

/// Names of columns of labels, the likeliest first: names before numbers.
const LABEL_NAMES: &[&str] = &[
    "label_name",
    "class_name",
    "classname",
    "category_name",
    "label",
    "labels",
    "class",
    "classes",
    "category",
    "categories",
    "target",
    "targets",
    "tag",
    "tags",
    "cls",
    "y",
    "species",
    "breed",
    "dx",
    "diagnosis",
    "emotion",
    "label_id",
    "class_id",
    "category_id",
    "target_id",
    "classid",
    "labelid",
    "label_idx",
    "class_idx",
];

/// Last words of names of columns of labels: `Finding Labels`, `true_class`.
const LABEL_WORDS: &[&str] =
    &["label", "labels", "class", "classes", "category", "categories", "tag", "tags", "species", "breed"];

/// Names of the columns of a box's corners, without `_`: left, top, right, bottom.
const CORNER_NAMES: &[[&str; 4]] = &[["xmin", "ymin", "xmax", "ymax"], ["x1", "y1", "x2", "y2"]];

const SPLIT_NAMES: &[&str] =
    &["split", "subset", "partition", "data_split", "dataset_split", "set", "phase", "usage", "fold"];

/// Columns of yes and no: whether it is `yes`, and the split of either.
const SPLIT_FLAGS: &[(&str, &str, &str)] = &[
    ("is_valid", "val", "train"),
    ("is_val", "val", "train"),
    ("is_validation", "val", "train"),
    ("is_test", "test", "train"),
    ("is_train", "train", "test"),
];

/// Where labels come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelColumns {
    None,
    /// The values are labels.
    Values(Vec<usize>),
    /// The columns' names are labels, where the value is 1.
    Flags(Vec<usize>),
}

/// Where splits come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitColumn {
    None,
    Values(usize),
    /// 0 is train, 1 is val, 2 is test.
    Numbers(usize),
    /// The split where the value is yes, and where it is no.
    Flag(usize, &'static str, &'static str),
}

/// The columns of one box per row: left, top, right, bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxColumns {
    pub corners: [usize; 4],
    /// Whether they are fractions of the image's sides, not pixels.
    pub relative: bool,
}

impl BoxColumns {
    /// Left, top, width and height of a row's box, or that it has an impossible one; `None` where
    /// all four cells are empty.
    pub fn rect<'a>(&self, cell: impl Fn(usize) -> &'a str) -> Option<Result<[f32; 4], ()>> {
        let cells = self.corners.map(cell);
        if cells.iter().all(|cell| cell.is_empty()) {
            return None;
        }
        let [left, top, right, bottom] = cells.map(|cell| cell.parse::<f32>().unwrap_or(f32::NAN));
        let rect = [left, top, right - left, bottom - top];
        let sound = rect.iter().all(|number| number.is_finite()) && rect[2] > 0.0 && rect[3] > 0.0;
        Some(if sound { Ok(rect) } else { Err(()) })
    }
}

/// What the columns of a table mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    pub path: usize,
    pub labels: LabelColumns,
    pub split: SplitColumn,
    pub boxes: Option<BoxColumns>,
    pub attributes: Vec<usize>,
    /// Sampled rows, and how many of their paths are there.
    pub sampled: usize,
    pub there: usize,
}

/// A column's name as it is compared: lowercase, with `_` for whatever separates its words, be it
/// only that one begins with a capital: `ImageID` and `image id` are `image_id`.
fn plain(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut plain = String::with_capacity(name.len());
    for (at, char) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| chars[at]);
        let after = chars.get(at + 1);
        let begins = char.is_uppercase()
            && before.is_some_and(|before| {
                let ends_a_word = before.is_lowercase() || before.is_numeric();
                ends_a_word || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if (begins || !char.is_alphanumeric()) && !plain.is_empty() && !plain.ends_with('_') {
            plain.push('_');
        }
        if char.is_alphanumeric() {
            plain.extend(char.to_lowercase());
        }
    }
    plain.truncate(plain.trim_end_matches('_').len());
    plain
}

fn last_word(plain: &str) -> &str {
    plain.rsplit('_').next().unwrap_or(plain)
}

/// Whether some column is often named so.
pub fn is_known_name(name: &str) -> bool {
    let name = plain(name);
    let flags = SPLIT_FLAGS.iter().map(|(flag, ..)| flag);
    PATH_NAMES.iter().chain(LABEL_NAMES).chain(SPLIT_NAMES).chain(flags).any(|known| *known == name)
}

/// The rows of a table that are looked at, spread over all of it.
pub fn sampled_rows(table: &Table) -> impl Iterator<Item = usize> + use<> {
    (0..table.len()).step_by(table.len().div_ceil(SAMPLED_ROWS).max(1))
}

/// What a table's columns mean; `exists` tells whether a value names an image. `None` where no
/// column holds paths.
pub fn roles(table: &Table, exists: impl Fn(&str) -> bool) -> Option<Roles> {
    let rows: Vec<usize> = sampled_rows(table).collect();
    let names: Vec<String> = table.columns.iter().map(|name| plain(name)).collect();
    if table.named && is_of_objects(&names) {
        return None;
    }

    let mut there = vec![0usize; names.len()];
    let mut imaged = vec![0usize; names.len()];
    for row in &rows {
        for (column, text) in table.row(*row) {
            there[column] += usize::from(exists(text));
            imaged[column] += usize::from(is_image_name(text));
        }
    }
    let rank = |known: &[&str], column: usize| known.iter().position(|name| *name == names[column]);
    let by_name = |column: usize| std::cmp::Reverse(rank(PATH_NAMES, column).unwrap_or(usize::MAX));
    let path = (0..names.len()).max_by_key(|column| {
        (there[*column], imaged[*column], by_name(*column), std::cmp::Reverse(*column))
    })?;
    // Without a single file that is there, only a column that both is named and looks as one of
    // paths counts.
    let named = rank(PATH_NAMES, path).is_some() || !table.named;
    if there[path] == 0 && !(named && imaged[path] * 2 > rows.len()) {
        return None;
    }

    let sample = Sample { table, rows: &rows };
    let mut free: Vec<usize> = (0..names.len()).filter(|column| *column != path).collect();
    let split = split_column(&sample, &names, &free);
    match split {
        SplitColumn::Values(column) | SplitColumn::Numbers(column) | SplitColumn::Flag(column, ..) => {
            free.retain(|other| *other != column)
        }
        SplitColumn::None => {}
    }
    let boxes = box_columns(&sample, &names, &free);
    if let Some(boxes) = &boxes {
        free.retain(|column| !boxes.corners.contains(column));
    }
    let labels = label_columns(&sample, &names, &free);
    if let LabelColumns::Values(columns) | LabelColumns::Flags(columns) = &labels {
        free.retain(|column| !columns.contains(column));
    }
    Some(Roles { path, labels, split, boxes, attributes: free, sampled: rows.len(), there: there[path] })
}

/// Some rows of a table.
struct Sample<'a> {
    table: &'a Table,
    rows: &'a [usize],
}

impl Sample<'_> {
    /// Whether all values of a column, of which there is one at least, are so.
    fn all(&self, column: usize, is: impl Fn(&str) -> bool) -> bool {
        let mut values =
            self.rows.iter().map(|row| self.table.cell(*row, column)).filter(|text| !text.is_empty());
        let mut any = false;
        values.all(|value| {
            any = true;
            is(value)
        }) && any
    }
}

impl Sample<'_> {
    /// Whether a column's values are at most half as many as its rows.
    fn repeats(&self, column: usize) -> bool {
        let values = self.rows.iter().map(|row| self.table.cell(*row, column));
        let distinct: std::collections::HashSet<&str> = values.collect();
        distinct.len() * 2 <= self.rows.len()
    }
}

/// Whether rows are objects in images rather than images: a detector's results, or annotations.
fn is_of_objects(names: &[String]) -> bool {
    let has = |name: &str| names.iter().any(|known| known == name);
    has("image_id") && has("category_id")
}

fn split_column(sample: &Sample<'_>, names: &[String], free: &[usize]) -> SplitColumn {
    // Only under that name: "split" and "fold" number others.
    let numbers = |text: &str| numbered_split(text).is_some();
    if let Some(column) =
        free.iter().find(|column| names[**column] == "partition" && sample.all(**column, numbers))
    {
        return SplitColumn::Numbers(*column);
    }
    let is_split = |text: &str| split_of(text).is_some();
    let short = |text: &str| text.len() <= 64;
    for wanted in SPLIT_NAMES {
        let mut named = free.iter().filter(|column| names[**column] == *wanted);
        // "set" and "fold" may be anything; their values have to be splits.
        let sure = matches!(*wanted, "split" | "data_split" | "dataset_split" | "subset" | "partition");
        if let Some(column) =
            named.find(|column| sample.all(**column, |text| if sure { short(text) } else { is_split(text) }))
        {
            return SplitColumn::Values(*column);
        }
    }
    for (wanted, yes, no) in SPLIT_FLAGS {
        let mut named = free.iter().filter(|column| names[**column] == *wanted);
        if let Some(column) = named.find(|column| sample.all(**column, |text| truth(text).is_some())) {
            return SplitColumn::Flag(*column, yes, no);
        }
    }
    let valued = free.iter().find(|column| sample.all(**column, is_split));
    valued.map_or(SplitColumn::None, |column| SplitColumn::Values(*column))
}

fn label_columns(sample: &Sample<'_>, names: &[String], free: &[usize]) -> LabelColumns {
    let short = |column: usize| {
        sample.all(column, |text| text.split(LIST).all(|label| label.len() <= MAX_LABEL_BYTES))
    };
    // An `x` and a `y` beside each other are a place; a `y` alone is a label.
    let is_place = |column: usize| {
        let pair = |own: char, its: char| {
            let rest = names[column].strip_prefix(own);
            rest.is_some_and(|rest| names.iter().any(|other| other.strip_prefix(its) == Some(rest)))
        };
        pair('x', 'y') || pair('y', 'x')
    };
    let free: &[usize] = &free.iter().copied().filter(|column| !is_place(*column)).collect::<Vec<_>>();
    for wanted in LABEL_NAMES {
        // `label_1` and `label_2` are labels as well.
        let numberless = |name: &str| {
            let stem = name.trim_end_matches(|char: char| char.is_ascii_digit());
            stem.trim_end_matches('_') == *wanted && stem.len() < name.len()
        };
        let exact: Vec<usize> = free.iter().copied().filter(|column| names[*column] == *wanted).collect();
        let numbered: Vec<usize> =
            free.iter().copied().filter(|column| numberless(&names[*column])).collect();
        for found in [exact, numbered] {
            if !found.is_empty() && found.iter().any(|column| short(*column)) {
                return LabelColumns::Values(found);
            }
        }
    }
    let worded = free.iter().find(|column| {
        let name = &names[**column];
        LABEL_WORDS.contains(&last_word(name)) && name.contains('_') && short(**column)
    });
    if let Some(column) = worded {
        return LabelColumns::Values(vec![*column]);
    }
    if !sample.table.named {
        let first = free.iter().copied().find(|column| short(*column));
        return first.map_or(LabelColumns::None, |column| LabelColumns::Values(vec![column]));
    }
    // A column of labels that says nothing: then no other one is of labels either.
    let is_empty = |column: usize| sample.rows.iter().all(|row| sample.table.cell(*row, column).is_empty());
    let silent =
        free.iter().find(|column| LABEL_NAMES.contains(&names[**column].as_str()) && is_empty(**column));
    if let Some(column) = silent {
        return LabelColumns::Values(vec![*column]);
    }
    let flags: Vec<usize> =
        free.iter().copied().filter(|column| sample.all(*column, |text| flag(text).is_some())).collect();
    if flags.len() >= 2 {
        return LabelColumns::Flags(flags);
    }
    // The one other column, of whatever name, where its values come again and again.
    match free {
        [only] if short(*only) && sample.repeats(*only) => LabelColumns::Values(vec![*only]),
        _ => LabelColumns::None,
    }
}

fn box_columns(sample: &Sample<'_>, names: &[String], free: &[usize]) -> Option<BoxColumns> {
    CORNER_NAMES.iter().find_map(|wanted| {
        let find =
            |wanted: &str| free.iter().copied().find(|column| names[*column].replace('_', "") == wanted);
        let [left, top, right, bottom] = wanted.map(find);
        let corners = [left?, top?, right?, bottom?];
        let within =
            |most: f32| move |text: &str| text.parse::<f32>().is_ok_and(|number| number.abs() <= most);
        let all = |most: f32| corners.iter().all(|column| sample.all(*column, within(most)));
        all(f32::MAX).then(|| BoxColumns { corners, relative: all(1.0) })
    })
}

/// The split of a number, as in the tables of faces where this is a custom.
pub fn numbered_split(text: &str) -> Option<&'static str> {
    match text {
        "0" | "0.0" => Some("train"),
        "1" | "1.0" => Some("val"),
        "2" | "2.0" => Some("test"),
        _ => None,
    }
}

/// Whether a value of a column of flags is set; `None` where it is no flag.
pub fn flag(text: &str) -> Option<bool> {
    match text {
        "1" | "1.0" => Some(true),
        // Some tables have −1 for no, others for not sure.
        "0" | "0.0" | "-1" | "-1.0" => Some(false),
        _ => None,
    }
}

/// Whether a value says yes.
pub fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "t" | "y" => Some(true),
        "false" | "no" | "f" | "n" => Some(false),
        other => flag(other),
    }
}

/// The labels in a cell: a list, or a text with `;` or `|` between labels. Where the column's
/// name is a plural, commas part labels too.
pub fn labels_in<'a>(cell: &'a str, column: &str) -> Vec<&'a str> {
    let column = plain(column);
    let plural = matches!(last_word(&column), "labels" | "classes" | "categories" | "targets" | "tags");
    let bare = |label: &'a str| label.trim().trim_matches(['"', '\'']).trim();
    let listed = cell.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let labels: Vec<&str> = if cell.contains(LIST) {
        cell.split(LIST).map(str::trim).collect()
    } else if let Some(inner) = listed {
        inner.split([',', ';']).map(bare).collect()
    } else if cell.contains([';', '|']) {
        cell.split([';', '|']).map(bare).collect()
    } else if plural {
        cell.split(',').map(bare).collect()
    } else {
        vec![cell]
    };
    let said = |label: &&str| !label.is_empty() && !matches!(*label, "nan" | "NaN" | "null");
    labels.into_iter().filter(said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::manifest::table::{Kind, parse};

    /// `path / labels / split / attributes`, by name.
    fn told(content: &str) -> String {
        let Some(table) = parse(content.as_bytes(), Kind::Delimited, true, 100) else { return "none".into() };
        let Some(roles) = roles(&table, |value| value.starts_with("is/")) else { return "none".into() };
        let names = |columns: &[usize]| {
            columns.iter().map(|column| table.columns[*column].as_str()).collect::<Vec<_>>().join("+")
        };
        let labels = match &roles.labels {
            LabelColumns::None => "-".into(),
            LabelColumns::Values(columns) => names(columns),
            LabelColumns::Flags(columns) => format!("flags {}", names(columns)),
        };
        let split = match roles.split {
            SplitColumn::None => "-",
            SplitColumn::Values(column) | SplitColumn::Numbers(column) | SplitColumn::Flag(column, ..) => {
                &table.columns[column]
            }
        };
        let boxes = match roles.boxes {
            Some(boxes) => {
                if boxes.relative {
                    " / fractions"
                } else {
                    " / pixels"
                }
            }
            None => "",
        };
        format!("{} / {labels} / {split} / {}{boxes}", names(&[roles.path]), names(&roles.attributes))
    }

    #[test]
    fn columns_are_known_by_name_and_value() {
        for (content, expected) in [
            ("path,label\nis/a.png,x\n", "path / label / - / "),
            ("File Name,Class,Split\nis/a.png,x,train\n", "File Name / Class / Split / "),
            ("class_id,class_name,image\n3,cat,is/a.png\n", "image / class_name / - / class_id"),
            ("id,where,label\n7,is/a.png,x\n", "where / label / - / id"),
            ("image,mask,tags\nis/a.png,is/m.png,x\n", "image / tags / - / mask"),
            ("is/a.png,cat,train\nis/b.png,dog,val\n", "column 1 / column 2 / column 3 / "),
            ("cat\tis/a.png\ndog\tis/b.png\n", "column 2 / column 1 / - / "),
            ("image,MEL,NV\nis/a.png,0.0,1.0\nis/b.png,1.0,0.0\n", "image / flags MEL+NV / - / "),
            ("name,label,is_valid\nis/a.png,x,False\n", "name / label / is_valid / "),
            ("path,label_1,label_2\nis/a.png,x,y\n", "path / label_1+label_2 / - / "),
            ("ImageID,LabelName,IsGroupOf\nis/a,x,1\n", "ImageID / LabelName / - / IsGroupOf"),
            ("Image Index,Finding Labels,Age\nis/a.png,x|y,3\n", "Image Index / Finding Labels / - / Age"),
            (
                "path,noisy_labels_0,noisy_labels_1\nis/a.png,x,y\n",
                "path / - / - / noisy_labels_0+noisy_labels_1",
            ),
            ("path,sort\nis/a.png,x\nis/b.png,x\nis/c.png,y\nis/d.png,y\n", "path / sort / - / "),
            ("path,text\nis/a.png,one\nis/b.png,two\nis/c.png,two\n", "path / - / - / text"),
            ("path,Smiling,Young\nis/a.png,1,-1\nis/b.png,-1,1\n", "path / flags Smiling+Young / - / "),
            ("path,class,xmin,YMin,x_max,ymax\nis/a.png,x,1,2,3,4\n", "path / class / - /  / pixels"),
            ("path,class,x1,y1,x2,y2\nis/a.png,x,0.1,0.1,1,0.5\n", "path / class / - /  / fractions"),
            ("path,class,x1,y1,x2,y2\nis/a.png,x,a,1,1,1\n", "path / class / - / x1+y1+x2+y2"),
            ("path,label,kind\nis/a.png,x,test\nis/b.png,x,train\n", "path / label / kind / "),
            ("path,x_1,y_1\nis/a.png,3,4\nis/b.png,3,4\n", "path / - / - / x_1+y_1"),
            ("path,y\nis/a.png,3\nis/b.png,2\n", "path / y / - / "),
            ("path,label,seed,number\nis/a.png,,1,0\nis/b.png,,1,1\n", "path / label / - / seed+number"),
            ("path,partition,split\nis/a.png,0,1\nis/b.png,2,2\n", "path / - / partition / split"),
            // Nothing is there, but name and values say paths.
            ("path,label\nno/a.png,x\n", "path / label / - / "),
            ("text,label\nhello,x\n", "none"),
            ("what,label\nno/a.png,x\n", "none"),
            ("image_id,category_id,score,file\n1,2,0.5,is/a.png\n", "none"),
        ] {
            assert_eq!(told(content), expected, "{content}");
        }
    }

    #[test]
    fn names_of_columns_are_compared_plainly() {
        for (name, expected) in [
            ("File Name", "file_name"),
            ("fileName", "file_name"),
            ("ImageID", "image_id"),
            ("HTMLFile", "html_file"),
            ("XMin", "x_min"),
            ("label1", "label1"),
            ("_Label_", "label"),
            ("annotations.label", "annotations_label"),
            ("MEL", "mel"),
            ("", ""),
        ] {
            assert_eq!(plain(name), expected, "{name}");
        }
    }

    #[test]
    fn cells_hold_one_label_or_several() {
        for (cell, column, labels) in [
            ("cat", "label", &["cat"][..]),
            ("big cat, red", "label", &["big cat, red"]),
            ("cat; dog", "label", &["cat", "dog"]),
            ("cat|dog", "label", &["cat", "dog"]),
            ("cat,dog", "tags", &["cat", "dog"]),
            ("cat,dog", "Finding Labels", &["cat", "dog"]),
            ("['cat', 'dog']", "label", &["cat", "dog"]),
            ("cat\u{1f}3", "label", &["cat", "3"]),
            ("nan", "label", &[]),
            ("[]", "label", &[]),
            ("3", "label", &["3"]),
        ] {
            assert_eq!(labels_in(cell, column), labels, "{cell}");
        }
    }
}
