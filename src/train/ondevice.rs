//! Decoded pictures that stay on the graphics device, for whoever draws with it: nothing goes through the
//! processor. Refuses to know how they are drawn.

use std::sync::Arc;

use burn::backend::wgpu::{AutoCompiler, Wgpu};
use burn::cubecl::server::ServerError;
use burn::cubecl::wgpu::WgpuServer;
use burn::tensor::{DType, Int, Tensor, TensorData};

use super::device::Graphics;
use super::model::{DeviceError, Model};
use super::score::{AT_ONCE, ScoreError};
use crate::gpu::cells::Cells;
use crate::jobs::Control;

/// The pictures of latents, `latent` numbers each, as [`decode`](super::score::decode) makes them, in memory of
/// the window's device; of these classes, where the model has them. Progress counts pictures. `None` for a
/// model that lies elsewhere: on the processor, or on a device of its own.
///
/// What writes the pictures is in the device's queue when this returns, and may not have run: what is
/// submitted later, on any thread, sees them finished.
pub fn decode(
    graphics: &Graphics,
    model: &Model,
    latents: &[f32],
    classes: &[u32],
    control: &Control,
) -> Result<Option<Cells>, ScoreError> {
    let Some(values) = decoded(graphics, model, latents, classes, control)? else { return Ok(None) };
    Ok(Some(lent(model, values)?))
}

/// The same with one cell for each of `shown`, which is the number of the picture in it: several cells may
/// show the same one.
///
/// # Panics
/// When there is no picture of such a number.
pub fn decode_repeated(
    graphics: &Graphics,
    model: &Model,
    latents: &[f32],
    classes: &[u32],
    shown: &[u32],
    control: &Control,
) -> Result<Option<Cells>, ScoreError> {
    let Some(values) = decoded(graphics, model, latents, classes, control)? else { return Ok(None) };
    let [numbers] = values.dims();
    let (count, each) = (numbers / model.shape.values(), model.shape.values());
    assert!(shown.iter().all(|picture| (*picture as usize) < count), "there are {count} pictures");
    let of: Vec<i32> = shown.iter().map(|picture| *picture as i32).collect();
    let of = Tensor::<1, Int>::from_data(TensorData::new(of, [shown.len()]), model.device());
    let values = values.reshape([count, each]).select(0, of); // [cells, size × size × channels]
    Ok(Some(lent(model, values.reshape([shown.len() * each]))?))
}

/// Waits until the device has carried out what it was asked, so that it is known how long that takes.
pub fn wait(model: &Model) -> Result<(), DeviceError> {
    Ok(model.device().sync()?)
}

/// The numbers of pictures, one picture after the other; `None` as of [`decode`].
fn decoded(
    graphics: &Graphics,
    model: &Model,
    latents: &[f32],
    classes: &[u32],
    control: &Control,
) -> Result<Option<Tensor<1>>, ScoreError> {
    let (latent, at_once) = (model.shape.latent, model.shape.piece(AT_ONCE));
    if !graphics.has(model.device()) || latents.len() < latent {
        return Ok(None);
    }
    let mut parts = Vec::new();
    for (part, latents) in latents.chunks(at_once * latent).enumerate() {
        control.checkpoint()?;
        let samples = latents.len() / latent;
        let classes: Vec<u32> = classes.iter().copied().skip(part * at_once).take(samples).collect();
        let told = model.told(&classes, samples);
        let pictures = model.pictures(model.latents(latents.to_vec()), told.as_ref()); // [b, size, size, channels]
        // In one run of memory, whatever order a layer left them in.
        parts.push(pictures.reshape([samples * model.shape.values()]));
        control.add(samples as u64);
    }
    Ok(Some(Tensor::cat(parts, 0))) // [pictures × size × size × channels]
}

/// The memory of numbers that lie one after the other.
fn lent(model: &Model, values: Tensor<1>) -> Result<Cells, DeviceError> {
    let [numbers] = values.dims();
    let tensor = values
        .try_into_primitive::<Wgpu>()
        .map_err(|error| DeviceError(format!("the pictures are not on it: {error:?}")))?;
    // The resource, and not the tensor, is promised to stay in its place for as long as it lives.
    let failed = |error: ServerError| DeviceError(error.to_string());
    let resource =
        tensor.client.get_resource::<WgpuServer<AutoCompiler>>(tensor.handle.clone()).map_err(failed)?;
    tensor.client.flush().map_err(failed)?;
    let lent = resource.resource();
    let is_whole = lent.size >= (numbers * size_of::<f32>()) as u64 && lent.offset % 4 == 0;
    if !is_whole || tensor.dtype != DType::F32 || !tensor.is_contiguous() {
        return Err(DeviceError("the pictures do not lie in its memory as was expected".to_owned()));
    }
    Ok(Cells {
        buffer: lent.buffer.clone(),
        offset: lent.offset,
        count: numbers / model.shape.values(),
        size: model.shape.size,
        channels: model.shape.channels.count(),
        keep: Arc::new(resource),
    })
}
