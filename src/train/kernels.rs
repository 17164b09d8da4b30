//! What is done for the processor by hand: the patches that a convolution multiplies, layers' sums, a
//! likelihood, and Adam's step.
//!
//! burn's own convolution on the processor makes a small product for each sample, and its gradient by the
//! weights is a convolution with a kernel as large as the picture. Here a convolution is one product over
//! the whole batch: [`patches`] lays out what each output pixel sees as a row, and [`gather`], which is
//! its transpose, adds rows back to pixels. Each is the other's gradient. What follows on a product (bias,
//! ReLU) is one walk through memory on all threads, where burn makes several on one. On other devices the
//! same functions call burn's; weights and results are the same.
//!
//! Activations are laid out as batch, rows, columns, channels, so that what a patch's row takes from a
//! row of the picture is one run of memory.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::flex::FlexTensor;
use burn::backend::ops::FloatTensorOps;
use burn::backend::{Autodiff, DispatchDevice, Flex};
use burn::tensor::activation::relu;
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::config::KERNEL;

/// burn-flex with its graph.
type Tracked = Autodiff<Flex>;

const STRIDE: usize = 2;
const PADDING: usize = 1;
/// Weights that a thread updates at once.
const BLOCK: usize = 16_384;

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
    if let Some(out) = dense_on_flex(&x, &weight, &bias, then) {
        return out;
    }
    biased(x.matmul(weight.transpose()), bias, then)
}

/// A convolution from the larger picture to the smaller one: `[b, side, side, channels]` with weights
/// `[features, channels, 4, 4]` and `[features]` gives `[b, half, half, features]`.
pub fn conv(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, at: Geometry, then: Then) -> Tensor<4> {
    let ([batch, ..], half) = (x.dims(), at.half());
    // [b × half × half, patch]
    if let Some(seen) = patches(&x, at) {
        let weight = weight.permute([0, 2, 3, 1]).reshape([at.features, at.patch()]);
        return dense(seen, weight, bias, then).reshape([batch, half, half, at.features]);
    }
    let options = ConvOptions::new([STRIDE; 2], [PADDING; 2], [1; 2], 1);
    let x = x.permute([0, 3, 1, 2]); // [b, channels, side, side]
    let out = conv2d(x, weight, Some(bias), options).permute([0, 2, 3, 1]);
    finished(out, then)
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
        let ([batch, ..], half) = (x.dims(), at.half());
        let weight = weight.clone().permute([0, 2, 3, 1]).reshape([at.features, at.patch()]);
        let rows = x.clone().reshape([batch * half * half, at.features]).matmul(weight); // [b × half × half, patch]
        // [b, side, side, channels]
        if let Some(out) = gather(&rows, at) {
            return biased(out, bias, then);
        }
    }
    let options = ConvTransposeOptions::new([STRIDE; 2], [PADDING; 2], [at.side % STRIDE; 2], [1; 2], 1);
    let x = x.permute([0, 3, 1, 2]); // [b, features, half, half]
    let out = conv_transpose2d(x, weight, Some(bias), options).permute([0, 2, 3, 1]);
    finished(out, then)
}

/// Σ max(l, 0) − l x + ln(1 + exp(−|l|)) of each row of logits `[b, n]` and of values `[b, n]` from 0 to 1,
/// which are constants: `[b]`.
pub fn bernoulli(logits: Tensor<2>, values: Tensor<2>) -> Tensor<1> {
    if let Some(out) = bernoulli_on_flex(&logits, &values) {
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
    const BETA_1: f32 = 0.9;
    const BETA_2: f32 = 0.999;
    const EPSILON: f32 = 1e-8;

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

/// A part of Adam's step, for the fastest instructions that the machine has.
struct Walk<'a> {
    weights: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    gradient: &'a [f32],
    rate: f32,
    root: f32,
}

impl pulp::NullaryFnOnce for Walk<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let numbers = self.weights.iter_mut().zip(self.first).zip(self.second).zip(self.gradient);
        for (((weight, first), second), gradient) in numbers {
            *first = *first * Adam::BETA_1 + gradient * (1.0 - Adam::BETA_1);
            *second = *second * Adam::BETA_2 + gradient * gradient * (1.0 - Adam::BETA_2);
            *weight -= *first * self.rate / (second.sqrt() * self.root + Adam::EPSILON);
        }
    }
}

