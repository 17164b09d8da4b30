//! Progress on stderr, on a terminal only.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::jobs::Control;

/// Shows a job's progress until it is dropped. Where stderr is no terminal it does nothing.
pub struct Meter {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Meter {
    pub fn start(control: &Control) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        if !std::io::stderr().is_terminal() {
            return Self { ended, thread: None };
        }
        let (control, stop) = (control.clone(), ended.clone());
        let thread = std::thread::Builder::new().name("progress".to_owned()).spawn(move || {
            let bar = ProgressBar::new(0);
            let style = ProgressStyle::with_template("{msg:28!} {wide_bar} {human_pos}/{human_len} {eta}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            while !stop.load(Ordering::Relaxed) {
                let progress = control.progress();
                bar.set_length(progress.total);
                bar.set_position(progress.done);
                bar.set_message(progress.stage);
                std::thread::sleep(Duration::from_millis(80));
            }
            bar.finish_and_clear();
        });
        // Without a thread there is no bar, and the work goes on.
        Self { ended, thread: thread.ok() }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // The thread only draws: its panic is not worth ending the work for.
            let _ = thread.join();
        }
    }
}
