//! A thread that carries out the newest request: one that waits gives way to the next.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

struct Slot<T> {
    request: Option<T>,
    ended: bool,
}

/// Asks the thread. Dropping it ends the thread after what was asked last, without waiting.
pub struct Newest<T> {
    slot: Arc<(Mutex<Slot<T>>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Newest<T> {
    /// Starts a thread of that name. Where the system gives none, requests are never answered.
    pub fn spawn(name: &str, mut work: impl FnMut(T) + Send + 'static) -> Self {
        let slot = Arc::new((Mutex::new(Slot { request: None, ended: false }), Condvar::new()));
        let inner = slot.clone();
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            while let Some(request) = next(&inner) {
                work(request);
            }
        });
        if let Err(error) = &spawned {
            tracing::error!("no thread for {name}: {error}");
        }
        Self { slot, thread: spawned.ok() }
    }

    pub fn ask(&self, request: T) {
        self.change(|waiting| *waiting = Some(request));
    }

    /// Changes the request that waits: for those of several parts, of which the newest of each counts.
    pub fn change(&self, change: impl FnOnce(&mut Option<T>)) {
        let (slot, changed) = &*self.slot;
        change(&mut slot.lock().unwrap_or_else(PoisonError::into_inner).request);
        changed.notify_one();
    }

    /// Waits until what was asked last is done.
    pub fn finish(mut self) {
        self.end();
        if let Some(thread) = self.thread.take() {
            // A panic there was told by whoever caught it, or by the default hook.
            let _ = thread.join();
        }
    }
}

impl<T> Newest<T> {
    fn end(&self) {
        let (slot, changed) = &*self.slot;
        slot.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        changed.notify_one();
    }
}

impl<T> Drop for Newest<T> {
    fn drop(&mut self) {
        self.end();
    }
}

fn next<T>((slot, changed): &(Mutex<Slot<T>>, Condvar)) -> Option<T> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Some(request) = slot.request.take() {
            return Some(request);
        }
        if slot.ended {
            return None;
        }
        slot = changed.wait(slot).unwrap_or_else(PoisonError::into_inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_request_is_carried_out_and_waiting_ones_give_way() {
        let (done, log) = crossbeam_channel::unbounded();
        let (go, gate) = crossbeam_channel::bounded::<()>(0);
        let newest = Newest::spawn("test", move |request: u32| {
            done.send(request).unwrap();
            gate.recv().unwrap();
        });
        newest.ask(0);
        assert_eq!(log.recv().unwrap(), 0);
        (1..=5).for_each(|request| newest.ask(request));
        go.send(()).unwrap();
        assert_eq!(log.recv().unwrap(), 5);
        newest.ask(6);
        go.send(()).unwrap();
        drop(std::thread::spawn(move || go.send(())));
        newest.finish();
        assert_eq!(log.try_iter().collect::<Vec<_>>(), [6]);
    }
}
