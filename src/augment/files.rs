//! Pipelines on the disk: read from a file in any form, or by the name of a preset, and written in the form that
//! the file's name tells.

use std::io::Write;
use std::path::Path;

use super::formats::{Format, MAX_BYTES, read, write};
use super::pipeline::Pipeline;
use super::presets::{PRESETS, preset};
use crate::files;
use crate::text::sentence;

/// The pipeline in a file, and sentences on what in it is unknown or only nearly the same. Errors are sentences
/// that name the file.
pub fn read_file(path: &Path) -> Result<(Pipeline, Vec<String>), String> {
    let shown = path.display();
    let about =
        std::fs::metadata(path).map_err(|error| format!("the pipeline cannot be read ({error}): {shown}"))?;
    if about.len() > MAX_BYTES as u64 {
        return Err(format!("this is no pipeline, which has {MAX_BYTES} bytes at most: {shown}"));
    }
    let bytes =
        std::fs::read(path).map_err(|error| format!("the pipeline cannot be read ({error}): {shown}"))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("this is no text, and no pipeline: {shown}"))?;
    let name = path.file_name().and_then(|name| name.to_str());
    let read = read(&text, name).map_err(|error| format!("{error}: {shown}"))?;
    Ok((read.pipeline, read.notes.iter().map(sentence).collect()))
}

/// [`read_file`], or the preset of that name where there is no such file.
pub fn read_named(name: &str) -> Result<(Pipeline, Vec<String>), String> {
    let path = Path::new(name);
    if path.exists() {
        return read_file(path);
    }
    preset(name).map(|pipeline| (pipeline, Vec::new())).ok_or_else(|| {
        let presets: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        format!("there is no such file, and no such preset ({}): {name}", presets.join(", "))
    })
}

/// The form that a file's name tells: `.yaml` is Albumentations', `.py` Python code for it, and all else this
/// program's own.
pub fn form_of(path: &Path) -> Format {
    match path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("yaml" | "yml") => Format::AlbumentationsYaml,
        Some("py") => Format::AlbumentationsPython,
        _ => Format::Lenslet,
    }
}

/// Writes a pipeline, whole or not at all; gives sentences on what the form does not have.
pub fn write_file(path: &Path, pipeline: &Pipeline, format: Format) -> Result<Vec<String>, String> {
    let (text, notes) = write(pipeline, format);
    let failed =
        |error: std::io::Error| format!("the pipeline could not be written ({error}): {}", path.display());
    files::write_whole(path, failed, |out| out.write_all(text.as_bytes()).map_err(failed))?;
    Ok(notes.iter().map(sentence).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_comes_back_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let (pipeline, notes) = read_named("standard").unwrap();
        assert!(notes.is_empty());
        for name in ["p.json", "p.yaml"] {
            let path = folder.path().join(name);
            write_file(&path, &pipeline, form_of(&path)).unwrap();
            let (back, _) = read_named(path.to_str().unwrap()).unwrap();
            assert_eq!(back.steps.len(), pipeline.steps.len(), "{name}");
        }
        let none = folder.path().join("none.json");
        for (path, told) in
            [(none.to_str().unwrap(), "no such preset"), (folder.path().to_str().unwrap(), "cannot")]
        {
            let error = read_named(path).unwrap_err();
            assert!(error.contains(told) && error.ends_with(path), "{error}");
        }
        std::fs::write(&none, [0xff, 0xfe]).unwrap();
        assert!(read_file(&none).unwrap_err().contains("no text"));
    }
}
