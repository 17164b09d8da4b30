//! The memory that decoders of the whole program share, counted in bytes.
//!
//! Each large decode takes its share before its memory and gives it back when its picture is done
//! with. Shares that do not fit together wait for each other, in the order in which they were asked
//! for; one that is larger than everything there is goes ahead alone. A thread that holds a share
//! must not ask for another.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Bytes that all counted decodes take together, unless a single one takes more.
const TOTAL: u64 = 2 << 30;

/// Smaller decodes, which are nearly all, are not counted: on 64 threads they take 1 GiB.
const UNCOUNTED: u64 = 16 << 20;

static BUDGET: Budget = Budget::new(TOTAL);

/// Waits until a decode may take so many bytes.
pub(super) fn take(bytes: u64) -> Share {
    BUDGET.take(if bytes < UNCOUNTED { 0 } else { bytes })
}

/// Bytes that a decode may take for as long as this lives.
#[derive(Debug)]
pub(super) struct Share {
    budget: &'static Budget,
    bytes: u64,
}

#[derive(Debug)]
struct Budget {
    total: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    taken: u64,
    /// The number of the next one to ask.
    next: u64,
    /// The number of the one whose turn it is.
    turn: u64,
}

impl Budget {
    const fn new(total: u64) -> Self {
        let state = State { taken: 0, next: 0, turn: 0 };
        Self { total, state: Mutex::new(state), changed: Condvar::new() }
    }

    fn take(&'static self, bytes: u64) -> Share {
        if bytes > 0 {
            let mut state = self.lock();
            let number = state.next;
            state.next += 1;
            let fits = |state: &State| state.taken == 0 || state.taken.saturating_add(bytes) <= self.total;
            while state.turn != number || !fits(&state) {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.taken = state.taken.saturating_add(bytes);
            state.turn += 1;
            drop(state);
            self.changed.notify_all();
        }
        Share { budget: self, bytes }
    }

    /// Nothing that can panic is done under the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.bytes > 0 {
            let mut state = self.budget.lock();
            state.taken = state.taken.saturating_sub(self.bytes);
            drop(state);
            self.budget.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn shares_wait_for_each_other_and_a_large_one_goes_alone() {
        static BUDGET: Budget = Budget::new(5);
        let (taken, most, alone) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8u64 {
                let (taken, most, alone) = (&taken, &most, &alone);
                scope.spawn(move || {
                    for round in 0..50u64 {
                        let bytes = if (thread + round).is_multiple_of(7) { 9 } else { 1 + round % 3 };
                        let share = BUDGET.take(bytes);
                        let now = taken.fetch_add(bytes, Ordering::SeqCst) + bytes;
                        if bytes == 9 {
                            assert_eq!(now, 9, "a large one is not alone");
                            alone.fetch_add(1, Ordering::SeqCst);
                        } else {
                            most.fetch_max(now, Ordering::SeqCst);
                        }
                        std::thread::yield_now();
                        taken.fetch_sub(bytes, Ordering::SeqCst);
                        drop(share);
                    }
                });
            }
        });
        let state = BUDGET.lock();
        assert_eq!((state.taken, state.next, state.turn), (0, 400, 400));
        assert!(most.load(Ordering::SeqCst) <= 5 && alone.load(Ordering::SeqCst) > 0);
    }

    #[test]
    fn small_decodes_are_not_counted() {
        assert_eq!(take(UNCOUNTED - 1).bytes, 0);
        assert_eq!(take(UNCOUNTED).bytes, UNCOUNTED);
    }
}
