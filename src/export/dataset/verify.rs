//! Reading every exported file again: a copy is compared with the hash that was taken when it was
//! written, a link has to lead to its source.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::copy::hash_of;
use super::draft::From;
use super::state::{Entry, How, path_of};
use super::write::{Failure, Writing, threads};
use crate::export::target::is_same_file;
use crate::import::reader::access::lock;
use crate::jobs::{Cancelled, step_back};

/// Gives the numbers of the files that are not what was written, ascending.
pub fn verify(writing: &Writing<'_>, entries: &[Option<Entry>]) -> Result<Vec<usize>, Cancelled> {
    let next = AtomicUsize::new(0);
    let differing = Mutex::new(Vec::new());
    let work = || -> Result<(), Cancelled> {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(entry) = entries.get(at) else { return Ok(()) };
            writing.control.checkpoint()?;
            if let Some(entry) = entry
                && !is_whole(writing, at, entry)?
            {
                lock(&differing).push(at);
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads())
            .map_while(|number| {
                let work = || {
                    step_back();
                    work()
                };
                std::thread::Builder::new().name(format!("verify-{number}")).spawn_scoped(scope, work).ok()
            })
            .collect();
        if workers.is_empty() {
            // No thread could be had: do it here.
            return work();
        }
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(ended) => ended,
            Err(cause) => std::panic::resume_unwind(cause),
        })
    })?;
    let mut differing = std::mem::take(&mut *lock(&differing));
    differing.sort_unstable();
    Ok(differing)
}

fn is_whole(writing: &Writing<'_>, at: usize, entry: &Entry) -> Result<bool, Cancelled> {
    let output = &writing.draft.outputs[at];
    let path = writing.folder.root().join(path_of(output));
    if matches!(entry.how, How::HardLinked | How::SymLinked) {
        writing.control.add(entry.bytes);
        let From::Sample(sample) = output.from else { return Ok(false) };
        let source = writing.draft.file_of(writing.work.reader, sample);
        return Ok(source.is_some_and(|source| is_same_file(&path, &source)));
    }
    // A link in a copy's place is none of ours.
    if path.symlink_metadata().is_ok_and(|about| about.is_symlink()) {
        return Ok(false);
    }
    match hash_of(&path, writing.control) {
        Ok((bytes, hash)) => Ok(bytes == entry.bytes && entry.hash == Some(hash)),
        Err(Failure::Cancelled) => Err(Cancelled),
        Err(_) => Ok(false),
    }
}
