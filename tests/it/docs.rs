//! The tables of the documentation come from the code: this checks that they are current.
//! `LENSLET_UPDATE_DOCS=1 cargo test --test it docs` writes them.

use lenslet::annotation::{FORMATS as LABEL_FORMATS, Field, Writer};
use lenslet::augment::param::{Kind, Param, Value};
use lenslet::augment::table::FAMILIES;
use lenslet::dataset::query::REFERENCE;
use lenslet::import::FORMATS;
use lenslet::state::command::keys_markdown;

fn check(file: &str, name: &str, expected: &str) {
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("the page is readable");
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let start = text.find(&open).expect("the page has the mark") + open.len();
    let end = start + text[start..].find(&close).expect("the page has the closing mark");
    if text[start..end] == *expected {
        return;
    }
    assert!(
        std::env::var_os("LENSLET_UPDATE_DOCS").is_some(),
        "{file}'s {name} are not current; run LENSLET_UPDATE_DOCS=1 cargo test --test it docs"
    );
    let updated = format!("{}{expected}{}", &text[..start], &text[end..]);
    std::fs::write(path, updated).expect("the page is writable");
}

#[test]
fn readme_is_current() {
    check("README.md", "keys", &keys_markdown());

    let mut formats = String::from("| layout | what is read |\n| --- | --- |\n");
    for format in FORMATS {
        formats.push_str(&format!("| {} | {} |\n", format.layout.title(), format.reads));
    }
    formats.push_str(
        "| Archives | tar, tar.gz and zip of any of the above, read in place and never unpacked |\n",
    );
    check("README.md", "formats", &formats);

    let mut query = String::from("| written | meaning |\n| --- | --- |\n");
    for (written, meaning) in REFERENCE {
        query.push_str(&format!("| `{}` | {} |\n", written.replace('|', "\\|"), meaning.replace('|', "\\|")));
    }
    check("README.md", "query", &query);
}

#[test]
fn the_formats_of_labels_are_current() {
    let mut table =
        String::from("| format | | what it is | holds | does not hold |\n| --- | --- | --- | --- | --- |\n");
    let words = |fields: &[Field]| fields.iter().map(|field| field.words()[1]).collect::<Vec<_>>().join(", ");
    for format in LABEL_FORMATS {
        let missing: Vec<Field> =
            Field::ALL.into_iter().filter(|field| !format.holds.contains(field)).collect();
        let holds = if missing.is_empty() { "all".to_owned() } else { words(format.holds) };
        let written = if matches!(format.write, Writer::Export) { " (read)" } else { "" };
        let (name, title, about) = (format.name, format.title, format.about);
        table.push_str(&format!(
            "| `{name}` | {title}{written} | {about} | {holds} | {} |\n",
            words(&missing)
        ));
    }
    check("docs/labels.md", "formats", &table);
}

#[test]
fn the_operations_are_current() {
    let mut table = String::new();
    for (family, operations) in FAMILIES {
        table.push_str(&format!(
            "### {}\n\n| operation | what it does | parameters |\n| --- | --- | --- |\n",
            family.title()
        ));
        for operation in operations {
            let params: Vec<String> = operation.params.iter().map(described).collect();
            table.push_str(&format!(
                "| `{}` | {} | {} |\n",
                operation.name,
                operation.about,
                params.join("; ")
            ));
        }
        table.push('\n');
    }
    check("docs/augment.md", "operations", &table);
}

/// A parameter with its limits and what it is unless it is set.
fn described(param: &Param) -> String {
    let unit = param.unit.sign();
    let name = param.name;
    match (param.kind, param.default()) {
        (Kind::Range { least, most, .. }, Value::Range([low, high])) => {
            format!("`{name}` {least} to {most}{unit} [{low} to {high}]")
        }
        (Kind::Number { least, most, .. }, Value::Number(number)) => {
            format!("`{name}` {least} to {most}{unit} [{number}]")
        }
        (Kind::Choice { words, .. }, Value::Choice(at)) => {
            format!("`{name}` {} [{}]", words.join(", "), words[at])
        }
        (_, Value::Flag(flag)) => format!("`{name}` true, false [{flag}]"),
        (_, Value::Colour([r, g, b])) => format!("`{name}` [#{r:02x}{g:02x}{b:02x}]"),
        (_, other) => panic!("{name}: {other:?}"),
    }
}
