//! Where tensors lie: the processor, or a graphics device that the window may share.
//!
//! burn needs more of a graphics device than a window asks for. [`needs`] says what; a device that was
//! made with it serves both, so that what is decoded is drawn without a copy.

use std::sync::{Arc, OnceLock};

use burn::tensor::Device;
use burn::tensor::wgpu::WgpuSetup;
use serde::{Deserialize, Serialize};

use super::config::Shape;
use super::model::{Model, Numbers};

/// What a person wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// The graphics device where there is one, else the processor.
    #[default]
    Auto,
    Gpu,
    Cpu,
}

impl Choice {
    pub const ALL: [Self; 3] = [Self::Auto, Self::Gpu, Self::Cpu];

    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
        }
    }
}

/// What does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Cpu,
    Gpu,
}

impl Kind {
    /// Of a device that tensors lie on.
    pub(super) fn of(device: &Device) -> Self {
        if *device == Device::flex() { Self::Cpu } else { Self::Gpu }
    }

    /// A word of its own.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
        }
    }
}

/// A device, with its name for a person.
#[derive(Clone, Debug)]
pub struct Processor {
    pub(super) device: Device,
    pub kind: Kind,
    pub name: String,
}

/// There is no such device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no graphics device to compute on ({0}); take the processor instead")]
pub struct NoDevice(String);

impl Processor {
    /// The processor, on all cores.
    pub fn cpu() -> Self {
        let cores = crate::pipeline::cores() as u64;
        let name = format!("CPU, {}", crate::text::counted(cores, "core"));
        Self { device: Device::flex(), kind: Kind::Cpu, name }
    }

    /// What was chosen, on a device of its own: for use without a window. A software driver is no graphics
    /// device here, unless one was asked for: the processor itself is faster.
    pub fn choose(choice: Choice) -> Result<Self, NoDevice> {
        match choice {
            Choice::Cpu => Ok(Self::cpu()),
            Choice::Gpu => own(true),
            Choice::Auto => Ok(own(false).unwrap_or_else(|error| {
                tracing::debug!("{error}");
                Self::cpu()
            })),
        }
    }

    /// What was chosen, beside a window: on its graphics device, so that what is decoded is drawn without a
    /// copy. As in [`choose`](Self::choose), a software driver is taken only where one was asked for.
    pub fn choose_beside(choice: Choice, graphics: &Graphics) -> Result<Self, NoDevice> {
        match choice {
            Choice::Cpu => Ok(Self::cpu()),
            Choice::Gpu => Self::shared(graphics),
            Choice::Auto if graphics.is_software() => Ok(Self::cpu()),
            Choice::Auto => Ok(Self::shared(graphics).unwrap_or_else(|error| {
                tracing::debug!("{error}");
                Self::cpu()
            })),
        }
    }

    /// The graphics device itself, made ready for tensors when first asked for; the same one ever after.
    pub fn shared(graphics: &Graphics) -> Result<Self, NoDevice> {
        graphics.ready.get_or_init(|| graphics.make_ready()).clone()
    }

    /// A model of these numbers on this device.
    pub fn model(&self, shape: &Shape, numbers: Numbers) -> Model {
        Model::of(shape, numbers, &self.device)
    }
}

/// A graphics device that the window, or whoever made it, shares. A clone is the same device.
#[derive(Clone, Debug)]
pub struct Graphics {
    pub instance: wgpu::Instance,
    pub adapter: wgpu::Adapter,
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    /// burn knows a device by the one time that it was told of it.
    ready: Arc<OnceLock<Result<Processor, NoDevice>>>,
}

impl Graphics {
    /// Of a device that was made with what [`needs`] says; another one may be refused when tensors are to lie
    /// on it.
    pub fn new(
        instance: wgpu::Instance,
        adapter: wgpu::Adapter,
        device: wgpu::Device,
        queue: wgpu::Queue,
    ) -> Self {
        Self { instance, adapter, device, queue, ready: Arc::default() }
    }

    /// A device for use without a window: of the fastest adapter. A software driver only where it is wanted.
    pub fn own(with_software: bool) -> Result<Self, NoDevice> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter = pollster::block_on(instance.request_adapter(&options));
        let adapter = adapter.map_err(|error| NoDevice(error.to_string()))?;
        let about = adapter.get_info();
        if about.device_type == wgpu::DeviceType::Cpu && !with_software {
            return Err(NoDevice(format!("{} is a software driver", about.name)));
        }
        let made = pollster::block_on(adapter.request_device(&needs(&adapter)));
        let (device, queue) = made.map_err(|error| NoDevice(error.to_string()))?;
        Ok(Self::new(instance, adapter, device, queue))
    }

    /// Whether it is the processor that plays a graphics device.
    pub fn is_software(&self) -> bool {
        self.adapter.get_info().device_type == wgpu::DeviceType::Cpu
    }

    /// Whether tensors of this device lie in its memory.
    pub(super) fn has(&self, device: &Device) -> bool {
        matches!(self.ready.get(), Some(Ok(processor)) if processor.device == *device)
    }

    fn make_ready(&self) -> Result<Processor, NoDevice> {
        let about = self.adapter.get_info();
        let setup = WgpuSetup {
            instance: self.instance.clone(),
            adapter: self.adapter.clone(),
            device: self.device.clone(),
            queue: self.queue.clone(),
            backend: about.backend,
        };
        let device = Device::wgpu_options().setup(setup).init();
        let device = device.map_err(|error| NoDevice(format!("{}: {error}", about.name)))?;
        Ok(Processor { device, kind: Kind::Gpu, name: format!("GPU, {}", about.name) })
    }
}

/// What to ask for of an adapter so that burn can use the device: all that it has, but for mapping of
/// what it computes with and what is experimental, neither of which is safe to ask for unseen.
pub fn needs(adapter: &wgpu::Adapter) -> wgpu::DeviceDescriptor<'static> {
    let unwanted = wgpu::Features::MAPPABLE_PRIMARY_BUFFERS | wgpu::Features::all_experimental_mask();
    wgpu::DeviceDescriptor {
        label: Some("lenslet"),
        required_features: adapter.features() - unwanted,
        required_limits: adapter.limits(),
        ..Default::default()
    }
}

fn own(with_software: bool) -> Result<Processor, NoDevice> {
    Processor::shared(&Graphics::own(with_software)?)
}
