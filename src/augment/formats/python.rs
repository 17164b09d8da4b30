//! Pipelines as Python code, for people who train with it.

#[cfg(test)]
mod tests;
mod torchvision;

use super::Note;
use super::albumentations::{Call, Item, items};
use super::tree::quoted;
use crate::augment::pipeline::Pipeline;

pub use torchvision::torchvision;

/// Code for Albumentations 2: what `A.load` of the JSON form would give.
pub fn albumentations(pipeline: &Pipeline) -> (String, Vec<Note>) {
    let (items, notes) = items(pipeline);
    let mut code = String::new();
    if !pipeline.name.is_empty() {
        code.push_str(&format!("# {}\n", comment(&pipeline.name)));
    }
    code.push_str("import albumentations as A\n\ntransform = A.Compose([\n");
    items.iter().for_each(|item| add(item, 1, &mut code));
    code.push_str("])\n");
    (code, notes)
}

fn add(item: &Item, depth: usize, code: &mut String) {
    let pad = "    ".repeat(depth);
    match item {
        Item::Missing { title, why } => {
            code.push_str(&format!("{pad}# {}: {}\n", comment(title), comment(why)));
        }
        Item::Call(call) if !is_path(&call.class) => {
            code.push_str(&format!("{pad}# {}: this is no name of a class.\n", comment(&call.class)));
        }
        Item::Call(call) => {
            let class = &call.class;
            // Classes of other packages have their package in the name.
            let prefix = if class.contains('.') { "" } else { "A." };
            match &call.inner {
                Some(inner) => {
                    code.push_str(&format!("{pad}{prefix}{class}([\n"));
                    inner.iter().for_each(|item| add(item, depth + 1, code));
                    code.push_str(&format!("{pad}], {}),\n", arguments(call)));
                }
                None => code.push_str(&format!("{pad}{prefix}{class}({}),\n", arguments(call))),
            }
        }
    }
}

fn arguments(call: &Call) -> String {
    let mut arguments: Vec<String> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    for (name, value) in &call.arguments {
        match is_path(name) && !name.contains('.') {
            true => arguments.push(format!("{name}={}", value.python())),
            false => others.push(format!("{}: {}", quoted(name), value.python())),
        }
    }
    arguments.push(format!("p={}", super::number(call.p)));
    if !others.is_empty() {
        arguments.push(format!("**{{{}}}", others.join(", ")));
    }
    arguments.join(", ")
}

/// Whether it is a name in Python, or several with dots between.
fn is_path(name: &str) -> bool {
    name.split('.').all(|part| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// On one line, whatever it is.
fn comment(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
