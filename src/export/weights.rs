//! What samples weigh, as CSV or JSON, and the code of a PyTorch sampler that reads the CSV.

use std::io::Write;
use std::path::Path;

use serde::Serialize;

use super::target::whole;
use super::{ExportError, check_target, write_whole};
use crate::balance::Plan;
use crate::dataset::{Dataset, SampleId};

/// A row of the file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Row<'a> {
    /// Relative to the folder of the dataset, or of an export, `/`-separated.
    pub path: &'a str,
    /// How often the file of that path counts.
    pub repeat: u32,
    pub weight: f64,
}

/// The form of the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    Json,
}

/// Refuses a file of weights whose name does not end in `.csv` or `.json`.
pub fn check_weights_name(path: &Path) -> Result<(), ExportError> {
    form_of(path).map(drop)
}

fn form_of(path: &Path) -> Result<Form, ExportError> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("csv") => Ok(Form::Csv),
        Some("json") => Ok(Form::Json),
        _ => Err(ExportError::Refused(format!(
            "weights are .csv or .json; give the file such a name: {}",
            path.display()
        ))),
    }
}

/// What these samples weigh and how often each is there, by the paths of the dataset.
pub fn rows_of<'a>(dataset: &'a Dataset, samples: &[SampleId], plan: &Plan) -> Vec<Row<'a>> {
    let row = |sample: &SampleId| Row {
        path: dataset.path(*sample),
        repeat: plan.copies[*sample as usize],
        weight: plan.weights[*sample as usize],
    };
    samples.iter().map(row).collect()
}

/// The same of the files of an export, each with the sample that it is of: where the export has a sample as often as
/// the plan, each of its files counts once.
pub fn rows_of_files<'a>(files: &[(&'a str, SampleId)], plan: &Plan) -> Vec<Row<'a>> {
    let mut files_of = vec![0u32; plan.copies.len()];
    files.iter().for_each(|(_, sample)| files_of[*sample as usize] += 1);
    let row = |&(path, sample): &(&'a str, SampleId)| {
        let at = sample as usize;
        Row { path, repeat: (plan.copies[at] / files_of[at]).max(1), weight: plan.weights[at] }
    };
    files.iter().map(row).collect()
}

/// Writes rows as `path`, `repeat` and `weight`: a table, or a list of objects.
pub fn write_weights(path: &Path, dataset: &Dataset, rows: &[Row<'_>]) -> Result<(), ExportError> {
    let form = form_of(path)?;
    check_target(path, Path::new(&dataset.root))?;
    let failed = |cause| ExportError::io(path, cause);
    write_whole(path, |out| match form {
        Form::Csv => {
            let mut table = csv::Writer::from_writer(out);
            let written = rows.iter().try_for_each(|row| table.serialize(row));
            written.and_then(|()| Ok(table.flush()?)).map_err(|error| failed(error.into()))
        }
        Form::Json => {
            for (at, row) in rows.iter().enumerate() {
                out.write_all(if at == 0 { b"[\n" } else { b",\n" }).map_err(failed)?;
                serde_json::to_writer(&mut *out, row).map_err(|error| failed(error.into()))?;
            }
            out.write_all(if rows.is_empty() { b"[]\n" } else { b"\n]\n" }).map_err(failed)
        }
    })
}

/// Python code of a `WeightedRandomSampler` that reads a CSV, by its path from the folder that the code lies in.
pub fn sampler_code(csv: &str) -> String {
    // A string of JSON is one of Python.
    let named = serde_json::Value::from(csv).to_string();
    include_str!("weights/sampler.py").replace("\"weights.csv\"", &named)
}

/// Writes that code to a file, for weights in another one.
pub fn write_sampler(path: &Path, dataset: &Dataset, weights: &Path) -> Result<(), ExportError> {
    check_target(path, Path::new(&dataset.root))?;
    let code = sampler_code(&from_beside(weights, path));
    write_whole(path, |out| out.write_all(code.as_bytes()).map_err(|cause| ExportError::io(path, cause)))
}

/// The path of a file from the folder of another one, `/`-separated; from the root where they have nothing in common.
fn from_beside(file: &Path, other: &Path) -> String {
    let (file, other) = (whole(file), whole(other));
    let mut parts = file.components().peekable();
    let mut folders = other.parent().into_iter().flat_map(Path::components).peekable();
    if parts.peek() != folders.peek() {
        return file.to_string_lossy().into_owned();
    }
    while parts.peek().is_some() && parts.peek() == folders.peek() {
        parts.next();
        folders.next();
    }
    let up = folders.map(|_| "..".to_owned());
    let down = parts.map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<String>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_found_from_the_folder_of_the_code() {
        let home = tempfile::tempdir().unwrap();
        let at = |path: &str| home.path().join(path);
        for (weights, code, expected) in [
            ("w.csv", "sampler.py", "w.csv"),
            ("a/w.csv", "sampler.py", "a/w.csv"),
            ("w.csv", "a/b/sampler.py", "../../w.csv"),
            ("a/w.csv", "b/sampler.py", "../a/w.csv"),
        ] {
            assert_eq!(from_beside(&at(weights), &at(code)), expected, "{weights} {code}");
        }
        let code = sampler_code("../a \"b\".csv");
        assert!(code.contains(r#"parent / "../a \"b\".csv""#), "{code}");
    }

    #[test]
    fn files_of_a_sample_that_is_there_more_than_once_count_once() {
        let plan = Plan { copies: vec![3, 1, 2], weights: vec![0.5, 2.0, 1.0], ..Plan::default() };
        let row = |path, repeat, weight| Row { path, repeat, weight };
        // The last one is in a table, which has it once.
        let files = [("a.png", 0), ("a-r2.png", 0), ("a-r3.png", 0), ("b.png", 1), ("c.png", 2)];
        let expected = [
            row("a.png", 1, 0.5),
            row("a-r2.png", 1, 0.5),
            row("a-r3.png", 1, 0.5),
            row("b.png", 1, 2.0),
            row("c.png", 2, 1.0),
        ];
        assert_eq!(rows_of_files(&files, &plan), expected);
    }
}