/// `[…, n]` plus `[n]`, and what follows.
fn biased<const D: usize>(x: Tensor<D>, bias: Tensor<1>, then: Then) -> Tensor<D> {
    if let Some(out) = biased_on_flex(&x, &bias, then) {
        return out;
    }
    let mut size = [1; D];
    size[D - 1] = bias.dims()[0];
    finished(x + bias.reshape(size), then)
}

fn finished<const D: usize>(x: Tensor<D>, then: Then) -> Tensor<D> {
    match then {
        Then::Nothing => x,
        Then::Relu => relu(x),
    }
}

/// [`biased`] in one walk through memory. `None` on another device.
fn biased_on_flex<const D: usize>(x: &Tensor<D>, bias: &Tensor<1>, then: Then) -> Option<Tensor<D>> {
    if !is_flex(&x.device()) {
        return None;
    }
    if !x.is_autodiff() && !bias.is_autodiff() {
        let (x, bias) = (into_flex(x.clone()), into_flex(bias.clone()));
        return Some(Tensor::from_primitive::<Flex>(biased_of(x, &bias, then)));
    }
    let (x, x_node) = x.clone().autodiff().try_into_primitive::<Tracked>().ok()?.into_parts();
    let (bias, bias_node) = bias.clone().autodiff().try_into_primitive::<Tracked>().ok()?.into_parts();
    let out = biased_of(x, &bias, then);
    let tracked = match Biased.prepare::<NoCheckpointing>([x_node, bias_node]).compute_bound().stateful() {
        OpsKind::Tracked(op) => op.finish((out.clone(), then), out),
        OpsKind::UnTracked(op) => op.finish(out),
    };
    Some(Tensor::from_primitive::<Tracked>(tracked))
}

/// [`dense`] as one product, and gradients by weights in the weights' own order. `None` on another device.
fn dense_on_flex(x: &Tensor<2>, weight: &Tensor<2>, bias: &Tensor<1>, then: Then) -> Option<Tensor<2>> {
    if !is_flex(&x.device()) {
        return None;
    }
    let product = |x: FlexTensor, weight: &FlexTensor, bias: &FlexTensor| {
        biased_of(Flex::float_matmul(x, weight.transpose(0, 1)), bias, then)
    };
    if ![x.is_autodiff(), weight.is_autodiff(), bias.is_autodiff()].contains(&true) {
        let (weight, bias) = (into_flex(weight.clone()), into_flex(bias.clone()));
        return Some(Tensor::from_primitive::<Flex>(product(into_flex(x.clone()), &weight, &bias)));
    }
    let (x, x_node) = x.clone().autodiff().try_into_primitive::<Tracked>().ok()?.into_parts();
    let (weight, weight_node) = weight.clone().autodiff().try_into_primitive::<Tracked>().ok()?.into_parts();
    let (bias, bias_node) = bias.clone().autodiff().try_into_primitive::<Tracked>().ok()?.into_parts();
    let out = product(x.clone(), &weight, &bias);
    let nodes = [x_node, weight_node, bias_node];
    let tracked = match Dense.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(op) => op.finish((x, weight, out.clone(), then), out),
        OpsKind::UnTracked(op) => op.finish(out),
    };
    Some(Tensor::from_primitive::<Tracked>(tracked))
}

/// [`bernoulli`] in one walk through memory. `None` on another device.
fn bernoulli_on_flex(logits: &Tensor<2>, values: &Tensor<2>) -> Option<Tensor<1>> {
    if !is_flex(&logits.device()) || values.is_autodiff() {
        return None;
    }
    let values = flat(values.clone());
    if !logits.is_autodiff() {
        return Some(Tensor::from_primitive::<Flex>(bernoulli_of(&flat(logits.clone()), &values)));
    }
    let (logits, node) = logits.clone().try_into_primitive::<Tracked>().ok()?.into_parts();
    let logits = flat_of(logits);
    let out = bernoulli_of(&logits, &values);
    let tracked = match Bernoulli.prepare::<NoCheckpointing>([node]).compute_bound().stateful() {
        OpsKind::Tracked(op) => op.finish((logits, values), out),
        OpsKind::UnTracked(op) => op.finish(out),
    };
    Some(Tensor::from_primitive::<Tracked>(tracked))
}

/// Whether tensors on this device are burn-flex's, on the processor.
pub fn is_flex(device: &Device) -> bool {
    matches!(device.clone().without_autodiff().as_dispatch(), DispatchDevice::Flex(_))
}

/// A tensor's numbers in one run of memory that begins with them.
fn flat<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    flat_of(into_flex(tensor))
}

