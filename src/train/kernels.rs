//! The layers of the model, a likelihood and Adam's step, on any device.
//!
//! On the processor burn makes a small product for each sample of a convolution, and its gradient by the
//! weights is a convolution with a kernel as large as the picture; what follows on a product is several
//! walks through memory on one thread. [`flex`] does these by hand, in blocks of samples that fit a core's
//! cache. On other devices burn's own operations are called; weights and results are the same.
//!
//! Activations are laid out as batch, rows, columns, channels, so that what a patch's row takes from a row
//! of the picture is one run of memory.

mod flex;
mod walks;

use burn::backend::Flex;
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use rayon::prelude::*;

use super::config::KERNEL;
use flex::{Kind, flat, is_flex};
use walks::{BLOCK, Walk};

const STRIDE: usize = 2;
const PADDING: usize = 1;

/// The sides and channels on both sides of a convolution with stride 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Side of the larger picture, in pixels; that of the smaller one is half of it, rounded down.
    pub side: usize,
    /// Channels of the larger picture.
    pub channels: usize,
    /// Channels of the smaller one.
    pub features: usize,
}

impl Geometry {
    pub fn half(&self) -> usize {
        self.side / STRIDE
    }

    /// Numbers of a patch.
    fn patch(&self) -> usize {
        KERNEL * KERNEL * self.channels
    }
}

/// What follows on a layer's sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Nothing,
    /// What is under 0 becomes 0.
    Relu,
}

/// A dense layer: `[m, in]` with weights `[out, in]` and `[out]` gives `[m, out]`.
pub fn dense(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>, then: Then) -> Tensor<2> {
    if let Some(out) = flex::layer(&x, &weight, &bias, Kind::Dense, then) {
        return out;
    }
    let [out] = bias.dims();
    finished(x.matmul(weight.transpose()) + bias.reshape([1, out]), then)
}

/// A convolution from the larger picture to the smaller one: `[b, side, side, channels]` with weights
/// `[features, channels, 4, 4]` and `[features]` gives `[b, half, half, features]`.
pub fn conv(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, at: Geometry, then: Then) -> Tensor<4> {
    if is_flex(&x.device()) {
        let patches = weight.clone().permute([0, 2, 3, 1]).reshape([at.features, at.patch()]);
        if let Some(out) = flex::layer(&x, &patches, &bias, Kind::Down(at), then) {
            return out;
        }
    }
    let options = ConvOptions::new([STRIDE; 2], [PADDING; 2], [1; 2], 1);
    let x = x.permute([0, 3, 1, 2]); // [b, channels, side, side]
    finished(conv2d(x, weight, Some(bias), options).permute([0, 2, 3, 1]), then)
}

/// A convolution from the smaller picture to the larger one: `[b, half, half, features]` with weights
/// `[features, channels, 4, 4]` and `[channels]` gives `[b, side, side, channels]`.
pub fn conv_transpose(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    at: Geometry,
    then: Then,
) -> Tensor<4> {
    if is_flex(&x.device()) {
        let patches = weight.clone().permute([0, 2, 3, 1]).reshape([at.features, at.patch()]);
        if let Some(out) = flex::layer(&x, &patches, &bias, Kind::Up(at), then) {
            return out;
        }
    }
    let options = ConvTransposeOptions::new([STRIDE; 2], [PADDING; 2], [at.side % STRIDE; 2], [1; 2], 1);
    let x = x.permute([0, 3, 1, 2]); // [b, features, half, half]
    finished(conv_transpose2d(x, weight, Some(bias), options).permute([0, 2, 3, 1]), then)
}

fn finished<const D: usize>(x: Tensor<D>, then: Then) -> Tensor<D> {
    match then {
        Then::Nothing => x,
        Then::Relu => relu(x),
    }
}

/// Σ max(l, 0) − l x + ln(1 + exp(−|l|)) of each row of logits `[b, n]` and of values `[b, n]` from 0 to 1,
/// which are constants: `[b]`.
pub fn bernoulli(logits: Tensor<2>, values: Tensor<2>) -> Tensor<1> {
    if let Some(out) = flex::bernoulli(&logits, &values) {
        return out;
    }
    let [rows, _] = logits.dims();
    // Never the exponential of something large, whatever the logit.
    let beyond = logits.clone().abs().neg().exp().log1p();
    (relu(logits.clone()) - logits * values + beyond).sum_dim(1).reshape([rows])
}

