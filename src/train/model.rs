//! The model: a convolutional variational autoencoder, what it loses, and its numbers by name.
//!
//! The same code runs on every device. Numbers lie in memory as PyTorch has them
//! ([`Shape::weights`](super::config::Shape::weights)). This file refuses to know files, samples and
//! threads.
//!
//! With `x` a picture, `z` its latent and `q(z|x)` normal with mean μ and variance σ² (D. P. Kingma and
//! M. Welling, "Auto-Encoding Variational Bayes", 2013):
//!
//! ```text
//! ELBO(x) = E[log p(x|z)] − KL(q(z|x) ‖ N(0, 1))
//! KL      = ½ Σ (μ² + σ² − 1 − ln σ²)                                  appendix B
//! −log p  = Σ max(l, 0) − l x + ln(1 + exp(−|l|))                      Bernoulli of logits l
//! −log p  = Σ ½ ((x − m)/s)² + ln s + ½ ln 2π, m = sigmoid(l)          Gaussian of one learned spread s
//! ```
//!
//! All of these are in nats per sample: sums over pixels and latent dimensions, means over samples. The
//! expectation is one draw, `z = μ + σ ε`.

use burn::backend::ExecutionError;
use burn::tensor::activation::{sigmoid, softplus};
use burn::tensor::{Device, Tensor, TensorData};

use super::config::{Likelihood, Shape};
use super::device::Kind;
use super::kernels::{Geometry, Then, bernoulli, conv, conv_transpose, dense};
use super::random::{Purpose, Stream};

/// ln σ² is held in these bounds, beyond which its exponential says nothing more.
const LOG_VARIANCE: (f32, f32) = (-20.0, 10.0);
/// The smallest ln of the Gaussian likelihood's spread: a spread under half a step of 8 bits is no better.
const LEAST_LOG_SIGMA: f32 = -6.0;

/// The device ended the work: it was lost, or has no memory left.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the device failed: {0}")]
pub struct DeviceError(pub String);

impl From<ExecutionError> for DeviceError {
    fn from(error: ExecutionError) -> Self {
        Self(error.to_string())
    }
}

/// Numbers by name, as they are kept: in the order of [`Shape::weights`].
pub type Numbers = Vec<Vec<f32>>;

/// A model on a device.
#[derive(Clone, Debug)]
pub struct Model {
    pub shape: Shape,
    device: Device,
    /// In the order of [`Shape::weights`], each as one run of numbers.
    pub(super) weights: Vec<Tensor<1>>,
}

/// Samples as a device has them.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[b, size, size, channels]`, 0 to 1.
    pub pixels: Tensor<4>,
    /// `[b, classes]`, 1 at the class; `None` for a model without classes.
    pub classes: Option<Tensor<2>>,
}

/// What the encoder says of samples: `[b, latent]` each.
#[derive(Clone, Debug)]
pub struct Posterior {
    pub mean: Tensor<2>,
    /// ln σ².
    pub log_variance: Tensor<2>,
}

impl Posterior {
    /// `z = μ + σ ε`, `[b, latent]`.
    pub fn draw(&self, noise: Tensor<2>) -> Tensor<2> {
        self.mean.clone() + (self.log_variance.clone() * 0.5).exp() * noise
    }

    /// The divergence from the prior of each sample and dimension, `[b, latent]`, in nats.
    pub fn divergence(&self) -> Tensor<2> {
        let (mean, log_variance) = (self.mean.clone(), self.log_variance.clone());
        (mean.clone() * mean + log_variance.clone().exp() - 1.0 - log_variance) * 0.5
    }
}

impl Model {
    /// A new model: each number uniform within ±1/√(inputs), as PyTorch begins.
    pub fn new(shape: &Shape, seed: u64, device: &Device) -> Self {
        let numbers = shape.weights().into_iter().enumerate().map(|(at, weight)| {
            let mut stream = Stream::new(seed, at as u64, Purpose::Weights);
            let bound = if weight.fan_in > 0 { (weight.fan_in as f32).sqrt().recip() } else { 0.0 };
            (0..weight.count()).map(|_| (stream.unit() * 2.0 - 1.0) * bound).collect()
        });
        Self::of(shape, numbers.collect(), device)
    }

    /// A model of these numbers, which are as many as [`Shape::weights`] says.
    pub fn of(shape: &Shape, numbers: Numbers, device: &Device) -> Self {
        let device = device.clone().without_autodiff();
        let weights = numbers.into_iter().map(|numbers| vector(numbers, &device)).collect();
        Self { shape: shape.clone(), device, weights }
    }

    pub fn device(&self) -> &Device {
        &self.device
    }

    /// What kind of device it is on.
    pub fn kind(&self) -> Kind {
        Kind::of(&self.device)
    }

