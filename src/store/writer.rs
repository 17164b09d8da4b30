//! The thread that keeps edits, so that the interface never waits for a disk.
//!
//! [`JournalWriter::submit`] puts an operation in a queue and gives a [`Ticket`]; it is durable once
//! [`JournalWriter::durable_through`] has reached the ticket, and only then may it be shown as
//! saved. What waits goes into one transaction. When a transaction fails (the disk is full) its
//! operations are kept and tried again until they are through or the writer is closed: as long as
//! the program runs, nothing is lost.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, Sender, TrySendError};

use super::error::StoreError;
use super::journal::{Entry, Journal, JournalOp};
use crate::jobs::panic_message;

/// How many operations may wait: far more than a person makes while a disk is slow.
pub const QUEUE: usize = 8192;
/// Operations in one transaction at most.
const BATCH: usize = 256;
/// Time between two tries of a transaction that failed.
const RETRY: Duration = Duration::from_secs(2);

/// The number of an operation; later ones are larger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// Keeps operations in the order in which they are submitted. Dropping it waits for what was
/// submitted, with one try where the disk does not take it.
#[derive(Debug)]
pub struct JournalWriter {
    shared: Arc<Shared>,
    /// `None` once closed.
    queue: Mutex<Queue>,
    thread: Option<JoinHandle<()>>,
    path: PathBuf,
}

#[derive(Debug)]
struct Queue {
    sender: Option<Sender<Box<Entry>>>,
    submitted: u64,
    person: Arc<str>,
}

#[derive(Debug, Default)]
struct Shared {
    status: Mutex<Status>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Status {
    durable: u64,
    problem: Option<Arc<StoreError>>,
    closing: bool,
    ended: bool,
}

impl JournalWriter {
    /// Starts the thread. `person` is noted with each edit; `wake` is called whenever something
    /// became durable or failed, from the thread.
    pub fn spawn(
        journal: Journal,
        person: &str,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Self, StoreError> {
        journal.check_writable()?;
        let path = journal.path().to_owned();
        let (sender, receiver) = crossbeam_channel::bounded(QUEUE);
        let shared = Arc::new(Shared::default());
        let inner = shared.clone();
        let file = path.clone();
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || {
                let ran = catch_unwind(AssertUnwindSafe(|| run(journal, &receiver, &inner, &wake)));
                let mut status = inner.lock();
                status.ended = true;
                if let Err(cause) = ran {
                    let why = panic_message(&*cause);
                    status.problem = Some(Arc::new(StoreError::WriterStopped { path: file, why }));
                }
                drop(status);
                inner.changed.notify_all();
                wake();
            })
            .map_err(|cause| StoreError::io(&path, cause))?;
        let queue = Mutex::new(Queue { sender: Some(sender), submitted: 0, person: person.into() });
        Ok(Self { shared, queue, thread: Some(thread), path })
    }

    /// Queues an operation, without waiting. Where the disk has not taken anything for so long
    /// that the queue is full, it is refused: then the edit must not be made either.
    pub fn submit(&self, op: JournalOp) -> Result<Ticket, StoreError> {
        let mut queue = self.queue();
        let entry = Box::new(Entry { op, time_ms: now_ms(), person: queue.person.clone() });
        let sent = queue.sender.as_ref().map(|sender| sender.try_send(entry));
        match sent {
            Some(Ok(())) => {
                queue.submitted += 1;
                Ok(Ticket(queue.submitted))
            }
            Some(Err(TrySendError::Full(_))) => {
                Err(StoreError::QueueFull { path: self.path.clone(), waiting: QUEUE })
            }
            Some(Err(TrySendError::Disconnected(_))) | None => {
                let why = self.problem().map_or_else(|| "closed".to_owned(), |problem| problem.to_string());
                Err(StoreError::WriterStopped { path: self.path.clone(), why })
            }
        }
    }

    /// Names the person whose edits follow.
    pub fn set_person(&self, person: &str) {
        self.queue().person = person.into();
    }

    /// The largest ticket that is on the disk with all before it; 0 at first.
    pub fn durable_through(&self) -> Ticket {
        Ticket(self.shared.lock().durable)
    }

    /// The last ticket that was given out; 0 at first. Everything is saved when it is durable.
    pub fn submitted(&self) -> Ticket {
        Ticket(self.queue().submitted)
    }

    /// Why what waits is not on the disk yet, for as long as that is so.
    pub fn problem(&self) -> Option<Arc<StoreError>> {
        self.shared.lock().problem.clone()
    }

    /// Waits until a ticket is durable; gives up with the problem when there is one.
    pub fn wait(&self, ticket: Ticket) -> Result<(), Arc<StoreError>> {
        let mut status = self.shared.lock();
        loop {
            if status.durable >= ticket.0 {
                return Ok(());
            }
            if let Some(problem) = &status.problem {
                return Err(problem.clone());
            }
            if status.ended {
                let why = "closed".to_owned();
                return Err(Arc::new(StoreError::WriterStopped { path: self.path.clone(), why }));
            }
            status = self.shared.changed.wait(status).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for everything that was submitted and ends the thread. An error when something could
    /// not be kept.
    pub fn close(mut self) -> Result<(), Arc<StoreError>> {
        self.end();
        self.wait(self.submitted())
    }

    fn end(&mut self) {
        self.queue().sender = None;
        self.shared.lock().closing = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread is in the status.
            let _ = thread.join();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for JournalWriter {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread: until the queue is closed and empty.
fn run(mut journal: Journal, queue: &Receiver<Box<Entry>>, shared: &Shared, wake: &impl Fn()) {
    while let Ok(first) = queue.recv() {
        let mut batch = vec![*first];
        batch.extend(queue.try_iter().take(BATCH - 1).map(|entry| *entry));
        loop {
            // Asked before the try, so that closing gives a failing batch one try more.
            let closing = shared.lock().closing;
            let kept = journal.commit(&batch);
            let mut status = shared.lock();
            let through = kept.is_ok();
            status.problem = match kept {
                Ok(()) => {
                    status.durable += batch.len() as u64;
                    None
                }
                Err(cause) => {
                    tracing::warn!("edits wait to be kept: {cause}");
                    Some(Arc::new(cause))
                }
            };
            drop(status);
            shared.changed.notify_all();
            wake();
            if through {
                break;
            }
            if closing {
                return;
            }
            let status = shared.lock();
            let waited = shared.changed.wait_timeout_while(status, RETRY, |status| !status.closing);
            drop(waited);
        }
    }
}

/// Milliseconds since the Unix epoch; 0 on a clock before it.
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