/// Adam's numbers at a step (D. P. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization", 2014,
/// algorithm 1).
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    pub learning_rate: f64,
    /// Steps that were made before this one.
    pub step: u64,
}

impl Adam {
    pub(super) const BETA_1: f32 = 0.9;
    pub(super) const BETA_2: f32 = 0.999;
    pub(super) const EPSILON: f32 = 1e-8;

    /// The weights and both moments, `[n]` each, after a step along a gradient `[n]`.
    pub fn step(&self, weights: Tensor<1>, moments: [Tensor<1>; 2], gradient: Tensor<1>) -> [Tensor<1>; 3] {
        let power = |beta: f32| 1.0 - f64::from(beta).powf((self.step + 1) as f64);
        let rate = (self.learning_rate / power(Self::BETA_1)) as f32;
        // The second moment's correction goes to its root's side, where it is one number for all.
        let root = (1.0 / power(Self::BETA_2)).sqrt() as f32;
        let [first, second] = moments;
        if is_flex(&weights.device()) {
            return self.step_on_flex(weights, [first, second], gradient, rate, root);
        }
        let first = first * Self::BETA_1 + gradient.clone() * (1.0 - Self::BETA_1);
        let second = second * Self::BETA_2 + gradient.clone() * gradient * (1.0 - Self::BETA_2);
        let weights = weights - first.clone() * rate / (second.clone().sqrt() * root + Self::EPSILON);
        [weights, first, second]
    }

