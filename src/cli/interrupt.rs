//! What Ctrl+C does to a command that leaves something behind: the first one has it stop in good order, the
//! second one ends it at once. A request of the system to end counts as one, too.
//!
//! This file refuses to know what is stopped.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::jobs::Control;

/// How long an interruption may go unseen.
const LOOK: Duration = Duration::from_millis(20);

/// Set by the first signal, for the whole program.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// Whether a signal ends the program at once: until all is listened to, and from the first one on.
static ENDS: AtomicBool = AtomicBool::new(true);
/// The number of the signal that came last.
static SIGNAL: AtomicUsize = AtomicUsize::new(SIGINT as usize);

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

/// The exit status of what was interrupted: 128 and the number of the signal, as shells have it.
pub fn status() -> u8 {
    status_of(SIGNAL.load(Ordering::Relaxed))
}

fn status_of(signal: usize) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}

/// Listens from now on. Where the system does not let it, a signal ends the program as it does any other.
fn listen() {
    match [SIGINT, SIGTERM].into_iter().try_for_each(listen_to) {
        Ok(()) => ENDS.store(false, Ordering::SeqCst),
        Err(error) => tracing::warn!("interruptions are not seen: {error}"),
    }
}

fn listen_to(signal: i32) -> std::io::Result<()> {
    // In this order: the one that ends the program sees what an earlier signal has noted, and whoever sees that
    // there was one knows which.
    flag::register_conditional_shutdown(signal, 128 + signal, &ENDS)?;
    flag::register_usize(signal, &SIGNAL, signal as usize)?;
    flag::register(signal, &INTERRUPTED)?;
    flag::register(signal, &ENDS)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_status_tells_the_signal() {
        for (signal, status) in [(SIGINT, 130), (SIGTERM, 143), (i32::MAX, 255)] {
            assert_eq!(status_of(signal as usize), status);
        }
    }

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
