//! Background work: spawn, progress, pause, cancel, outcome.
//!
//! A job is a closure on a named thread that reports through a [`Control`] and asks it at every
//! step whether to go on. This room knows nothing of what the work is about.

mod newest;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

pub use newest::Newest;

/// The work was cancelled; whoever sees this stops and passes it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// How far a job has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub done: u64,
    /// 0 while the amount of work is unknown.
    pub total: u64,
    /// What it is doing now: "Reading shard-0003.tar".
    pub stage: String,
}

impl Progress {
    /// The part that is done, 0 to 1, or `None` while the total is unknown.
    pub fn fraction(&self) -> Option<f32> {
        (self.total > 0).then(|| (self.done as f64 / self.total as f64).min(1.0) as f32)
    }
}

#[derive(Debug, Default)]
struct Counted {
    done: AtomicU64,
    total: AtomicU64,
    stage: Mutex<String>,
}

#[derive(Debug, Default)]
struct Steered {
    cancelled: AtomicBool,
    paused: Mutex<bool>,
    resumed: Condvar,
}

/// The shared end of a job: the worker reports and asks, the owner looks and steers.
#[derive(Clone, Debug, Default)]
pub struct Control {
    counted: Arc<Counted>,
    steered: Arc<Steered>,
}

impl Control {
    pub fn new() -> Self {
        Self::default()
    }

    /// One that is paused and cancelled with this one, and counts for itself: for work beside that which is
    /// counted.
    pub fn uncounted(&self) -> Self {
        Self { counted: Arc::default(), steered: self.steered.clone() }
    }

    /// Waits while the job is paused; an error once it was cancelled. Call it at every step, on a thread of the
    /// job's own: one that others share asks [`go_on`](Self::go_on).
    pub fn checkpoint(&self) -> Result<(), Cancelled> {
        let mut paused = lock(&self.steered.paused);
        while *paused && !self.is_cancelled() {
            let waited = self.steered.resumed.wait_timeout(paused, Duration::from_millis(250));
            paused = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        self.go_on()
    }

    /// An error once the job was cancelled, without waiting: for the threads that all jobs and the window share,
    /// which a job that is paused must leave to others. The job's own thread waits between two pieces of such
    /// work.
    pub fn go_on(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// Begins a stage of `total` steps, none of them done; 0 where their number is unknown.
    pub fn begin(&self, stage: impl Into<String>, total: u64) {
        let mut known = lock(&self.counted.stage);
        // The steps done of the stage before must not count against this one's total.
        self.counted.total.store(0, Ordering::Relaxed);
        self.counted.done.store(0, Ordering::Relaxed);
        self.counted.total.store(total, Ordering::Relaxed);
        *known = stage.into();
    }

    pub fn add(&self, steps: u64) {
        self.counted.done.fetch_add(steps, Ordering::Relaxed);
    }

    pub fn set_done(&self, done: u64) {
        self.counted.done.store(done, Ordering::Relaxed);
    }

    pub fn set_total(&self, total: u64) {
        self.counted.total.store(total, Ordering::Relaxed);
    }

    /// Says what is done now, within the same steps.
    pub fn set_stage(&self, stage: impl Into<String>) {
        *lock(&self.counted.stage) = stage.into();
    }

    pub fn progress(&self) -> Progress {
        Progress {
            done: self.counted.done.load(Ordering::Relaxed),
            total: self.counted.total.load(Ordering::Relaxed),
            stage: lock(&self.counted.stage).clone(),
        }
    }

    pub fn cancel(&self) {
        self.steered.cancelled.store(true, Ordering::Relaxed);
        self.steered.resumed.notify_all();
    }

    pub fn is_cancelled(&self) -> bool {
        self.steered.cancelled.load(Ordering::Relaxed)
    }

    pub fn set_paused(&self, pause: bool) {
        *lock(&self.steered.paused) = pause;
        self.steered.resumed.notify_all();
    }

    pub fn is_paused(&self) -> bool {
        *lock(&self.steered.paused)
    }
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    Done(T),
    Cancelled,
    /// The work panicked: our bug. The message of the panic.
    Panicked(String),
}

/// A running job. Dropping it cancels the work and does not wait for it.
#[derive(Debug)]
pub struct Job<T> {
    control: Control,
    thread: Option<JoinHandle<Outcome<T>>>,
}

impl<T: Send + 'static> Job<T> {
    /// Starts `work` on a thread of that name. `wake` is called when it has ended.
    pub fn spawn(
        name: &str,
        wake: impl FnOnce() + Send + 'static,
        work: impl FnOnce(&Control) -> Result<T, Cancelled> + Send + 'static,
    ) -> std::io::Result<Self> {
        let control = Control::new();
        let inner = control.clone();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let outcome = run(|| work(&inner));
            wake();
            outcome
        })?;
        Ok(Self { control, thread: Some(thread) })
    }

    pub fn control(&self) -> &Control {
        &self.control
    }

    /// The outcome, once, when the work has ended.
    pub fn poll(&mut self) -> Option<Outcome<T>> {
        if !self.thread.as_ref()?.is_finished() {
            return None;
        }
        self.wait()
    }

    /// Waits for the outcome; `None` when it was taken before.
    pub fn wait(&mut self) -> Option<Outcome<T>> {
        let ended = self.thread.take()?.join();
        Some(ended.unwrap_or_else(|cause| Outcome::Panicked(panic_message(&*cause))))
    }
}

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        self.control.cancel();
    }
}

