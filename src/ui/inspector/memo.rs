//! What the inspector works out once per sample rather than once per frame.

use crate::dataset::{IssueKind, SampleId};
use crate::state::{IssuesKey, Session};

/// Issues shown of one sample.
const MAX_ISSUES: usize = 50;
/// Issues looked through in one frame: a millisecond or two.
const PER_FRAME: usize = 200_000;

/// Remembered answers, and what they were answers to.
#[derive(Default)]
pub(super) struct Memo {
    of: Option<(SampleId, IssuesKey)>,
    /// Issues looked through so far.
    seen: usize,
    issues: Vec<(IssueKind, String)>,
}

impl Memo {
    /// Brings the answers nearer to what there is to say of the sample; tells whether they are
    /// there.
    pub fn refresh(&mut self, session: &Session, sample: SampleId) -> bool {
        let of = Some((sample, session.issues_key()));
        if self.of != of {
            *self = Self { of, ..Self::default() };
        }
        let all = &session.issues;
        // Most samples have none: nothing to look for.
        let is_done = session.snapshot.issues(sample) == 0 || self.issues.len() >= MAX_ISSUES;
        let end = if is_done { self.seen } else { all.len().min(self.seen + PER_FRAME) };
        let of_sample = all[self.seen..end].iter().filter(|issue| issue.sample == Some(sample));
        let room = MAX_ISSUES - self.issues.len();
        self.issues.extend(of_sample.take(room).map(|issue| (issue.kind, issue.message.clone())));
        self.seen = end;
        is_done || end == all.len()
    }

    /// What is wrong with the sample.
    pub fn issues(&self) -> &[(IssueKind, String)] {
        &self.issues
    }
}
