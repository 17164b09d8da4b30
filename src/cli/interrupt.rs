//! What Ctrl+C does to a command that leaves something behind: the first one has it stop in good order, the
//! second one ends it at once. A request of the system to end counts as one, too.
//!
//! This file refuses to know what is stopped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::jobs::Control;

/// The exit status of what was interrupted: 128 and the number of the signal, as shells have it.
pub const STATUS: u8 = 128 + 2;

/// How long an interruption may go unseen.
const LOOK: Duration = Duration::from_millis(20);

/// Set by the first signal, for the whole program.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What was interrupted and kept what it had: a sentence that says so.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Interrupted(pub String);

/// Cancels a job once there is an interruption, until this is dropped.
pub struct Watch {
    ended: Arc<AtomicBool>,
}

impl Watch {
    pub fn start(control: &Control) -> Self {
        static LISTENS: Once = Once::new();
        LISTENS.call_once(listen);
        Self::over(&INTERRUPTED, control)
    }

    fn over(interrupted: &'static AtomicBool, control: &Control) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let (control, stop) = (control.clone(), ended.clone());
        let watch = move || {
            while !stop.load(Ordering::Relaxed) {
                if interrupted.load(Ordering::Relaxed) {
                    return control.cancel();
                }
                std::thread::sleep(LOOK);
            }
        };
        // Without a thread the first Ctrl+C does nothing, and the second one ends all.
        if let Err(error) = std::thread::Builder::new().name("interrupt".to_owned()).spawn(watch) {
            tracing::warn!("no thread for interruptions: {error}");
        }
        Self { ended }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

/// Whether there was an interruption.
pub fn happened() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Listens from now on. Where the system does not let it, Ctrl+C ends the program as it does any other.
fn listen() {
    for signal in [SIGINT, SIGTERM] {
        // In this order: the one that ends the program sees what an earlier signal has noted.
        let listens = flag::register_conditional_shutdown(signal, 128 + signal, &INTERRUPTED)
            .and_then(|_| flag::register(signal, &INTERRUPTED));
        if let Err(error) = listens {
            tracing::warn!("interruptions are not seen: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn an_interruption_cancels_what_is_watched_soon_and_nothing_else() {
        static FLAG: AtomicBool = AtomicBool::new(false);
        let (watched, let_go) = (Control::new(), Control::new());
        let _watch = Watch::over(&FLAG, &watched);
        drop(Watch::over(&FLAG, &let_go));
        std::thread::sleep(4 * LOOK);
        assert!(!watched.is_cancelled());
        FLAG.store(true, Ordering::Relaxed);
        let began = Instant::now();
        while !watched.is_cancelled() {
            assert!(began.elapsed() < Duration::from_secs(5), "it is never seen");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(!let_go.is_cancelled());
    }
}
