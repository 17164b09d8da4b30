//! The stages of augmentation plans on the graphics device, for many pictures at once: what a live preview
//! shows never leaves it.
//!
//! ```text
//! &[Raster] ─upload─▶ Tiles ─┬─▶ Augmenter::run(jobs) ─▶ Tiles ─▶ a render pipeline, or read_back
//!                  stages ───┘
//! ```
//!
//! `program` and `stages` turn stages into steps, of which as few as can be go through memory; the
//! shaders in `shaders/augment` do them, all tiles at once. What they give is within 2/255 of
//! [`crate::augment::cpu`], but for the odd pixel where a rounding goes the other way and something strong
//! comes after: values that are looked up, moved or painted are the same. What cannot be done here is
//! answered with `None`, and is for the processor: tiles of over 2²² pixels, more tiles than the device binds
//! memory for, medians over 241 pixels wide, a partner of another size.
//!
//! This file refuses to know pipelines and the user interface.

mod jpeg;
mod program;
mod resize;
mod stages;
mod veil;

use std::collections::HashMap;
use std::sync::Arc;

use wgpu::util::DeviceExt;

pub use self::program::Fusing;
use self::program::{Dispatch, Entry, Kind, Program};
use super::{bytes_of, or_warned};
use crate::augment::stage::{Size, Stage};
use crate::media::Raster;

/// Tables from the statistics of tiles.
pub const STATISTICS: &str = concat!(
    include_str!("../../shaders/augment/tiles.wgsl"),
    include_str!("../../shaders/augment/statistics.wgsl")
);

/// JPEG's blocks.
pub const JPEG: &str = concat!(
    include_str!("../../shaders/augment/tiles.wgsl"),
    include_str!("../../shaders/augment/jpeg.wgsl")
);

/// All that is done for each pixel.
pub const GATHER: &str = concat!(
    include_str!("../../shaders/augment/random.wgsl"),
    include_str!("../../shaders/augment/tiles.wgsl"),
    include_str!("../../shaders/augment/points.wgsl"),
    include_str!("../../shaders/augment/gather.wgsl")
);

/// Pictures in memory of the graphics device. A clone shares it.
#[derive(Clone, Debug)]
pub struct Tiles {
    buffer: Arc<wgpu::Buffer>,
    places: Arc<[Place]>,
}

/// Where a picture is in the memory of some tiles: a word for each pixel, row by row, red in the lowest byte
/// and alpha in the highest. A grey one has its value in red, green and blue, and one without alpha is
/// opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The word of the first pixel.
    pub first: u32,
    pub size: Size,
    /// As of a [`Raster`]: 1 or 2 are grey, 2 and 4 have alpha.
    pub channels: u8,
}

impl Place {
    const NOTHING: Self = Self { first: 0, size: [0; 2], channels: 1 };

    pub fn pixels(&self) -> u64 {
        u64::from(self.size[0]) * u64::from(self.size[1])
    }
}

impl Tiles {
    /// Brings pictures to the device. `None` where it does not take so much.
    pub fn upload(device: &wgpu::Device, pictures: &[&Raster]) -> Option<Self> {
        let mut places = Vec::with_capacity(pictures.len());
        let mut bytes = Vec::new();
        for picture in pictures {
            let first = u32::try_from(bytes.len() / 4).ok()?;
            places.push(Place { first, size: [picture.width, picture.height], channels: picture.channels });
            bytes.extend(picture.to_rgba());
        }
        if bytes.len() as u64 > most_bytes(device) {
            return None;
        }
        // A buffer of no bytes could not be bound.
        bytes.resize(bytes.len().max(4), 0);
        let buffer = or_warned(device, "augmented pictures", || {
            device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some("tiles"),
                contents: &bytes,
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
            })
        })?;
        Some(Self { buffer: Arc::new(buffer), places: places.into() })
    }

    /// The memory that shaders may read as storage; [`Self::places`] says what is where.
    pub fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// Whether these lie in the same memory.
    pub fn is_same_memory(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.buffer, &other.buffer)
    }

    pub fn places(&self) -> &[Place] {
        &self.places
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Brings all of them back, after what was handed to the queue before. It waits: for tests, and where
    /// pictures are written to files. `None` where the device is gone.
    pub fn read_back(&self, device: &wgpu::Device, queue: &wgpu::Queue) -> Option<Vec<Raster>> {
        let sizes: Vec<u64> = self.places.iter().map(|place| 4 * place.pixels()).collect();
        let copy = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("tiles that come back"),
            size: sizes.iter().sum::<u64>().max(4),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = device.create_command_encoder(&Default::default());
        let mut at = 0;
        for (place, size) in self.places.iter().zip(&sizes) {
            encoder.copy_buffer_to_buffer(&self.buffer, 4 * u64::from(place.first), &copy, at, *size);
            at += size;
        }
        queue.submit([encoder.finish()]);
        let (send, receive) = std::sync::mpsc::channel();
        copy.map_async(wgpu::MapMode::Read, .., move |result| {
            // Nobody waits for it any more where it cannot be sent.
            let _ = send.send(result);
        });
        device.poll(wgpu::PollType::wait_indefinitely()).ok()?;
        receive.recv().ok()?.ok()?;
        let bytes = copy.get_mapped_range(..).ok()?;
        let mut rest = &bytes[..];
        let mut pictures = Vec::with_capacity(self.places.len());
        for (place, size) in self.places.iter().zip(&sizes) {
            let (own, after) = rest.split_at(*size as usize);
            rest = after;
            let [width, height] = place.size;
            let pixels = own.as_chunks::<4>().0.iter();
            let data = match place.channels {
                1 => pixels.map(|pixel| pixel[0]).collect(),
                2 => pixels.flat_map(|pixel| [pixel[0], pixel[3]]).collect(),
                3 => pixels.flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
                _ => own.to_vec(),
            };
            pictures.push(Raster::new(width, height, place.channels, data)?);
        }
        Some(pictures)
    }
}

