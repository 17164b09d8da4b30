//! Showing a file in the system's file manager.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::dataset::{Dataset, SampleId};

/// The file on disk that a sample is, or is in.
pub fn file_of(dataset: &Dataset, sample: SampleId) -> PathBuf {
    let root = Path::new(&dataset.root);
    let mut place = dataset.places[sample as usize];
    if place.is_loose() {
        return root.join(dataset.path(sample));
    }
    // Archives can lie in archives; the file is the outermost.
    loop {
        let Some(container) = dataset.containers.get(place.container as usize) else {
            return root.to_owned();
        };
        match container.parent {
            Some(parent) if !parent.is_loose() => place = parent,
            _ => return root.join(&container.path),
        }
    }
}

/// Opens the file manager on a file's folder, with the file selected where the system can.
pub fn reveal(file: &Path) -> io::Result<()> {
    let mut command = if cfg!(target_os = "macos") {
        let mut command = Command::new("open");
        command.arg("-R").arg(file);
        command
    } else if cfg!(target_os = "windows") {
        let mut command = Command::new("explorer");
        command.arg("/select,").arg(file);
        command
    } else {
        let mut command = Command::new("xdg-open");
        command.arg(file.parent().unwrap_or(file));
        command
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(drop)
}
