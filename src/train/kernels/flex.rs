//! Layers and a likelihood on burn's CPU backend, with their gradients: burn keeps the graph, the numbers
//! are worked out here.
//!
//! A convolution goes in blocks of samples: what each pixel of the smaller picture sees of the larger one is
//! laid out as a row, and a block's rows are one product, while they are in the cache of the core. Back, the
//! rows are laid out once more, which takes less than fetching them from memory. Sums over blocks are taken
//! in the order of the blocks, whose sizes follow from the layer alone: the result is the same on any number
//! of threads.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::flex::FlexTensor;
use burn::backend::ops::FloatTensorOps;
use burn::backend::{Autodiff, DispatchDevice, Flex};
use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::walks::{AddRows, BLOCK, Mask, Run, SumRows, gathered, lay_out, runs};
use super::{Geometry, Then};

/// burn-flex with its graph.
type Tracked = Autodiff<Flex>;

/// Multiplications of a block's product at most, so that burn does it on the thread that asks for it.
const BLOCK_COST: usize = 6_000_000;
/// Blocks of a batch at least, so that all threads have some.
const BLOCKS: usize = 8;

/// What a layer makes of its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `[m, in]` with `[out, in]` gives `[m, out]`.
    Dense,
    /// `[b, side, side, channels]` with `[features, patch]` gives `[b, half, half, features]`.
    Down(Geometry),
    /// `[b, half, half, features]` with `[features, patch]` gives `[b, side, side, channels]`.
    Up(Geometry),
}

/// A layer with a bias for each of its last dimension, and what follows. `None` on another device.
pub fn layer<const D: usize>(
    x: &Tensor<D>,
    weight: &Tensor<2>,
    bias: &Tensor<1>,
    kind: Kind,
    then: Then,
) -> Option<Tensor<D>> {
    if !is_flex(&x.device()) {
        return None;
    }
    if ![x.is_autodiff(), weight.is_autodiff(), bias.is_autodiff()].contains(&true) {
        let [weight, bias] = [flat(weight.clone()), flat(bias.clone())];
        let out = forward(kind, &flat(x.clone()), &weight, &bias, then);
        return Some(Tensor::from_primitive::<Flex>(out));
    }
    let (x, x_node) = x.clone().autodiff().try_into_primitive::<Tracked>().ok()?.into_parts();
    let (weight, weight_node) = weight.clone().autodiff().try_into_primitive::<Tracked>().ok()?.into_parts();
    let (bias, bias_node) = bias.clone().autodiff().try_into_primitive::<Tracked>().ok()?.into_parts();
    let [x, weight] = [x, weight].map(flat_of);
    let out = forward(kind, &x, &weight, &flat_of(bias), then);
    let nodes = [x_node, weight_node, bias_node];
    let tracked = match Layer.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(op) => op.finish(Known { kind, then, x, weight, out: out.clone() }, out),
        OpsKind::UnTracked(op) => op.finish(out),
    };
    Some(Tensor::from_primitive::<Tracked>(tracked))
}

