//! The history of edits: what can be undone and done again, within bounds.

use std::collections::VecDeque;

use super::Edit;

/// Effective edits in the order they were made, and how many of them are in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    edits: VecDeque<Edit>,
    done: usize,
    /// [`Edit::bytes`] of all edits.
    bytes: usize,
}

impl History {
    /// How many edits can be undone at most; the oldest are forgotten (they stay in force).
    pub const CAP: usize = 10_000;
    /// [`Edit::bytes`] of all edits at most, which is a million runs of samples. The newest edit can
    /// be undone however large it is.
    pub const CAP_BYTES: usize = 8 << 20;

    /// Puts a history together as the store kept it.
    pub fn from_parts(edits: Vec<Edit>, done: usize) -> Self {
        let done = done.min(edits.len());
        let bytes = edits.iter().map(Edit::bytes).sum();
        Self { edits: edits.into(), done, bytes }
    }

    /// Notes an effective edit that was just applied. What was undone before it is dropped.
    pub fn push(&mut self, edit: Edit) {
        self.push_within(edit, Self::CAP, Self::CAP_BYTES);
    }

    /// Notes an effective edit in place of the last one in force, which is part of it.
    pub fn replace(&mut self, edit: Edit) {
        self.undo();
        self.push(edit);
    }

    /// [`Self::push`] with other bounds.
    pub(crate) fn push_within(&mut self, edit: Edit, cap: usize, cap_bytes: usize) {
        self.forget_undone();
        self.bytes += edit.bytes();
        self.edits.push_back(edit);
        while self.edits.len() > 1 && (self.edits.len() > cap || self.bytes > cap_bytes) {
            self.bytes -= self.edits.pop_front().map_or(0, |oldest| oldest.bytes());
        }
        self.done = self.edits.len();
    }

    /// Steps back: the edit to apply to the overlay.
    pub fn undo(&mut self) -> Option<Edit> {
        self.done = self.done.checked_sub(1)?;
        Some(self.edits[self.done].inverse())
    }

    /// Steps forward: the edit to apply to the overlay.
    pub fn redo(&mut self) -> Option<Edit> {
        let edit = self.edits.get(self.done)?.clone();
        self.done += 1;
        Some(edit)
    }

    /// Drops what was undone.
    pub fn forget_undone(&mut self) {
        for undone in self.edits.drain(self.done..) {
            self.bytes -= undone.bytes();
        }
    }

    /// The edit that [`Self::undo`] would take back.
    pub fn next_undo(&self) -> Option<&Edit> {
        self.done.checked_sub(1).map(|at| &self.edits[at])
    }

    /// The edit that [`Self::redo`] would carry out again.
    pub fn next_redo(&self) -> Option<&Edit> {
        self.edits.get(self.done)
    }
}