    /// Its numbers, which may have to come from the device.
    pub fn numbers(&self) -> Result<Numbers, DeviceError> {
        self.weights.iter().map(|weight| numbers_of(weight.clone())).collect()
    }

    /// The same model with a graph: gradients are kept of the weights for which `learns` holds, by their
    /// place in [`Shape::weights`].
    pub fn tracked(&self, learns: impl Fn(usize) -> bool) -> Self {
        let weights = self.weights.iter().enumerate().map(|(at, weight)| {
            let weight = Tensor::from_inner(weight.clone());
            if learns(at) { weight.require_grad() } else { weight }
        });
        Self { shape: self.shape.clone(), device: self.device.clone().autodiff(), weights: weights.collect() }
    }

    /// Samples for this model's device: `pixels` are bytes, `size × size × channels` of each sample, and
    /// `classes` one for each sample, where the model has them; one that is out of range is no class.
    pub fn batch(&self, pixels: &[u8], classes: &[u32]) -> Batch {
        let pixels = pixels.iter().map(|value| f32::from(*value) / 255.0).collect();
        self.batch_of(pixels, classes)
    }

    /// [`batch`](Self::batch) of values from 0 to 1.
    pub fn batch_of(&self, pixels: Vec<f32>, classes: &[u32]) -> Batch {
        let samples = pixels.len() / self.shape.values().max(1);
        let (size, channels) = (self.shape.size, self.shape.channels.count());
        let pixels = TensorData::new(pixels, [samples, size, size, channels]);
        Batch { pixels: Tensor::from_data(pixels, &self.device), classes: self.told(classes, samples) }
    }

    /// Latents or noise for this model's device, `[b, latent]` of `b × latent` numbers.
    pub fn latents(&self, numbers: Vec<f32>) -> Tensor<2> {
        let samples = numbers.len() / self.shape.latent.max(1);
        Tensor::from_data(TensorData::new(numbers, [samples, self.shape.latent]), &self.device)
    }

    /// What the model is told of samples' classes.
    pub fn told(&self, classes: &[u32], samples: usize) -> Option<Tensor<2>> {
        let count = self.shape.classes;
        if count == 0 {
            return None;
        }
        let mut told = vec![0.0f32; samples * count];
        for (row, class) in told.chunks_mut(count).zip(classes) {
            if let Some(value) = row.get_mut(*class as usize) {
                *value = 1.0;
            }
        }
        Some(Tensor::from_data(TensorData::new(told, [samples, count]), &self.device))
    }

    /// What the encoder says of samples.
    pub fn encode(&self, batch: &Batch) -> Posterior {
        let mut layers = self.layers(true);
        let mut x = batch.pixels.clone();
        for at in self.geometries() {
            let (weight, bias) = layers.convolution();
            x = conv(x, weight, bias, at, Then::Relu); // [b, half, half, features]
        }
        // PyTorch's order within a sample: channels, rows, columns.
        let [samples, ..] = x.dims();
        let x = x.permute([0, 3, 1, 2]).reshape([samples, self.shape.flat()]);
        let x = layers.dense(with(x, batch.classes.as_ref()), Then::Relu); // [b, hidden]
        let mean = layers.dense(x.clone(), Then::Nothing);
        let log_variance = layers.dense(x, Then::Nothing).clamp(LOG_VARIANCE.0, LOG_VARIANCE.1);
        Posterior { mean, log_variance }
    }

    /// The logits of the pictures that latents `[b, latent]` are of: `[b, size, size, channels]`. Their
    /// [`sigmoid`](Self::pictures) is what is shown.
    pub fn decode(&self, latents: Tensor<2>, classes: Option<&Tensor<2>>) -> Tensor<4> {
        let mut layers = self.layers(false);
        let [samples, _] = latents.dims();
        let x = layers.dense(with(latents, classes), Then::Relu); // [b, hidden]
        let x = layers.dense(x, Then::Relu); // [b, flat]
        let (depth, sides) = (self.shape.depth, self.shape.sides());
        let wide = self.shape.widths()[depth];
        let mut x = x.reshape([samples, wide, sides[depth], sides[depth]]).permute([0, 2, 3, 1]);
        for (level, at) in self.geometries().into_iter().enumerate().rev() {
            let (weight, bias) = layers.convolution();
            let then = if level > 0 { Then::Relu } else { Then::Nothing };
            x = conv_transpose(x, weight, bias, at, then); // [b, side, side, channels]
        }
        x
    }

    /// The pictures that latents `[b, latent]` are of, 0 to 1: `[b, size, size, channels]`.
    pub fn pictures(&self, latents: Tensor<2>, classes: Option<&Tensor<2>>) -> Tensor<4> {
        sigmoid(self.decode(latents, classes))
    }

