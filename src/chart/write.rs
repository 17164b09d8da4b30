//! A chart to a file that a person named: its ending says what it becomes.

use std::io::Write;
use std::path::Path;

use super::{Chart, Look, csv, layout, png, svg};
use crate::files;

/// Pixels of a PNG for one of the drawing's own: sharp on a screen that has twice as many, and in print.
const PNG_SCALE: f32 = 2.0;

/// What a chart is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Svg,
    Png,
    Csv,
}

/// Why a chart was not written.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    #[error("a chart is written as .svg, .png or .csv: {0}")]
    Ending(String),
    #[error("the chart is too tall for a .png; draw fewer rows with --top, or write it as .svg")]
    TooLarge,
    #[error("{path} could not be written: {cause}")]
    Write { path: String, cause: std::io::Error },
}

impl Form {
    /// By the ending of a file's name.
    pub fn of(path: &Path) -> Result<Self, ChartError> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            Some("csv") => Ok(Self::Csv),
            _ => Err(ChartError::Ending(path.display().to_string())),
        }
    }
}

/// The bytes of a chart.
pub fn write(chart: &Chart, form: Form, look: &Look) -> Result<Vec<u8>, ChartError> {
    match form {
        Form::Svg => Ok(svg(&layout(chart, look)).into_bytes()),
        Form::Png => {
            let picture = png::rasterised(&layout(chart, look), PNG_SCALE).ok_or(ChartError::TooLarge)?;
            png::encoded(picture.width, picture.height, &picture.rgb).ok_or(ChartError::TooLarge)
        }
        Form::Csv => Ok(csv::text(chart).into_bytes()),
    }
}

/// Writes a chart to a file, whole or not at all.
pub fn write_to(path: &Path, chart: &Chart, look: &Look) -> Result<(), ChartError> {
    let bytes = write(chart, Form::of(path)?, look)?;
    let failed = |cause| ChartError::Write { path: path.display().to_string(), cause };
    files::write_whole(path, failed, |out| out.write_all(&bytes).map_err(failed))
}
