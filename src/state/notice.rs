//! What is told to the person in the corner of the window.

use super::State;

/// How grave a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Info,
    Warning,
    Error,
}

/// Something to tell the person, in the corner of the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub id: u64,
    pub level: Level,
    pub text: String,
}

impl State {
    /// Shows a notice.
    pub fn notify(&mut self, level: Level, text: impl Into<String>) {
        /// More would cover the window; the oldest of the least grave goes first.
        const CAP: usize = 5;
        let text = text.into();
        self.notices.retain(|notice| notice.text != text);
        if self.notices.len() >= CAP {
            let least = self.notices.iter().enumerate().min_by_key(|(at, notice)| (notice.level, *at));
            if let Some(at) = least.map(|(at, _)| at) {
                self.notices.remove(at);
            }
        }
        self.notices.push(Notice { id: self.next_notice, level, text });
        self.next_notice += 1;
    }
}