/// [`bernoulli`](super::bernoulli) in one walk through memory. `None` on another device.
pub fn bernoulli(logits: &Tensor<2>, values: &Tensor<2>) -> Option<Tensor<1>> {
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
pub fn flat<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
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

/// burn-autodiff's name for a [`layer`] in a graph.
#[derive(Debug)]
struct Layer;

/// What the gradients of a layer follow from.
#[derive(Clone, Debug)]
struct Known {
    kind: Kind,
    then: Then,
    x: FlexTensor,
    weight: FlexTensor,
    out: FlexTensor,
}

impl Backward<Flex, 3> for Layer {
    type State = Known;

    fn backward(self, ops: Ops<Known, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [x_node, weight_node, bias_node] = ops.parents;
        let Known { kind, then, x, weight, out } = ops.state;
        let grad = masked(grads.consume::<Flex>(&ops.node), &out, then);
        if let Some(node) = bias_node {
            grads.register::<Flex>(node.id, column_sums(&grad));
        }
        let wanted = Wanted { x: x_node.is_some(), weight: weight_node.is_some() };
        let (by_x, by_weight) = backward(kind, x, weight, grad, wanted);
        for (node, grad) in [(x_node, by_x), (weight_node, by_weight)] {
            if let (Some(node), Some(grad)) = (node, grad) {
                grads.register::<Flex>(node.id, grad);
            }
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

fn forward(kind: Kind, x: &FlexTensor, weight: &FlexTensor, bias: &FlexTensor, then: Then) -> FlexTensor {
    let bias = bias.storage::<f32>();
    let (at, is_down) = match kind {
        Kind::Dense => {
            let mut out = flat_of(Flex::float_matmul(x.clone(), weight.transpose(0, 1)));
            let arch = pulp::Arch::new();
            let rows = out.storage_mut::<f32>().par_chunks_mut(block_of(bias.len()));
            rows.for_each(|rows| arch.dispatch(AddRows { rows, bias, then }));
            return out;
        }
        Kind::Down(at) => (at, true),
        Kind::Up(at) => (at, false),
    };
    let x = x.storage::<f32>();
    let (large, small) = sizes(at);
    let (from, to) = if is_down { (large, small) } else { (small, large) };
    let samples = x.len() / from.max(1);
    let (per_block, runs, arch) = (samples_of_block(samples, at), runs(at), pulp::Arch::new());
    let mut out = vec![0.0f32; samples * to];
    let plan = Plan { at, large, rows_len: small / at.features * at.patch(), runs };
    let blocks = out.par_chunks_mut(per_block * to).zip(x.par_chunks(per_block * from));
    blocks.for_each_init(
        || plan.rows(per_block),
        |kept, (out, x)| {
            if is_down {
                let product = Flex::float_matmul(plan.laid_out(x, kept), weight.transpose(0, 1));
                out.copy_from_slice(product.as_slice().unwrap_or_default());
            } else {
                let product = Flex::float_matmul(matrix(x.to_vec(), at.features), weight.clone());
                plan.gathered(&product, out, arch);
            }
            arch.dispatch(AddRows { rows: out, bias, then });
        },
    );
    let (side, last) = if is_down { (at.half(), at.features) } else { (at.side, at.channels) };
    FlexTensor::from_data(TensorData::new(out, [samples, side, side, last]))
}

/// Which gradients are asked for.
#[derive(Clone, Copy)]
struct Wanted {
    x: bool,
    weight: bool,
}

/// The gradients by what went in and by the weights.
fn backward(
    kind: Kind,
    x: FlexTensor,
    weight: FlexTensor,
    grad: FlexTensor,
    wanted: Wanted,
) -> (Option<FlexTensor>, Option<FlexTensor>) {
    let (at, is_down) = match kind {
        Kind::Dense => {
            let by_weight = wanted.weight.then(|| Flex::float_matmul(grad.transpose(0, 1), x));
            return (wanted.x.then(|| Flex::float_matmul(grad, weight)), by_weight);
        }
        Kind::Down(at) => (at, true),
        Kind::Up(at) => (at, false),
    };
    if !wanted.x && !wanted.weight {
        return (None, None);
    }
    let shape = x.layout().shape().clone();
    let (x, grad) = (x.storage::<f32>(), grad.storage::<f32>());
    let (large, small) = sizes(at);
    let (from, to) = if is_down { (large, small) } else { (small, large) };
    let samples = x.len() / from.max(1);
    let (per_block, runs, arch) = (samples_of_block(samples, at), runs(at), pulp::Arch::new());
    let plan = Plan { at, large, rows_len: small / at.features * at.patch(), runs };
    let mut by_x = vec![0.0f32; if wanted.x { x.len() } else { 0 }];
    let block = |kept: &mut FlexTensor, x: &[f32], grad: &[f32], by_x: Option<&mut [f32]>| {
        // The larger picture's rows, and the smaller one's features.
        let (pictures, features) = if is_down { (x, grad) } else { (grad, x) };
        let features = matrix(features.to_vec(), at.features);
        let rows = (wanted.weight || !is_down).then(|| plan.laid_out(pictures, kept));
        if let Some(by_x) = by_x {
            if let (false, Some(rows)) = (is_down, &rows) {
                let product = Flex::float_matmul(rows.clone(), weight.transpose(0, 1));
                by_x.copy_from_slice(product.as_slice().unwrap_or_default());
            } else {
                let product = Flex::float_matmul(features.clone(), weight.clone());
                plan.gathered(&product, by_x, arch);
            }
        }
        rows.filter(|_| wanted.weight).map(|rows| Flex::float_matmul(features.transpose(0, 1), rows))
    };
    let pairs = x.par_chunks(per_block * from).zip(grad.par_chunks(per_block * to));
    let kept = || plan.rows(per_block);
    let parts: Vec<Option<FlexTensor>> = match wanted.x {
        true => pairs
            .zip(by_x.par_chunks_mut(per_block * from))
            .map_init(kept, |kept, ((x, grad), by_x)| block(kept, x, grad, Some(by_x)))
            .collect(),
        false => pairs.map_init(kept, |kept, (x, grad)| block(kept, x, grad, None)).collect(),
    };
    let by_weight = wanted.weight.then(|| {
        let mut sums = vec![0.0f32; at.features * at.patch()];
        for part in parts.iter().flatten() {
            let part = part.as_slice().unwrap_or_default();
            sums.iter_mut().zip(part).for_each(|(sum, part): (&mut f32, &f32)| *sum += part);
        }
        matrix(sums, at.patch())
    });
    (wanted.x.then(|| FlexTensor::from_data(TensorData::new(by_x, shape))), by_weight)
}

/// Where numbers of pictures and of rows are each other's.
struct Plan {
    at: Geometry,
    /// Numbers of a larger picture.
    large: usize,
    /// Numbers of all rows of a sample.
    rows_len: usize,
    runs: Vec<Run>,
}

impl Plan {
    /// Rows of so many samples, to be used again: what is padding stays 0.
    fn rows(&self, samples: usize) -> FlexTensor {
        matrix(vec![0.0; samples * self.rows_len], self.at.patch())
    }

    /// What every pixel of the smaller pictures sees, in `kept` where that has as many rows.
    fn laid_out(&self, pictures: &[f32], kept: &mut FlexTensor) -> FlexTensor {
        let samples = pictures.len() / self.large.max(1);
        let mut fewer = None;
        if kept.storage::<f32>().len() != samples * self.rows_len {
            fewer = Some(self.rows(samples));
        }
        let rows = fewer.as_mut().unwrap_or(kept);
        lay_out(pictures, self.large, rows.storage_mut::<f32>(), self.rows_len, &self.runs);
        rows.clone()
    }

    /// Adds rows to the pixels that they are of.
    fn gathered(&self, rows: &FlexTensor, pictures: &mut [f32], arch: pulp::Arch) {
        let rows = rows.as_slice().unwrap_or_default();
        gathered(rows, self.rows_len, pictures, self.large, &self.runs, arch);
    }
}

/// Numbers of a larger and of a smaller picture.
fn sizes(at: Geometry) -> (usize, usize) {
    (at.side * at.side * at.channels, at.half() * at.half() * at.features)
}

/// Samples of a block. It follows from the layer and the batch alone.
fn samples_of_block(samples: usize, at: Geometry) -> usize {
    let each = at.half() * at.half() * at.patch() * at.features;
    (BLOCK_COST / each.max(1)).min(samples.div_ceil(BLOCKS)).max(1)
}

fn matrix(numbers: Vec<f32>, columns: usize) -> FlexTensor {
    let rows = numbers.len() / columns.max(1);
    FlexTensor::from_data(TensorData::new(numbers, [rows, columns]))
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
