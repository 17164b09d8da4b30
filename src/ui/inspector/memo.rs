//! What the inspector works out once per sample rather than once per frame.

use std::sync::Arc;

use crate::dataset::{IssueKind, SampleId};
use crate::state::Session;

/// Issues shown of one sample.
const MAX_ISSUES: usize = 50;

/// Remembered answers, and what they were answers to.
#[derive(Default)]
pub(super) struct Memo {
    /// The sample, the dataset's address, and how many issues were looked through.
    issues_key: (SampleId, usize, usize),
    issues: Vec<(IssueKind, String)>,
}

impl Memo {
    /// Brings the answers up to date.
    pub fn refresh(&mut self, session: &Session, sample: SampleId) {
        self.refresh_issues(session, sample);
    }

    /// What is wrong with the sample.
    pub fn issues(&self) -> &[(IssueKind, String)] {
        &self.issues
    }

    /// Issues are only added while a dataset stays the same, so only new ones are looked through.
    fn refresh_issues(&mut self, session: &Session, sample: SampleId) {
        let dataset = Arc::as_ptr(session.dataset()) as usize;
        let (known_sample, known_dataset, looked_through) = self.issues_key;
        let len = session.issues.len();
        let same = known_sample == sample && known_dataset == dataset && looked_through <= len;
        if !same {
            self.issues.clear();
        }
        let new = &session.issues[if same { looked_through } else { 0 }..];
        let room = MAX_ISSUES.saturating_sub(self.issues.len());
        let of_sample = new.iter().filter(|issue| issue.sample == Some(sample)).take(room);
        self.issues.extend(of_sample.map(|issue| (issue.kind, issue.message.clone())));
        self.issues_key = (sample, dataset, len);
    }
}