fn flat_of(tensor: FlexTensor) -> FlexTensor {
    let numbers = tensor.layout().num_elements();
    let is_whole = tensor.layout().contiguous_offsets() == Some((0, numbers))
        && tensor.storage::<f32>().len() == numbers;
    if is_whole { tensor } else { copied(&tensor) }
}

/// Row after row in memory of its own.
fn copied(tensor: &FlexTensor) -> FlexTensor {
    let whole = tensor.to_contiguous();
    match whole.as_slice::<f32>() {
        Some(numbers) => {
            FlexTensor::from_data(TensorData::new(numbers.to_vec(), whole.layout().shape().clone()))
        }
        None => whole,
    }
}

/// The tensor itself, which [`is_flex`] and without a graph.
fn into_flex<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    match tensor.clone().try_into_primitive::<Flex>() {
        Ok(tensor) => tensor,
        // What is asked of `is_flex` first does not come here; the way over plain numbers is right, too.
        Err(_) => FlexTensor::from_data(tensor.into_data()),
    }
}

/// What each pixel of the smaller picture sees of the larger one: `[b, side, side, channels]` gives
/// `[b × half × half, 4 × 4 × channels]`. `None` on another device.
fn patches(x: &Tensor<4>, at: Geometry) -> Option<Tensor<2>> {
    if !x.is_autodiff() {
        let x = x.clone().try_into_primitive::<Flex>().ok()?;
        return Some(Tensor::from_primitive::<Flex>(patches_of(&flat_of(x), at)));
    }
    let (x, node) = x.clone().try_into_primitive::<Tracked>().ok()?.into_parts();
    let out = patches_of(&flat_of(x), at);
    let tracked = match Patches.prepare::<NoCheckpointing>([node]).compute_bound().stateful() {
        OpsKind::Tracked(op) => op.finish(at, out),
        OpsKind::UnTracked(op) => op.finish(out),
    };
    Some(Tensor::from_primitive::<Tracked>(tracked))
}

/// The transpose of [`patches`]: `[b × half × half, 4 × 4 × channels]` gives `[b, side, side, channels]`,
/// each pixel the sum of what was of it. `None` on another device.
fn gather(rows: &Tensor<2>, at: Geometry) -> Option<Tensor<4>> {
    if !rows.is_autodiff() {
        let rows = rows.clone().try_into_primitive::<Flex>().ok()?;
        return Some(Tensor::from_primitive::<Flex>(gather_of(&flat_of(rows), at)));
    }
    let (rows, node) = rows.clone().try_into_primitive::<Tracked>().ok()?.into_parts();
    let out = gather_of(&flat_of(rows), at);
    let tracked = match Gather.prepare::<NoCheckpointing>([node]).compute_bound().stateful() {
        OpsKind::Tracked(op) => op.finish(at, out),
        OpsKind::UnTracked(op) => op.finish(out),
    };
    Some(Tensor::from_primitive::<Tracked>(tracked))
}

/// burn-autodiff's name for [`patches`] in a graph.
#[derive(Debug)]
struct Patches;

impl Backward<Flex, 1> for Patches {
    type State = Geometry;

    fn backward(self, ops: Ops<Geometry, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let at = ops.state;
        unary::<Flex, _>(ops.parents, ops.node, grads, |grad| gather_of(&flat_of(grad), at));
    }
}

/// burn-autodiff's name for [`gather`] in a graph.
#[derive(Debug)]
struct Gather;

impl Backward<Flex, 1> for Gather {
    type State = Geometry;

    fn backward(self, ops: Ops<Geometry, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let at = ops.state;
        unary::<Flex, _>(ops.parents, ops.node, grads, |grad| patches_of(&flat_of(grad), at));
    }
}

/// burn-autodiff's name for [`biased`] in a graph.
#[derive(Debug)]
struct Biased;

impl Backward<Flex, 2> for Biased {
    /// What came out.
    type State = (FlexTensor, Then);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [x, bias] = ops.parents;
        let (out, then) = ops.state;
        let grad = masked(grads.consume::<Flex>(&ops.node), &out, then);
        if let Some(bias) = bias {
            grads.register::<Flex>(bias.id, column_sums(&grad));
        }
        if let Some(x) = x {
            grads.register::<Flex>(x.id, grad);
        }
    }
}

/// burn-autodiff's name for [`dense`] in a graph.
#[derive(Debug)]
struct Dense;

