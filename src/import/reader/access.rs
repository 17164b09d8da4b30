//! Bytes that can be read anywhere: a file, a part of something else, memory, and streams that
//! can only be decompressed forwards, with the blocks read last kept in a bounded cache.
//!
//! It refuses to know datasets and formats.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::ReadAt;
use crate::jobs::{Cancelled, Control};

/// Bytes of decompressed streams that one [`BlockCache`] keeps in memory.
pub const MAX_CACHED_BYTES: usize = 512 << 20;

/// Bytes decompressed at a time.
const BLOCK_BYTES: usize = 1 << 20;

/// Memory that is taken on a size's word alone.
pub const MAX_TRUSTED_BYTES: u64 = 16 << 20;

/// Steps in which a compressed stream is read on, so that a long one can be cancelled.
const STEP_BYTES: u64 = 4 << 20;

/// `len` bytes from `offset` on. A size that lies takes no memory to speak of.
pub fn read_range(bytes: &dyn ReadAt, offset: u64, len: u64) -> io::Result<Vec<u8>> {
    let end = offset.checked_add(len).ok_or(io::ErrorKind::UnexpectedEof)?;
    if bytes.known_size().is_some_and(|size| end > size) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut content = Vec::new();
    let mut read = 0;
    while read < len {
        let step = (len - read).min(MAX_TRUSTED_BYTES);
        let room = usize::try_from(read + step).map_err(|_| io::ErrorKind::OutOfMemory)?;
        content.resize(room, 0);
        bytes.read_at(&mut content[read as usize..], offset + read)?;
        read += step;
    }
    Ok(content)
}

/// How many of the bytes before `end` are there, when those before `from` are known to be.
///
/// A compressed stream is read on for it, no further than to `end`.
pub fn bytes_before(bytes: &dyn ReadAt, from: u64, end: u64, control: &Control) -> Result<u64, Cancelled> {
    let mut at = from;
    while at < end {
        if let Some(size) = bytes.known_size() {
            return Ok(size.min(end));
        }
        control.checkpoint()?;
        at = end.min(at.saturating_add(STEP_BYTES));
        if bytes.read_at(&mut [0], at - 1).is_err() {
            // It came to its end, so that its size is known now.
            return Ok(bytes.size().min(end));
        }
    }
    Ok(end)
}

/// A file read at positions of its own, without a shared cursor.
#[derive(Debug)]
pub struct FileAt {
    file: File,
    size: u64,
}

impl FileAt {
    pub fn new(file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self { file, size })
    }
}

impl ReadAt for FileAt {
    fn size(&self) -> u64 {
        self.size
    }

