//! A dataset opened, measured, analysed and judged by the functions that the commands call.

use std::path::Path;
use std::sync::Mutex;

use lenslet::dataset::Facts;
use lenslet::dataset::query::Snapshot;
use lenslet::import::{self, dataset_reader};
use lenslet::jobs::Control;
use lenslet::pipeline::analyse::{Options, Subject, analyse};
use lenslet::pipeline::{cores, measure};
use lenslet::review::{Analysed, Judged, ReviewSettings, judge};

/// A dataset that was listed and measured.
pub struct Opened {
    pub snapshot: Snapshot,
}

impl Opened {
    pub fn at(folder: &Path) -> Self {
        let control = Control::new();
        let path = folder.to_str().expect("temporary folders are named in UTF-8");
        let imported = import::open(path, &control).expect("the folder can be opened");
        let facts = Facts::new(imported.dataset.len());
        let snapshot = Snapshot::new(imported.dataset.into(), &imported.issues, facts, Default::default());
        let reader = dataset_reader(&snapshot.dataset);
        let found = Mutex::new(snapshot.facts.clone());
        measure(&snapshot, &reader, None, cores(), &control, &|facts, _| {
            found.lock().expect("no thread panics").learn(&facts);
        })
        .expect("nobody cancels it");
        let facts = found.into_inner().expect("no thread panics");
        Self { snapshot: snapshot.with(facts, snapshot.marks.clone()) }
    }

    /// What an analysis finds, judged by the thresholds that nobody moved.
    pub fn judged(&self, options: Options) -> (Analysed, Judged) {
        let reader = dataset_reader(&self.snapshot.dataset);
        let snapshot = &self.snapshot;
        let subject = Subject { snapshot, issues: &[], reader: &reader, project: None, before: None };
        let ended = analyse(subject, options, cores(), &Control::new()).expect("nobody cancels it");
        let Options { method, symmetries } = options;
        let settings = ReviewSettings { method, symmetries, ..ReviewSettings::default() };
        let judged = judge(&self.snapshot, &ended.analysed, &settings);
        (ended.analysed, judged)
    }
}