impl Backward<Flex, 3> for Dense {
    /// What went in, the weights, and what came out.
    type State = (FlexTensor, FlexTensor, FlexTensor, Then);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [x_node, weight_node, bias_node] = ops.parents;
        let (x, weight, out, then) = ops.state;
        let grad = masked(grads.consume::<Flex>(&ops.node), &out, then);
        if let Some(bias) = bias_node {
            grads.register::<Flex>(bias.id, column_sums(&grad));
        }
        if let Some(node) = weight_node {
            grads.register::<Flex>(node.id, Flex::float_matmul(grad.transpose(0, 1), x));
        }
        if let Some(node) = x_node {
            grads.register::<Flex>(node.id, Flex::float_matmul(grad, weight));
        }
    }
}

/// burn-autodiff's name for [`bernoulli`] in a graph.
#[derive(Debug)]
struct Bernoulli;

impl Backward<Flex, 1> for Bernoulli {
    /// Logits and values.
    type State = (FlexTensor, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (logits, values) = ops.state;
        unary::<Flex, _>(ops.parents, ops.node, grads, |grad| {
            let grad = flat_of(grad);
            let shape = logits.layout().shape().clone();
            let (grad, logits, values) =
                (grad.storage::<f32>(), logits.storage::<f32>(), values.storage::<f32>());
            let columns = logits.len() / grad.len().max(1);
            let mut out = vec![0.0f32; logits.len()];
            out.par_chunks_mut(columns)
                .zip(logits.par_chunks(columns).zip(values.par_chunks(columns)))
                .zip(grad)
                .for_each(|((out, (logits, values)), grad)| {
                    for ((out, logit), value) in out.iter_mut().zip(logits).zip(values) {
                        *out = grad * (1.0 / (1.0 + (-logit).exp()) - value);
                    }
                });
            FlexTensor::from_data(TensorData::new(out, shape))
        });
    }
}

/// Adds `[n]` to the rows of `[…, n]`, in their place where nothing else holds them.
fn biased_of(x: FlexTensor, bias: &FlexTensor, then: Then) -> FlexTensor {
    let (mut x, bias) = (flat_of(x), flat_of(bias.clone()));
    let bias = bias.storage::<f32>();
    let arch = pulp::Arch::new();
    let rows = x.storage_mut::<f32>().par_chunks_mut(block_of(bias.len()));
    rows.for_each(|rows| arch.dispatch(AddRows { rows, bias, then }));
    x
}

/// The gradient of what went into [`Then`], by what came out: in its place where nothing else holds it.
fn masked(grad: FlexTensor, out: &FlexTensor, then: Then) -> FlexTensor {
    let mut grad = flat_of(grad);
    if then == Then::Nothing {
        return grad;
    }
    let arch = pulp::Arch::new();
    let blocks = grad.storage_mut::<f32>().par_chunks_mut(BLOCK).zip(out.storage::<f32>().par_chunks(BLOCK));
    blocks.for_each(|(grad, out)| arch.dispatch(Mask { grad, out }));
    grad
}

/// The sum of the rows of `[…, n]`, which does not depend on the number of threads: `[n]`.
fn column_sums(rows: &FlexTensor) -> FlexTensor {
    let columns = rows.layout().shape().iter().next_back().copied().unwrap_or(1);
    let arch = pulp::Arch::new();
    let parts: Vec<Vec<f32>> = rows
        .storage::<f32>()
        .par_chunks(block_of(columns))
        .map(|rows| {
            let mut sums = vec![0.0f32; columns];
            arch.dispatch(SumRows { rows, sums: &mut sums });
            sums
        })
        .collect();
    let mut sums = vec![0.0f32; columns];
    for part in parts {
        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    FlexTensor::from_data(TensorData::new(sums, [columns]))
}

fn bernoulli_of(logits: &FlexTensor, values: &FlexTensor) -> FlexTensor {
    let rows = logits.layout().shape().iter().next().copied().unwrap_or(0);
    let (logits, values) = (logits.storage::<f32>(), values.storage::<f32>());
    let columns = logits.len() / rows.max(1);
    let sum = |(logits, values): (&[f32], &[f32])| {
        let nats = logits.iter().zip(values).map(|(logit, value)| {
            // Never the exponential of something large, whatever the logit.
            f64::from(logit.max(0.0) - logit * value + (-logit.abs()).exp().ln_1p())
        });
        nats.sum::<f64>() as f32
    };
    let sums: Vec<f32> =
        logits.par_chunks(columns.max(1)).zip(values.par_chunks(columns.max(1))).map(sum).collect();
    FlexTensor::from_data(TensorData::new(sums, [rows]))
}

/// Whole rows of so many columns that a thread takes at once, in numbers.
fn block_of(columns: usize) -> usize {
    (BLOCK / columns.max(1)).max(1) * columns.max(1)
}

struct AddRows<'a> {
    rows: &'a mut [f32],
    bias: &'a [f32],
    then: Then,
}

