//! What samples weigh, as CSV or JSON, and the code of a PyTorch sampler that reads the CSV.

use std::io::Write;
use std::path::Path;

use serde::Serialize;

use super::{ExportError, check_target, write_whole};
use crate::balance::Plan;
use crate::dataset::{Dataset, SampleId};

/// A row of the file.
#[derive(Serialize)]
struct Row<'a> {
    /// Relative to the dataset's folder, `/`-separated.
    path: &'a str,
    repeat: u32,
    weight: f64,
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

/// Writes what these samples weigh and how often each is there, as `path`, `repeat` and `weight`: a table, or a list
/// of objects.
pub fn write_weights(
    path: &Path,
    dataset: &Dataset,
    samples: &[SampleId],
    plan: &Plan,
) -> Result<(), ExportError> {
    let form = form_of(path)?;
    check_target(path, Path::new(&dataset.root))?;
    let row = |sample: &SampleId| Row {
        path: dataset.path(*sample),
        repeat: plan.copies[*sample as usize],
        weight: plan.weights[*sample as usize],
    };
    let failed = |cause| ExportError::io(path, cause);
    write_whole(path, |out| match form {
        Form::Csv => {
            let mut table = csv::Writer::from_writer(out);
            let written = samples.iter().try_for_each(|sample| table.serialize(row(sample)));
            written.and_then(|()| Ok(table.flush()?)).map_err(|error| failed(error.into()))
        }
        Form::Json => {
            for (at, sample) in samples.iter().enumerate() {
                out.write_all(if at == 0 { b"[\n" } else { b",\n" }).map_err(failed)?;
                serde_json::to_writer(&mut *out, &row(sample)).map_err(|error| failed(error.into()))?;
            }
            out.write_all(if samples.is_empty() { b"[]\n" } else { b"\n]\n" }).map_err(failed)
        }
    })
}

/// Python code of a `WeightedRandomSampler` that reads a CSV of that name.
pub fn sampler_code(csv_name: &str) -> String {
    // A string of JSON is one of Python.
    let named = serde_json::Value::from(csv_name).to_string();
    include_str!("weights/sampler.py").replace("\"weights.csv\"", &named)
}

/// Writes that code to a file.
pub fn write_sampler(path: &Path, dataset: &Dataset, csv_name: &str) -> Result<(), ExportError> {
    check_target(path, Path::new(&dataset.root))?;
    let code = sampler_code(csv_name);
    write_whole(path, |out| out.write_all(code.as_bytes()).map_err(|cause| ExportError::io(path, cause)))
}
