//! Which columns of a Parquet file are the image, the label, the boxes and the rest, and what
//! Hugging Face's metadata (key `huggingface`) says of the names of classes.
//!
//! The same rule finds the image column when the file is imported and when it is opened again for
//! a row, so it looks at the schema only.

use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::file::metadata::ParquetMetaData;
use parquet::schema::types::ColumnDescriptor;
use serde_json::Value;

/// Columns of a file, by their role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    pub image: ImageColumn,
    /// Name of the column of labels.
    pub label: Option<String>,
    /// Names of the classes by number; empty where the metadata has none.
    pub label_names: Vec<String>,
    pub objects: Option<Objects>,
    /// Name and class names of each column of single values, [`MAX_ATTRIBUTES`] at most.
    pub attributes: Vec<(String, Vec<String>)>,
    /// Leaves to read for all but the image's bytes.
    pub leaves: Vec<usize>,
}

/// Where images are: at least one of the two is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageColumn {
    /// Name of the top column.
    pub name: String,
    /// Leaf of the encoded bytes.
    pub bytes: Option<usize>,
    /// Leaf of the path.
    pub path: Option<usize>,
    /// Whether the metadata or the form of the column says that it is an image.
    pub sure: bool,
}

/// A column of boxes with their categories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objects {
    pub column: String,
    pub boxes: String,
    pub category: String,
    pub names: Vec<String>,
}

/// Columns of single values that become attributes; further ones are not read.
pub const MAX_ATTRIBUTES: usize = 64;

const BINARY_NAMES: [&str; 12] = [
    "image",
    "img",
    "jpg",
    "jpeg",
    "png",
    "webp",
    "picture",
    "photo",
    "image_bytes",
    "bytes",
    "content",
    "data",
];
const PATH_NAMES: [&str; 12] = [
    "image",
    "img",
    "image_path",
    "img_path",
    "file_name",
    "filename",
    "filepath",
    "file_path",
    "path",
    "file",
    "image_file",
    "image_name",
];
const LABEL_NAMES: [&str; 12] = [
    "label",
    "labels",
    "fine_label",
    "class",
    "class_label",
    "category",
    "target",
    "cls",
    "classes",
    "y",
    "class_name",
    "label_name",
];
const BOX_NAMES: [&str; 4] = ["bbox", "bboxes", "boxes", "box"];
const CATEGORY_NAMES: [&str; 7] =
    ["category", "categories", "label", "labels", "category_id", "class", "category_name"];

/// Sorts a file's columns; `None` where none of them holds images.
pub fn columns(metadata: &ParquetMetaData) -> Option<Columns> {
    let features = features(metadata);
    let schema = metadata.file_metadata().schema_descr();
    let leaves: Vec<Leaf<'_>> = schema.columns().iter().map(|column| Leaf::new(column)).collect();
    let image = image_column(&leaves, &features)?;
    let mut found = Columns { image, ..Columns::default() };

    let label = label_column(&leaves, &features, &found.image);
    if let Some(name) = label {
        found.label_names = class_names(&features[name]);
        found.label = Some(name.to_owned());
    }
    found.objects = objects_column(&leaves, &features);
    for (at, leaf) in leaves.iter().enumerate() {
        let top = leaf.parts[0].as_str();
        let label = found.label.as_deref() == Some(top);
        let of_objects = found.objects.as_ref().is_some_and(|objects| {
            let named = |name: &String| leaf.parts.contains(name);
            objects.column == top && (named(&objects.boxes) || named(&objects.category))
        });
        let path = found.image.path == Some(at);
        let single = leaf.parts.len() == 1 && leaf.flat && leaf.kind != Kind::Binary;
        let attribute = single && !label && !path && found.attributes.len() < MAX_ATTRIBUTES;
        if attribute {
            found.attributes.push((top.to_owned(), class_names(&features[top])));
        }
        if label || of_objects || path || attribute {
            found.leaves.push(at);
        }
    }
    Some(found)
}

/// The image column of a file.
pub fn image(metadata: &ParquetMetaData) -> Option<ImageColumn> {
    let leaves = metadata.file_metadata().schema_descr().columns();
    let leaves: Vec<Leaf<'_>> = leaves.iter().map(|column| Leaf::new(column)).collect();
    image_column(&leaves, &features(metadata))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
    Number,
}

struct Leaf<'a> {
    parts: &'a [String],
    kind: Kind,
    /// One value per row at most.
    flat: bool,
}

impl<'a> Leaf<'a> {
    fn new(column: &'a ColumnDescriptor) -> Self {
        let text = matches!(
            column.logical_type_ref(),
            Some(LogicalType::String | LogicalType::Enum | LogicalType::Json)
        ) || matches!(
            column.converted_type(),
            ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON
        );
        let kind = match column.physical_type() {
            Type::BYTE_ARRAY if text => Kind::Text,
            Type::BYTE_ARRAY => Kind::Binary,
            _ => Kind::Number,
        };
        Self { parts: column.path().parts(), kind, flat: column.max_rep_level() == 0 }
    }

    fn is(&self, path: &[&str]) -> bool {
        self.flat && self.parts.iter().map(String::as_str).eq(path.iter().copied())
    }
}