/// What one result is made of.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// Which of the sources it begins with.
    pub source: usize,
    /// Fewest steps come of what [`crate::augment::fuse`] has been through.
    pub stages: &'a [Stage],
    /// For each [`Stage::Mix`] in the order in which they come, those within blends too: which of the sources
    /// is mixed in, which must be of the size and kind that the tile has there. `None` for no other picture:
    /// the stage does nothing.
    pub partners: &'a [Option<usize>],
}

/// The pipelines, which are made when first needed, and memory that is used again.
#[derive(Debug)]
pub struct Augmenter {
    modules: [wgpu::ShaderModule; 3],
    bindings: wgpu::BindGroupLayout,
    layout: wgpu::PipelineLayout,
    pipelines: HashMap<Kind, Option<wgpu::ComputePipeline>>,
    fusing: Fusing,
    /// What results are in, and the rest of what came with them; used again when the results are gone.
    memories: Vec<Arc<wgpu::Buffer>>,
}

/// Memories that are kept for later at most: results that are shown, and those that are made meanwhile.
const MOST_MEMORIES: usize = 2;

impl Augmenter {
    /// `None` where the device lets no shader write storage.
    pub fn new(device: &wgpu::Device) -> Option<Self> {
        let is_software = device.adapter_info().device_type == wgpu::DeviceType::Cpu;
        Self::with_fusing(device, if is_software { Fusing::Kinds } else { Fusing::Chains })
    }

