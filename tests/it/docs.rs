//! README's tables come from the code: this checks that they are current.
//! `LENSLET_UPDATE_DOCS=1 cargo test --test it docs` writes them.

use lenslet::dataset::query::REFERENCE;
use lenslet::import::FORMATS;
use lenslet::state::command::keys_markdown;

fn check(name: &str, expected: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let text = std::fs::read_to_string(path).expect("README.md is readable");
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let start = text.find(&open).expect("README.md has the mark") + open.len();
    let end = start + text[start..].find(&close).expect("README.md has the closing mark");
    if text[start..end] == *expected {
        return;
    }
    assert!(
        std::env::var_os("LENSLET_UPDATE_DOCS").is_some(),
        "README.md's {name} are not current; run LENSLET_UPDATE_DOCS=1 cargo test --test it docs"
    );
    let updated = format!("{}{expected}{}", &text[..start], &text[end..]);
    std::fs::write(path, updated).expect("README.md is writable");
}

#[test]
fn readme_is_current() {
    check("keys", &keys_markdown());

    let mut formats = String::from("| layout | what is read |\n| --- | --- |\n");
    for format in FORMATS {
        formats.push_str(&format!("| {} | {} |\n", format.layout.title(), format.reads));
    }
    formats.push_str(
        "| Archives | tar, tar.gz and zip of any of the above, read in place and never unpacked |\n",
    );
    check("formats", &formats);

    let mut query = String::from("| written | meaning |\n| --- | --- |\n");
    for (written, meaning) in REFERENCE {
        query.push_str(&format!("| `{}` | {} |\n", written.replace('|', "\\|"), meaning.replace('|', "\\|")));
    }
    check("query", &query);
}