    #[cfg(unix)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
        use std::os::windows::fs::FileExt;
        while !buffer.is_empty() {
            match self.file.seek_read(buffer, offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    buffer = &mut buffer[read..];
                    offset += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Bytes in memory.
#[derive(Debug)]
pub struct MemoryAt(pub Vec<u8>);

impl ReadAt for MemoryAt {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let end = start.checked_add(buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let part = self.0.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(part);
        Ok(())
    }
}

/// A part of other bytes: a stored entry of an archive.
pub struct PartAt {
    pub whole: Arc<dyn ReadAt>,
    pub offset: u64,
    pub len: u64,
}

impl ReadAt for PartAt {
    fn size(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64).ok_or(io::ErrorKind::UnexpectedEof)?;
        let start = self.offset.checked_add(offset).ok_or(io::ErrorKind::UnexpectedEof)?;
        if end > self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.whole.read_at(buffer, start)
    }
}

/// A position in bytes, as `Read` and `Seek`.
#[derive(Clone)]
pub struct Cursor {
    bytes: Arc<dyn ReadAt>,
    position: u64,
}

impl Cursor {
    pub fn new(bytes: Arc<dyn ReadAt>) -> Self {
        Self { bytes, position: 0 }
    }
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.bytes.size().saturating_sub(self.position);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        self.bytes.read_at(&mut buffer[..count], self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Cursor {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(step) => self.bytes.size().checked_add_signed(step),
            SeekFrom::Current(step) => self.position.checked_add_signed(step),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// The blocks of decompressed streams that were used last, at most `max_bytes` of them.
#[derive(Debug)]
pub struct BlockCache {
    max_bytes: usize,
    next_stream: AtomicU64,
    blocks: Mutex<Blocks>,
}

/// A stream's number and a block's number within it.
type Key = (u64, u64);

#[derive(Debug, Default)]
struct Blocks {
    /// Each block with when it was last used.
    by_key: HashMap<Key, (u64, Arc<[u8]>)>,
    by_use: BTreeMap<u64, Key>,
    uses: u64,
    bytes: usize,
}

impl BlockCache {
    pub fn new(max_bytes: usize) -> Self {
        Self { max_bytes, next_stream: AtomicU64::new(0), blocks: Mutex::default() }
    }

    fn get(&self, key: Key) -> Option<Arc<[u8]>> {
        let blocks = &mut *lock(&self.blocks);
        blocks.uses += 1;
        let (used, block) = blocks.by_key.get_mut(&key)?;
        blocks.by_use.remove(used);
        *used = blocks.uses;
        blocks.by_use.insert(blocks.uses, key);
        Some(block.clone())
    }

    fn put(&self, key: Key, block: Arc<[u8]>) {
        let blocks = &mut *lock(&self.blocks);
        blocks.uses += 1;
        blocks.bytes += block.len();
        if let Some((used, old)) = blocks.by_key.insert(key, (blocks.uses, block)) {
            blocks.by_use.remove(&used);
            blocks.bytes -= old.len();
        }
        blocks.by_use.insert(blocks.uses, key);
        while blocks.bytes > self.max_bytes
            && let Some((_, oldest)) = blocks.by_use.pop_first()
        {
            if let Some((_, block)) = blocks.by_key.remove(&oldest) {
                blocks.bytes -= block.len();
            }
        }
    }

    fn forget(&self, stream: u64) {
        let blocks = &mut *lock(&self.blocks);
        let Blocks { by_key, by_use, bytes, .. } = blocks;
        by_key.retain(|key, (used, block)| {
            if key.0 == stream {
                by_use.remove(used);
                *bytes -= block.len();
            }
            key.0 != stream
        });
    }
}

/// Starts a stream from its beginning.
type Restart = dyn Fn() -> Box<dyn Read + Send> + Send + Sync;

/// A stream that can only be read forwards, made readable anywhere: it goes on from where it
/// stands, keeps its blocks in a [`BlockCache`], and starts again only for a block that the cache
/// has given up. Memory is bounded by the cache, whatever the stream's length.
pub struct StreamAt {
    restart: Box<Restart>,
    cache: Arc<BlockCache>,
    stream: u64,
    /// Where the stream stands.
    head: Mutex<Head>,
    size: OnceLock<u64>,
}

struct Head {
    reader: Option<Box<dyn Read + Send>>,
    next_block: u64,
}

impl StreamAt {
    pub fn new(
        cache: Arc<BlockCache>,
        restart: impl Fn() -> Box<dyn Read + Send> + Send + Sync + 'static,
    ) -> Self {
        let stream = cache.next_stream.fetch_add(1, Ordering::Relaxed);
        let head = Mutex::new(Head { reader: None, next_block: 0 });
        Self { restart: Box::new(restart), cache, stream, head, size: OnceLock::new() }
    }

    /// A block of the stream; shorter than the others, or empty, at the end.
    fn block(&self, wanted: u64) -> io::Result<Arc<[u8]>> {
        if let Some(block) = self.cache.get((self.stream, wanted)) {
            return Ok(block);
        }
        let head = &mut *lock(&self.head);
        // Another thread may have read it while this one waited.
        if let Some(block) = self.cache.get((self.stream, wanted)) {
            return Ok(block);
        }
        if head.reader.is_none() || head.next_block > wanted {
            *head = Head { reader: Some((self.restart)()), next_block: 0 };
        }
        self.advance(head, wanted)
    }

    /// Reads on up to and including block `wanted`.
    fn advance(&self, head: &mut Head, wanted: u64) -> io::Result<Arc<[u8]>> {
        loop {
            let Some(reader) = &mut head.reader else { return Ok(Arc::from([])) };
            let mut block = Vec::with_capacity(BLOCK_BYTES);
            // A stream that breaks off ends there: what came before it can still be used.
            let broken = reader.take(BLOCK_BYTES as u64).read_to_end(&mut block).is_err();
            let number = head.next_block;
            if broken || block.len() < BLOCK_BYTES {
                // A repeated pass gives the same size.
                let _ = self.size.set(number * BLOCK_BYTES as u64 + block.len() as u64);
                *head = Head { reader: None, next_block: 0 };
            } else {
                head.next_block += 1;
            }
            let block: Arc<[u8]> = block.into();
            self.cache.put((self.stream, number), block.clone());
            if number == wanted {
                return Ok(block);
            }
            if head.reader.is_none() {
                return Ok(Arc::from([]));
            }
        }
    }
}

impl ReadAt for StreamAt {
    fn size(&self) -> u64 {
        if let Some(size) = self.size.get() {
            return *size;
        }
        let head = &mut *lock(&self.head);
        if head.reader.is_none() {
            *head = Head { reader: Some((self.restart)()), next_block: 0 };
        }
        // No stream has that many blocks: this reads to the end.
        let _ = self.advance(head, u64::MAX);
        self.size.get().copied().unwrap_or(0)
    }

    fn known_size(&self) -> Option<u64> {
        self.size.get().copied()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let mut filled = 0;
        while filled < buffer.len() {
            let at = offset.checked_add(filled as u64).ok_or(io::ErrorKind::UnexpectedEof)?;
            if self.size.get().is_some_and(|size| at >= *size) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let block = self.block(at / BLOCK_BYTES as u64)?;
            let start = (at % BLOCK_BYTES as u64) as usize;
            let part = block.get(start..).unwrap_or_default();
            let count = part.len().min(buffer.len() - filled);
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buffer[filled..filled + count].copy_from_slice(&part[..count]);
            filled += count;
        }
        Ok(())
    }
}

impl Drop for StreamAt {
    fn drop(&mut self) {
        self.cache.forget(self.stream);
    }
}

/// Locks, going on with the value that a panicking thread left: each holds data that is whole
/// after every statement.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    fn pattern(len: usize) -> Vec<u8> {
        (0..len).map(|at| (at * 7 + at / 251) as u8).collect()
    }

    #[test]
    fn a_stream_reads_anywhere_within_a_small_cache() {
        let content = pattern(5 * BLOCK_BYTES / 2);
        let starts = Arc::new(AtomicUsize::new(0));
        let (source, counted) = (content.clone(), starts.clone());
        let stream = StreamAt::new(Arc::new(BlockCache::new(BLOCK_BYTES)), move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Box::new(io::Cursor::new(source.clone()))
        });
        for (offset, len) in [(0, 10), (BLOCK_BYTES - 5, 10), (2 * BLOCK_BYTES, BLOCK_BYTES / 2), (3, 4)] {
            let mut buffer = vec![0; len];
            stream.read_at(&mut buffer, offset as u64).unwrap();
            assert_eq!(buffer, content[offset..offset + len], "{offset}");
        }
        assert_eq!(stream.size(), content.len() as u64);
        assert!(stream.read_at(&mut [0; 2], content.len() as u64 - 1).is_err());
        assert!(stream.read_at(&mut [0; 1], u64::MAX).is_err());
        assert!(starts.load(Ordering::Relaxed) <= 4, "it goes on where it stands");
        assert!(lock(&stream.cache.blocks).bytes <= BLOCK_BYTES);
    }

    #[test]
    fn a_stream_is_read_no_further_than_is_asked() {
        struct Endless;
        impl Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                buffer.fill(7);
                Ok(buffer.len())
            }
        }
        let endless = StreamAt::new(Arc::new(BlockCache::new(BLOCK_BYTES)), || Box::new(Endless));
        let control = Control::new();
        assert_eq!(bytes_before(&endless, 0, 9_000_000, &control), Ok(9_000_000));
        assert_eq!(read_range(&endless, 9_000_000, 3).unwrap(), [7; 3]);
        control.cancel();
        assert_eq!(bytes_before(&endless, 0, u64::MAX, &control), Err(Cancelled));

        let content = pattern(BLOCK_BYTES + 5);
        let short = StreamAt::new(Arc::new(BlockCache::new(BLOCK_BYTES)), move || {
            Box::new(io::Cursor::new(content.clone()))
        });
        let there = |end| bytes_before(&short, 0, end, &Control::new()).unwrap();
        assert_eq!((there(9), there(u64::MAX), there(9)), (9, BLOCK_BYTES as u64 + 5, 9));
        assert!(read_range(&short, 0, u64::MAX).is_err(), "and no memory is taken for it");
        assert!(read_range(&MemoryAt(vec![7; 10]), 4, 7).is_err());
        assert_eq!(read_range(&MemoryAt(vec![7; 10]), 4, 6).unwrap(), [7; 6]);
    }