impl pulp::NullaryFnOnce for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for row in self.rows.chunks_exact_mut(self.bias.len().max(1)) {
            match self.then {
                Then::Nothing => row.iter_mut().zip(self.bias).for_each(|(value, bias)| *value += bias),
                Then::Relu => {
                    row.iter_mut().zip(self.bias).for_each(|(value, bias)| *value = (*value + bias).max(0.0));
                }
            }
        }
    }
}

struct Mask<'a> {
    grad: &'a mut [f32],
    out: &'a [f32],
}

impl pulp::NullaryFnOnce for Mask<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (grad, out) in self.grad.iter_mut().zip(self.out) {
            *grad = if *out > 0.0 { *grad } else { 0.0 };
        }
    }
}

struct SumRows<'a> {
    rows: &'a [f32],
    sums: &'a mut [f32],
}

impl pulp::NullaryFnOnce for SumRows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for row in self.rows.chunks_exact(self.sums.len().max(1)) {
            self.sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
    }
}

/// One sample's run of a row of the picture that a patch sees in one of its rows.
struct Run {
    /// First number in the patch.
    patch: usize,
    /// First number in the picture.
    picture: usize,
    len: usize,
}

/// The runs of every patch of a picture, in the order of the patches; of the padding there is none.
fn runs(at: Geometry) -> Vec<Run> {
    let (half, line) = (at.half(), KERNEL * at.channels);
    let mut runs = Vec::with_capacity(half * half * KERNEL);
    for row in 0..half {
        for column in 0..half {
            let patch = (row * half + column) * at.patch();
            let left = (column * STRIDE) as isize - PADDING as isize;
            let skipped = (-left).max(0) as usize;
            let start = left.max(0) as usize;
            let len = (KERNEL - skipped).min(at.side - start);
            for line_at in 0..KERNEL {
                let y = (row * STRIDE + line_at).checked_sub(PADDING);
                if let Some(y) = y.filter(|y| *y < at.side) {
                    runs.push(Run {
                        patch: patch + line_at * line + skipped * at.channels,
                        picture: (y * at.side + start) * at.channels,
                        len: len * at.channels,
                    });
                }
            }
        }
    }
    runs
}

fn patches_of(x: &FlexTensor, at: Geometry) -> FlexTensor {
    let (half, picture) = (at.half(), at.side * at.side * at.channels);
    let rows = half * half * at.patch();
    let x = x.storage::<f32>();
    let batch = x.len() / picture.max(1);
    let mut out = vec![0.0f32; batch * rows];
    let runs = runs(at);
    out.par_chunks_mut(rows).zip(x.par_chunks(picture)).for_each(|(out, x)| {
        for run in &runs {
            out[run.patch..][..run.len].copy_from_slice(&x[run.picture..][..run.len]);
        }
    });
    FlexTensor::from_data(TensorData::new(out, [batch * half * half, at.patch()]))
}

fn gather_of(rows: &FlexTensor, at: Geometry) -> FlexTensor {
    let (half, picture) = (at.half(), at.side * at.side * at.channels);
    let len = half * half * at.patch();
    let rows = rows.storage::<f32>();
    let batch = rows.len() / len.max(1);
    let mut out = vec![0.0f32; batch * picture];
    let runs = runs(at);
    let arch = pulp::Arch::new();
    out.par_chunks_mut(picture).zip(rows.par_chunks(len)).for_each(|(out, rows)| {
        arch.dispatch(Sum { runs: &runs, out, rows });
    });
    FlexTensor::from_data(TensorData::new(out, [batch, at.side, at.side, at.channels]))
}

/// Adds one sample's rows to its pixels, for the fastest instructions that the machine has.
struct Sum<'a> {
    runs: &'a [Run],
    out: &'a mut [f32],
    rows: &'a [f32],
}

impl pulp::NullaryFnOnce for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for run in self.runs {
            let to = &mut self.out[run.picture..][..run.len];
            for (to, from) in to.iter_mut().zip(&self.rows[run.patch..][..run.len]) {
                *to += from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
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