    /// −log p(x|z) of each sample in nats, `[b]`, by the logits of its reconstruction.
    pub fn reconstruction(&self, pixels: Tensor<4>, logits: Tensor<4>) -> Tensor<1> {
        let [samples, ..] = pixels.dims();
        let values = self.shape.values();
        match self.shape.likelihood {
            Likelihood::Bernoulli => {
                bernoulli(logits.reshape([samples, values]), pixels.reshape([samples, values]))
            }
            Likelihood::Gaussian => {
                let log_sigma = self.log_sigma().reshape([1, 1, 1, 1]);
                let apart = (pixels - sigmoid(logits)) * log_sigma.clone().neg().exp();
                let nats = apart.clone() * apart * 0.5 + log_sigma + 0.5 * std::f32::consts::TAU.ln();
                nats.reshape([samples, values]).sum_dim(1).reshape([samples])
            }
        }
    }

    /// ln of the Gaussian likelihood's spread, `[1]`, held over its least value without a kink.
    fn log_sigma(&self) -> Tensor<1> {
        let last = self.weights.last().cloned();
        let free = last.unwrap_or_else(|| Tensor::zeros([1], &self.device));
        softplus(free - LEAST_LOG_SIGMA, 1.0) + LEAST_LOG_SIGMA
    }

    /// Larger and smaller sides of each convolution of the encoder, outermost first.
    fn geometries(&self) -> Vec<Geometry> {
        let (sides, widths) = (self.shape.sides(), self.shape.widths());
        let geometry = |level: usize| Geometry {
            side: sides[level],
            channels: widths[level],
            features: widths[level + 1],
        };
        (0..self.shape.depth).map(geometry).collect()
    }

    fn layers(&self, of_encoder: bool) -> Layers<'_> {
        let sizes = self.shape.weights();
        let first = if of_encoder { 0 } else { sizes.iter().filter(|size| size.is_of_encoder()).count() };
        Layers { model: self, sizes, next: first }
    }
}

/// Hands out the layers of an encoder or decoder, one after the other.
struct Layers<'a> {
    model: &'a Model,
    sizes: Vec<super::config::Weight>,
    next: usize,
}

impl Layers<'_> {
    /// Weights `[a, b, 4, 4]` and `[c]`.
    fn convolution(&mut self) -> (Tensor<4>, Tensor<1>) {
        let size = &self.sizes[self.next].size;
        let size = [size[0], size[1], size[2], size[3]];
        let weight = self.model.weights[self.next].clone().reshape(size);
        let bias = self.model.weights[self.next + 1].clone();
        self.next += 2;
        (weight, bias)
    }

    /// `[b, in]` gives `[b, out]`.
    fn dense(&mut self, x: Tensor<2>, then: Then) -> Tensor<2> {
        let size = &self.sizes[self.next].size;
        let weight = self.model.weights[self.next].clone().reshape([size[0], size[1]]);
        let bias = self.model.weights[self.next + 1].clone();
        self.next += 2;
        dense(x, weight, bias, then)
    }
}

/// What a batch loses, with a graph where the model has one.
#[derive(Clone, Debug)]
pub struct Loss {
    /// −log p(x|z) of all samples together, `[1]`, in nats.
    pub reconstruction: Tensor<1>,
    /// The divergence of all samples together by dimension, `[latent]`, in nats.
    pub divergence: Tensor<1>,
}

impl Loss {
    /// Of a batch, with noise `[b, latent]`.
    pub fn of(model: &Model, batch: &Batch, noise: Tensor<2>) -> Self {
        let posterior = model.encode(batch);
        let logits = model.decode(posterior.draw(noise), batch.classes.as_ref());
        let latent = model.shape.latent;
        Self {
            reconstruction: model.reconstruction(batch.pixels.clone(), logits).sum().reshape([1]),
            divergence: posterior.divergence().sum_dim(0).reshape([latent]),
        }
    }

    /// Reconstruction plus β times divergence, of all samples together, `[1]`.
    pub fn total(&self, beta: f32) -> Tensor<1> {
        self.reconstruction.clone() + self.divergence.clone().sum().reshape([1]) * beta
    }
}

/// The numbers of a tensor, row by row.
pub fn numbers_of<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, DeviceError> {
    tensor.inner().try_into_vec_as::<f32>().map_err(|error| DeviceError(format!("{error:?}")))
}

fn vector(numbers: Vec<f32>, device: &Device) -> Tensor<1> {
    let count = numbers.len();
    Tensor::from_data(TensorData::new(numbers, [count]), device)
}

/// Columns with what is told of the class beside them.
fn with(x: Tensor<2>, classes: Option<&Tensor<2>>) -> Tensor<2> {
    match classes {
        Some(classes) => Tensor::cat(vec![x, classes.clone()], 1),
        None => x,
    }
}

#[cfg(test)]
mod tests;