    #[test]
    fn a_broken_stream_gives_what_came_before() {
        struct Broken(usize);
        impl Read for Broken {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let count = self.0.min(buffer.len());
                self.0 -= count;
                if count == 0 { Err(io::ErrorKind::InvalidData.into()) } else { Ok(count) }
            }
        }
        let stream = StreamAt::new(Arc::new(BlockCache::new(1 << 30)), || Box::new(Broken(100)));
        assert_eq!(stream.size(), 100);
        assert!(stream.read_at(&mut [0; 100], 0).is_ok());
        assert!(stream.read_at(&mut [0; 101], 0).is_err());
    }

    #[test]
    fn parts_and_memory_refuse_what_is_outside() {
        let whole: Arc<dyn ReadAt> = Arc::new(MemoryAt(pattern(100)));
        let part = PartAt { whole: whole.clone(), offset: 90, len: 10 };
        let mut buffer = [0; 4];
        for (offset, fits) in [(0, true), (6, true), (7, false), (u64::MAX, false)] {
            assert_eq!(part.read_at(&mut buffer, offset).is_ok(), fits, "{offset}");
            assert_eq!(whole.read_at(&mut buffer, offset.saturating_add(90)).is_ok(), fits, "{offset}");
        }
        let mut text = Vec::new();
        let mut cursor = Cursor::new(whole);
        cursor.seek(SeekFrom::End(-3)).unwrap();
        cursor.read_to_end(&mut text).unwrap();
        assert_eq!(text, pattern(100)[97..]);
    }
}