    /// All of it in one walk through memory.
    fn step_on_flex(
        &self,
        weights: Tensor<1>,
        [first, second]: [Tensor<1>; 2],
        gradient: Tensor<1>,
        rate: f32,
        root: f32,
    ) -> [Tensor<1>; 3] {
        let [mut weights, mut first, mut second] = [weights, first, second].map(flat);
        let gradient = flat(gradient);
        let blocks = weights
            .storage_mut::<f32>()
            .par_chunks_mut(BLOCK)
            .zip(first.storage_mut::<f32>().par_chunks_mut(BLOCK))
            .zip(second.storage_mut::<f32>().par_chunks_mut(BLOCK))
            .zip(gradient.storage::<f32>().par_chunks(BLOCK));
        let arch = pulp::Arch::new();
        blocks.for_each(|(((weights, first), second), gradient)| {
            arch.dispatch(Walk { weights, first, second, gradient, rate, root });
        });
        [weights, first, second].map(Tensor::from_primitive::<Flex>)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::train::model::numbers_of;
    use crate::train::random::{Purpose, Stream};

    fn random<const D: usize>(size: [usize; D], place: u64) -> Tensor<D> {
        let numbers = Stream::new(1, place, Purpose::Noise).normal_vec(size.iter().product());
        Tensor::from_data(TensorData::new(numbers, size), &Device::flex())
    }

    fn equal<const D: usize>(one: Tensor<D>, two: Tensor<D>, what: &str) {
        assert_eq!(one.dims(), two.dims(), "{what}");
        let (one, two) = (numbers_of(one).unwrap(), numbers_of(two).unwrap());
        for (one, two) in one.iter().zip(&two) {
            assert!((one - two).abs() <= 1e-4 * two.abs().max(1.0), "{what}: {one} is not {two}");
        }
    }

    #[test]
    fn convolutions_and_their_gradients_are_those_of_burn() {
        for (side, channels, features) in [(6, 1, 3), (7, 2, 3), (4, 3, 1), (5, 1, 1)] {
            let at = Geometry { side, channels, features };
            let half = at.half();
            let leaf = |place| {
                (
                    Tensor::from_inner(random([2, side, side, channels], place)).require_grad(),
                    Tensor::from_inner(random([features, channels, 4, 4], place + 1)).require_grad(),
                    Tensor::from_inner(random([features], place + 2)).require_grad(),
                )
            };
            let ((x, w, b), (x2, w2, b2)) = (leaf(0), leaf(0));
            let ours = conv(x.clone(), w.clone(), b.clone(), at, Then::Relu);
            let options = ConvOptions::new([2; 2], [1; 2], [1; 2], 1);
            let theirs = conv2d(x2.clone().permute([0, 3, 1, 2]), w2.clone(), Some(b2.clone()), options)
                .permute([0, 2, 3, 1]);
            let theirs = relu(theirs);
            equal(ours.clone(), theirs.clone(), "a convolution");
            let weigh = Tensor::from_inner(random([2, half, half, features], 9));
            let (grads, grads2) =
                ((ours * weigh.clone()).sum().backward(), (theirs * weigh).sum().backward());
            equal(x.grad(&grads).unwrap(), x2.grad(&grads2).unwrap(), "its gradient by pixels");
            equal(w.grad(&grads).unwrap(), w2.grad(&grads2).unwrap(), "its gradient by weights");
            equal(b.grad(&grads).unwrap(), b2.grad(&grads2).unwrap(), "its gradient by biases");

            let leaf = |place| {
                (
                    Tensor::from_inner(random([2, half, half, features], place)).require_grad(),
                    Tensor::from_inner(random([features, channels, 4, 4], place + 1)).require_grad(),
                    Tensor::from_inner(random([channels], place + 2)).require_grad(),
                )
            };
            let ((x, w, b), (x2, w2, b2)) = (leaf(20), leaf(20));
            let ours = conv_transpose(x.clone(), w.clone(), b.clone(), at, Then::Relu);
            let options = ConvTransposeOptions::new([2; 2], [1; 2], [side % 2; 2], [1; 2], 1);
            let theirs =
                conv_transpose2d(x2.clone().permute([0, 3, 1, 2]), w2.clone(), Some(b2.clone()), options)
                    .permute([0, 2, 3, 1]);
            let theirs = relu(theirs);
            equal(ours.clone(), theirs.clone(), "a transposed convolution");
            let weigh = Tensor::from_inner(random([2, side, side, channels], 29));
            let (grads, grads2) =
                ((ours * weigh.clone()).sum().backward(), (theirs * weigh).sum().backward());
            equal(x.grad(&grads).unwrap(), x2.grad(&grads2).unwrap(), "its gradient by pixels");
            equal(w.grad(&grads).unwrap(), w2.grad(&grads2).unwrap(), "its gradient by weights");
            equal(b.grad(&grads).unwrap(), b2.grad(&grads2).unwrap(), "its gradient by biases");
        }
    }

    #[test]
    fn a_step_of_adam_is_that_of_the_paper() {
        let (weights, gradients) = (random([50_000], 1), [random([50_000], 2), random([50_000], 3)]);
        let mut ours = [
            weights.clone(),
            Tensor::zeros([50_000], &Device::flex()),
            Tensor::zeros([50_000], &Device::flex()),
        ];
        let mut paper: Vec<[f64; 3]> =
            numbers_of(weights).unwrap().into_iter().map(|weight| [f64::from(weight), 0.0, 0.0]).collect();
        for (step, gradient) in gradients.into_iter().enumerate() {
            let numbers = numbers_of(gradient.clone()).unwrap();
            let [weights, first, second] = ours;
            ours = Adam { learning_rate: 0.01, step: step as u64 }.step(weights, [first, second], gradient);
            for ([weight, first, second], gradient) in paper.iter_mut().zip(numbers) {
                let (gradient, time) = (f64::from(gradient), step as i32 + 1);
                *first = 0.9 * *first + 0.1 * gradient;
                *second = 0.999 * *second + 0.001 * gradient * gradient;
                let (one, two) = (*first / (1.0 - 0.9f64.powi(time)), *second / (1.0 - 0.999f64.powi(time)));
                *weight -= 0.01 * one / (two.sqrt() + 1e-8);
            }
        }
        let [weights, _, _] = ours;
        for (one, [two, _, _]) in numbers_of(weights).unwrap().into_iter().zip(paper) {
            assert!((f64::from(one) - two).abs() < 1e-5, "{one} is not {two}");
        }
    }
}