fn image_column(leaves: &[Leaf<'_>], features: &Value) -> Option<ImageColumn> {
    let find = |path: &[&str], kinds: &[Kind]| {
        leaves.iter().position(|leaf| leaf.is(path) && kinds.contains(&leaf.kind))
    };
    let column = |name: &str, sure: bool| {
        let bytes = find(&[name, "bytes"], &[Kind::Binary]).or_else(|| find(&[name], &[Kind::Binary]));
        let path = find(&[name, "path"], &[Kind::Text]).or_else(|| find(&[name], &[Kind::Text]));
        (bytes.is_some() || path.is_some()).then(|| ImageColumn { name: name.to_owned(), bytes, path, sure })
    };
    let told = features.as_object().into_iter().flatten();
    let mut told =
        told.filter(|(_, feature)| feature["_type"] == "Image").filter_map(|(name, _)| column(name, true));
    if let Some(image) = told.next() {
        return Some(image);
    }
    let structs = leaves.iter().filter(|leaf| {
        leaf.flat && leaf.kind == Kind::Binary && matches!(leaf.parts, [_, part] if part == "bytes")
    });
    // A struct of bytes and path may be audio: one that the metadata calls something else is not taken.
    let mut structs = structs.filter(|leaf| matches!(&features[&leaf.parts[0]]["_type"], Value::Null));
    if let Some(image) = structs.next().and_then(|leaf| column(&leaf.parts[0], true)) {
        return Some(image);
    }
    let top = |kind: Kind| {
        leaves.iter().filter(move |leaf| leaf.flat && leaf.parts.len() == 1 && leaf.kind == kind)
    };
    let named = |kind: Kind, names: &[&str]| {
        names.iter().find_map(|name| top(kind).find(|leaf| leaf.parts[0].eq_ignore_ascii_case(name)))
    };
    let only = || {
        Some(top(Kind::Binary))
            .filter(|all| all.size_hint().0 <= 1)
            .and_then(|mut all| all.next().filter(|_| all.next().is_none()))
    };
    let leaf = named(Kind::Binary, &BINARY_NAMES).or_else(only).or_else(|| named(Kind::Text, &PATH_NAMES))?;
    column(&leaf.parts[0], false)
}

fn label_column<'a>(leaves: &[Leaf<'a>], features: &'a Value, image: &ImageColumn) -> Option<&'a str> {
    // One value or one list of values per row.
    let usable = |leaf: &&Leaf<'a>| {
        let list =
            matches!(leaf.parts, [_, list, item] if list == "list" && (item == "element" || item == "item"));
        leaf.kind != Kind::Binary && leaf.parts[0] != image.name && (leaf.parts.len() == 1 || list)
    };
    let classes = |leaf: &&Leaf<'a>| !class_names(&features[&leaf.parts[0]]).is_empty();
    let by_name = |told: bool| {
        LABEL_NAMES.iter().find_map(|name| {
            let named = |leaf: &&Leaf<'a>| leaf.parts[0].eq_ignore_ascii_case(name);
            leaves.iter().filter(usable).filter(named).find(|leaf| !told || classes(leaf))
        })
    };
    let any_told = || leaves.iter().filter(usable).find(classes);
    by_name(true).or_else(any_told).or_else(|| by_name(false)).map(|leaf| leaf.parts[0].as_str())
}

fn objects_column(leaves: &[Leaf<'_>], features: &Value) -> Option<Objects> {
    leaves.iter().find_map(|leaf| {
        // The column's own name is not looked at: its boxes lie a step below.
        let (top, below) = leaf.parts.split_first()?;
        let boxes = below.iter().find(|part| BOX_NAMES.contains(&part.as_str()))?;
        let category = CATEGORY_NAMES.iter().find(|name| {
            leaves.iter().any(|leaf| {
                leaf.parts
                    .split_first()
                    .is_some_and(|(first, rest)| first == top && rest.iter().any(|part| part == *name))
            })
        })?;
        let names = find_key(&features[top], category).map(class_names).unwrap_or_default();
        (leaf.kind == Kind::Number).then(|| Objects {
            column: top.clone(),
            boxes: boxes.clone(),
            category: (*category).to_owned(),
            names,
        })
    })
}

/// The `features` of Hugging Face's metadata; null where there are none.
fn features(metadata: &ParquetMetaData) -> Value {
    let pairs = metadata.file_metadata().key_value_metadata();
    let text = pairs.into_iter().flatten().find(|pair| pair.key == "huggingface");
    let text = text.and_then(|pair| pair.value.as_deref()).unwrap_or_default();
    // The parser refuses text that is nested too deep.
    let mut parsed: Value = serde_json::from_str(text).unwrap_or_default();
    parsed["info"]["features"].take()
}

/// The names of a ClassLabel feature, or of a list of them.
fn class_names(feature: &Value) -> Vec<String> {
    let names = match feature {
        Value::Object(fields) => match fields.get("names") {
            Some(Value::Array(names)) => names,
            _ => return fields.get("feature").map(class_names).unwrap_or_default(),
        },
        Value::Array(features) => return features.first().map(class_names).unwrap_or_default(),
        _ => return Vec::new(),
    };
    let text = |name: &Value| name.as_str().map_or_else(|| name.to_string(), str::to_owned);
    names.iter().take(super::super::packed::MAX_CLASSES).map(text).collect()
}

/// The value of a key at any depth.
fn find_key<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => {
            fields.get(key).or_else(|| fields.values().find_map(|value| find_key(value, key)))
        }
        Value::Array(values) => values.iter().find_map(|value| find_key(value, key)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_classes_are_found_where_they_are() {
        for (feature, names) in [
            (json!({"names": ["a", "b"], "_type": "ClassLabel"}), vec!["a", "b"]),
            (json!({"feature": {"names": ["a"], "_type": "ClassLabel"}, "_type": "Sequence"}), vec!["a"]),
            (json!([{"names": ["a"], "_type": "ClassLabel"}]), vec!["a"]),
            (json!({"dtype": "int64", "_type": "Value"}), vec![]),
            (json!(null), vec![]),
        ] {
            assert_eq!(class_names(&feature), names);
        }
        let objects = json!({"feature": {"bbox": {}, "category": {"names": ["x"]}}});
        assert_eq!(class_names(find_key(&objects, "category").unwrap()), ["x"]);
    }
}