/// Lets every other thread go before this one when there are more than processors: for work on all
/// cores beside an interface. Where the system has no such thing it does nothing.
pub fn step_back() {
    #[cfg(target_os = "linux")]
    {
        // On Linux the number of a thread stands for that thread alone.
        let thread = rustix::thread::gettid();
        if let Err(error) = rustix::process::setpriority_process(Some(thread), 10) {
            tracing::debug!("a thread keeps its priority: {error}");
        }
    }
}

/// Runs `work` here and turns a panic into an outcome.
pub fn run<T>(work: impl FnOnce() -> Result<T, Cancelled>) -> Outcome<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Outcome::Done(value),
        Ok(Err(Cancelled)) => Outcome::Cancelled,
        Err(cause) => Outcome::Panicked(panic_message(&*cause)),
    }
}

/// The text of a caught panic.
pub fn panic_message(cause: &(dyn std::any::Any + Send)) -> String {
    cause
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| cause.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown cause".to_owned())
}

/// Locks, going on with the value that a panicking thread left: each holds plain data that is
/// whole after every statement.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_reports_and_ends_with_its_value() {
        let mut job = Job::spawn(
            "count",
            || {},
            |control| {
                control.set_total(3);
                for _ in 0..3 {
                    control.checkpoint()?;
                    control.add(1);
                }
                Ok(7)
            },
        )
        .unwrap();
        assert_eq!(job.wait(), Some(Outcome::Done(7)));
        assert_eq!(job.control().progress().fraction(), Some(1.0));
        assert_eq!(job.wait(), None, "an outcome is taken once");
    }

    #[test]
    fn a_stage_begins_with_nothing_done() {
        let control = Control::new();
        control.begin("Listing", 0);
        control.add(5000);
        assert_eq!(control.progress().fraction(), None);
        control.begin("Reading", 3000);
        assert_eq!(control.progress(), Progress { done: 0, total: 3000, stage: "Reading".into() });
        control.add(1500);
        control.set_stage("Reading on");
        assert_eq!(control.progress().fraction(), Some(0.5));
    }

    #[test]
    fn a_paused_job_can_be_cancelled() {
        let control = Control::new();
        control.set_paused(true);
        let inner = control.clone();
        let worker = std::thread::spawn(move || inner.checkpoint());
        control.cancel();
        assert_eq!(worker.join().unwrap(), Err(Cancelled));
    }

    #[test]
    fn what_others_share_never_waits_for_a_paused_job() {
        let control = Control::new();
        control.set_paused(true);
        assert_eq!(control.go_on(), Ok(()));
        control.cancel();
        assert_eq!(control.go_on(), Err(Cancelled));
    }

    #[test]
    fn work_beside_is_steered_and_not_counted() {
        let control = Control::new();
        control.begin("Counting", 3);
        let beside = control.uncounted();
        beside.add(2);
        assert_eq!((control.progress().done, beside.checkpoint()), (0, Ok(())));
        control.cancel();
        assert_eq!(beside.checkpoint(), Err(Cancelled));
    }

    #[test]
    fn a_panic_is_an_outcome_with_its_message() {
        let outcome: Outcome<()> = run(|| panic!("row {} is odd", 3));
        assert_eq!(outcome, Outcome::Panicked("row 3 is odd".into()));
    }
}