    /// The same with steps that are put together in this way.
    pub fn with_fusing(device: &wgpu::Device, fusing: Fusing) -> Option<Self> {
        or_warned(device, "augmentation", || {
            let module = |label, shader: &'static str| {
                device.create_shader_module(wgpu::ShaderModuleDescriptor {
                    label: Some(label),
                    source: wgpu::ShaderSource::Wgsl(shader.into()),
                })
            };
            let modules = [module("gather", GATHER), module("statistics", STATISTICS), module("JPEG", JPEG)];
            let storage = |read_only| wgpu::BufferBindingType::Storage { read_only };
            let entries = [
                (0, storage(true), false),
                (1, storage(false), false),
                (2, wgpu::BufferBindingType::Uniform, true),
            ];
            let entries = entries.map(|(binding, ty, has_dynamic_offset)| wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
                count: None,
            });
            let label = Some("augmentation");
            let bindings = device
                .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
            let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label,
                bind_group_layouts: &[Some(&bindings)],
                immediate_size: 0,
            });
            Self { modules, bindings, layout, pipelines: HashMap::new(), fusing, memories: Vec::new() }
        })
    }

    /// Hands the jobs to the queue; one result for each, in their order. The tiles that it gives may be drawn
    /// at once, as all that comes later in the queue. `None` where the device cannot do one of them.
    pub fn run(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        sources: &Tiles,
        jobs: &[Job],
    ) -> Option<Tiles> {
        let program = program::compile(&sources.places, jobs, self.fusing, most_bytes(device))?;
        for dispatch in &program.dispatches {
            self.make_pipeline(device, dispatch.kind)?;
        }
        let memory = self.memory(device, 4 * program.memory.max(1) as u64)?;
        or_warned(device, "augmentation", || self.submit(device, queue, sources, &program, &memory))?;
        Some(Tiles { buffer: memory, places: program.results.into() })
    }

    /// Whether one result of these stages can be made here, of pictures of these sizes and channels: its own, and
    /// then its partners, `None` for one that is not there.
    pub fn can(&self, device: &wgpu::Device, pictures: &[Option<(Size, u8)>], stages: &[Stage]) -> bool {
        let place = |(size, channels)| Place { first: 0, size, channels };
        let places: Vec<Place> = pictures.iter().map(|one| one.map_or(Place::NOTHING, place)).collect();
        let partners: Vec<Option<usize>> =
            pictures.iter().enumerate().skip(1).map(|(at, one)| one.map(|_| at)).collect();
        let job = Job { source: 0, stages, partners: &partners };
        program::compile(&places, &[job], self.fusing, most_bytes(device)).is_some()
    }

    /// Lets go of memory that no tiles are in.
    pub fn rest(&mut self) {
        self.memories.retain(|memory| Arc::strong_count(memory) > 1);
    }

    fn make_pipeline(&mut self, device: &wgpu::Device, kind: Kind) -> Option<()> {
        let Self { modules, layout, pipelines, .. } = self;
        let made = pipelines
            .entry(kind)
            .or_insert_with(|| or_warned(device, "augmentation", || pipeline(device, modules, layout, kind)));
        made.as_ref().map(|_| ())
    }

    /// Memory of so many bytes that no tiles are in.
    fn memory(&mut self, device: &wgpu::Device, size: u64) -> Option<Arc<wgpu::Buffer>> {
        let is_free = |memory: &Arc<wgpu::Buffer>| Arc::strong_count(memory) == 1;
        if let Some(memory) = self.memories.iter().find(|memory| is_free(memory) && memory.size() >= size) {
            return Some(memory.clone());
        }
        // One that is too small will hardly be of use again.
        self.memories.retain(|memory| !is_free(memory));
        let memory = or_warned(device, "augmentation", || {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("augmented tiles"),
                size,
                usage: wgpu::BufferUsages::STORAGE
                    | wgpu::BufferUsages::COPY_SRC
                    | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        })?;
        let memory = Arc::new(memory);
        if self.memories.len() < MOST_MEMORIES {
            self.memories.push(memory.clone());
        }
        Some(memory)
    }

    fn submit(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        sources: &Tiles,
        program: &Program,
        memory: &wgpu::Buffer,
    ) {
        let mut encoder = device.create_command_encoder(&Default::default());
        for (source, first) in &program.copies {
            let place = sources.places[*source];
            let (from, to) = (4 * u64::from(place.first), 4 * u64::from(*first));
            encoder.copy_buffer_to_buffer(&sources.buffer, from, memory, to, 4 * place.pixels());
        }
        if !program.dispatches.is_empty() {
            let buffer = |contents: &[u8], usage| {
                device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: None, contents, usage })
            };
            let words = buffer(&bytes_of(program.words.iter().copied()), wgpu::BufferUsages::STORAGE);
            // Each dispatch has its own number, as far apart as they have to be.
            let apart = (device.limits().min_uniform_buffer_offset_alignment as usize).max(16);
            let mut numbers = vec![0; apart * program.dispatches.len()];
            for (dispatch, number) in program.dispatches.iter().zip(numbers.chunks_exact_mut(apart)) {
                number[..4].copy_from_slice(&dispatch.list.to_ne_bytes());
            }
            let lists = buffer(&numbers, wgpu::BufferUsages::UNIFORM);
            let list = wgpu::BufferBinding { buffer: &lists, offset: 0, size: std::num::NonZeroU64::new(16) };
            let bound = device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("augmentation"),
                layout: &self.bindings,
                entries: &[
                    wgpu::BindGroupEntry { binding: 0, resource: words.as_entire_binding() },
                    wgpu::BindGroupEntry { binding: 1, resource: memory.as_entire_binding() },
                    wgpu::BindGroupEntry { binding: 2, resource: wgpu::BindingResource::Buffer(list) },
                ],
            });
            let mut pass = encoder.begin_compute_pass(&Default::default());
            for (at, Dispatch { kind, groups: [x, y, z], .. }) in program.dispatches.iter().enumerate() {
                if let Some(Some(pipeline)) = self.pipelines.get(kind) {
                    pass.set_pipeline(pipeline);
                    pass.set_bind_group(0, &bound, &[(apart * at) as u32]);
                    pass.dispatch_workgroups(*x, *y, *z);
                }
            }
        }
        queue.submit([encoder.finish()]);
    }
}

/// The most bytes that a shader may find in one buffer.
fn most_bytes(device: &wgpu::Device) -> u64 {
    let limits = device.limits();
    limits.max_buffer_size.min(limits.max_storage_buffer_binding_size)
}

fn pipeline(
    device: &wgpu::Device,
    [gather, statistics, jpeg]: &[wgpu::ShaderModule; 3],
    layout: &wgpu::PipelineLayout,
    kind: Kind,
) -> wgpu::ComputePipeline {
    let own = [
        ("GATHER", f64::from(kind.gather)),
        ("OPERATIONS", f64::from(kind.operations)),
        ("IS_WIDE", f64::from(u8::from(kind.is_wide))),
        ("MAP", f64::from(kind.map)),
    ];
    let (module, entry_point, constants) = match kind.entry {
        Entry::Gather => (gather, "gather", &own[..]),
        Entry::WholeTile => (statistics, "whole_tile", &[][..]),
        Entry::PartsOfTile => (statistics, "parts_of_tile", &[][..]),
        Entry::Blocks => (jpeg, "blocks", &[][..]),
    };
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(entry_point),
        layout: Some(layout),
        module,
        entry_point: Some(entry_point),
        compilation_options: wgpu::PipelineCompilationOptions { constants, ..Default::default() },
        cache: None,
    })
}
