//! The graphics device that window and training share.

use std::sync::Arc;

use eframe::egui_wgpu::{RenderState, WgpuConfiguration, WgpuSetup, WgpuSetupCreateNew};

use crate::train::device::{Graphics, needs};

/// What a device is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// All that training needs, too.
    Shared,
    /// What a window needs: for a driver that refuses the rest.
    WindowOnly,
}

/// How the window's device is made.
pub fn configuration(ask: Ask) -> WgpuConfiguration {
    // The display is told by whoever has one.
    let mut setup = WgpuSetupCreateNew::without_display_handle();
    if ask == Ask::Shared {
        setup.device_descriptor = Arc::new(needs);
    }
    WgpuConfiguration { wgpu_setup: WgpuSetup::CreateNew(setup), ..WgpuConfiguration::default() }
}

/// The window's device for others, and the window made ready for what they draw with it.
pub fn shared(render: &RenderState) -> Graphics {
    crate::gpu::install(render);
    Graphics::new(
        render.instance.clone(),
        render.adapter.clone(),
        render.device.clone(),
        render.queue.clone(),
    )
}
