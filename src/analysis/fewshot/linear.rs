//! A linear classifier of rows and how it is fitted: multinomial logistic regression with a penalty on squared weights,
//! by L-BFGS (J. Nocedal and S. J. Wright, "Numerical Optimization", 2nd ed., 7.2).

use rayon::prelude::*;

use super::Settings;
use super::kernels::{LANES, add_outer, exp, products, width_of};

/// Rows whose gradient is summed at once: the blocks, and so the sums, do not depend on threads.
const BLOCK: usize = 256;
/// Steps whose curvature is remembered.
const MEMORY: usize = 8;
/// What a squared bias costs beside a squared weight.
const BIAS_COST: f32 = 0.02;

/// Scores of classes: `weights · row + bias`.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    classes: usize,
    numbers: usize,
    width: usize,
    /// `numbers × width`, and `width` biases. Columns beyond the classes are 0.
    values: Vec<f32>,
    /// Classes that it was fitted to: the others are never proposed.
    is_seen: Vec<bool>,
}

impl Linear {
    pub fn new(classes: usize, numbers: usize) -> Self {
        let width = width_of(classes);
        let values = vec![0.0; (numbers + 1) * width];
        Self { classes, numbers, width, values, is_seen: vec![false; classes] }
    }

    /// One that scores by the products with the mean rows of classes, `sharpness` times as steep.
    pub fn prototypes(classes: usize, numbers: usize, rows: &[f32], targets: &[u32], sharpness: f32) -> Self {
        let mut linear = Self::new(classes, numbers);
        for (row, class) in rows.chunks_exact(numbers).zip(targets) {
            let class = *class as usize;
            linear.is_seen[class] = true;
            for (weights, value) in linear.values.chunks_exact_mut(linear.width).zip(row) {
                weights[class] += value;
            }
        }
        for class in 0..classes {
            let column = || linear.values.iter().skip(class).step_by(linear.width).take(numbers);
            let length = column().map(|value| value * value).sum::<f32>().sqrt();
            if length > 0.0 {
                let column = linear.values.iter_mut().skip(class).step_by(linear.width).take(numbers);
                column.for_each(|value| *value *= sharpness / length);
            }
        }
        linear
    }

    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Numbers of a row.
    pub fn numbers(&self) -> usize {
        self.numbers
    }

    /// Scores of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The scores of rows, `width` of each: −∞ for a class that was not seen.
    pub fn score(&self, rows: &[f32], out: &mut [f32]) {
        let (weights, bias) = self.values.split_at(self.numbers * self.width);
        products(rows, self.numbers, weights, self.width, out);
        let is_seen = self.is_seen.iter().copied().chain(std::iter::repeat(false));
        let added = bias.iter().zip(is_seen);
        let added: Vec<f32> =
            added.map(|(bias, is_seen)| if is_seen { *bias } else { f32::NEG_INFINITY }).collect();
        for scores in out.chunks_exact_mut(self.width) {
            scores.iter_mut().zip(&added).for_each(|(score, added)| *score += added);
        }
    }

    /// Fits it to rows and their classes, going on from what it is.
    pub fn fit(mut self, rows: &[f32], targets: &[u32], settings: &Settings) -> Self {
        self.is_seen.fill(false);
        targets.iter().for_each(|class| self.is_seen[*class as usize] = true);
        let mut gradient = vec![0.0; self.values.len()];
        let mut loss = self.loss(&self.values, rows, targets, settings, &mut gradient);
        let mut past = Past::default();
        let (mut tried, mut tried_gradient) = (self.values.clone(), gradient.clone());
        for _ in 0..settings.steps {
            let mut direction = past.direction(&gradient);
            let mut slope = dot(&direction, &gradient);
            if slope >= 0.0 {
                // Rounding spoilt the curvature: along the gradient again.
                past = Past::default();
                direction = gradient.iter().map(|value| -value).collect();
                slope = dot(&direction, &gradient);
            }
            // Without curvature nobody knows how far: about one unit.
            let mut step = if past.steps.is_empty() { (1.0 / (-slope).sqrt() as f32).min(1.0) } else { 1.0 };
            let found = (0..12).find_map(|_| {
                for ((to, from), way) in tried.iter_mut().zip(&self.values).zip(&direction) {
                    *to = from + step * way;
                }
                let found = self.loss(&tried, rows, targets, settings, &mut tried_gradient);
                if found <= loss + 1e-4 * f64::from(step) * slope {
                    return Some(found);
                }
                step *= 0.5;
                None
            });
            let Some(found) = found else { break };
            past.add(&self.values, &tried, &gradient, &tried_gradient);
            std::mem::swap(&mut self.values, &mut tried);
            std::mem::swap(&mut gradient, &mut tried_gradient);
            let gained = loss - found;
            loss = found;
            if gained <= 1e-4 * loss {
                break;
            }
        }
        self
    }

    /// The sum of the losses in nats and the penalty, and its gradient.
    fn loss(
        &self,
        values: &[f32],
        rows: &[f32],
        targets: &[u32],
        settings: &Settings,
        gradient: &mut [f32],
    ) -> f64 {
        let (numbers, width) = (self.numbers, self.width);
        let (weights, bias) = values.split_at(numbers * width);
        let of_block = |(rows, targets): (&[f32], &[u32])| {
            let mut residuals = vec![0.0f32; targets.len() * width];
            products(rows, numbers, weights, width, &mut residuals);
            let mut sums = vec![0.0f32; (numbers + 1) * width];
            let (of_weights, of_bias) = sums.split_at_mut(numbers * width);
            let mut loss = 0.0f64;
            for (scores, target) in residuals.chunks_exact_mut(width).zip(targets) {
                scores.iter_mut().zip(bias).for_each(|(score, bias)| *score += bias);
                let target = *target as usize;
                let most = self.most(scores);
                let own = scores[target];
                let mut whole = 0.0f32;
                for (class, score) in scores.iter_mut().enumerate() {
                    let is_seen = self.is_seen.get(class).copied().unwrap_or(false);
                    *score = if is_seen { exp(*score - most) } else { 0.0 };
                    whole += *score;
                }
                loss += f64::from(libm::logf(whole) + most - own);
                scores.iter_mut().for_each(|score| *score /= whole);
                scores[target] -= 1.0;
                of_bias.iter_mut().zip(scores.iter()).for_each(|(sum, residual)| *sum += residual);
            }
            add_outer(rows, numbers, &residuals, width, of_weights);
            (loss, sums)
        };
        let blocks = rows.par_chunks(BLOCK * numbers).zip(targets.par_chunks(BLOCK));
        let parts: Vec<(f64, Vec<f32>)> = blocks.map(of_block).collect();
        let mut loss = 0.0;
        let costs = |at: usize| {
            if at < numbers * width { settings.regularisation } else { settings.regularisation * BIAS_COST }
        };
        for (at, (sum, value)) in gradient.iter_mut().zip(values).enumerate() {
            *sum = costs(at) * value;
            loss += 0.5 * f64::from(costs(at)) * f64::from(*value) * f64::from(*value);
        }
        for (part, sums) in parts {
            loss += part;
            gradient.iter_mut().zip(sums).for_each(|(sum, part)| *sum += part);
        }
        loss
    }

    /// The largest score of a class that was seen.
    fn most(&self, scores: &[f32]) -> f32 {
        let seen = scores.iter().zip(&self.is_seen).filter(|(_, is_seen)| **is_seen);
        seen.fold(f32::NEG_INFINITY, |most, (score, _)| most.max(*score))
    }
}

/// The last steps and what they changed of the gradient.
#[derive(Default)]
struct Past {
    /// The step, the change, and 1 / their product.
    steps: Vec<(Vec<f32>, Vec<f32>, f64)>,
}

impl Past {
    fn add(&mut self, from: &[f32], to: &[f32], before: &[f32], after: &[f32]) {
        let between = |one: &[f32], two: &[f32]| -> Vec<f32> {
            two.iter().zip(one).map(|(two, one)| two - one).collect()
        };
        let (step, change) = (between(from, to), between(before, after));
        let product = dot(&step, &change);
        if product > 1e-12 {
            if self.steps.len() == MEMORY {
                self.steps.remove(0);
            }
            self.steps.push((step, change, 1.0 / product));
        }
    }

    /// Where to go: against the gradient, turned by the curvature (the two loops).
    fn direction(&self, gradient: &[f32]) -> Vec<f32> {
        let mut way: Vec<f32> = gradient.iter().map(|value| -value).collect();
        let mut parts = Vec::with_capacity(self.steps.len());
        for (step, change, inverse) in self.steps.iter().rev() {
            let part = inverse * dot(step, &way);
            way.iter_mut().zip(change).for_each(|(way, change)| *way -= part as f32 * change);
            parts.push(part);
        }
        if let Some((_, change, inverse)) = self.steps.last() {
            let scale = (1.0 / (inverse * dot(change, change))) as f32;
            way.iter_mut().for_each(|way| *way *= scale);
        }
        for ((step, change, inverse), part) in self.steps.iter().zip(parts.iter().rev()) {
            let back = part - inverse * dot(change, &way);
            way.iter_mut().zip(step).for_each(|(way, step)| *way += back as f32 * step);
        }
        way
    }
}

/// In as many sums as the widest register has, whose order is one on every machine.
fn dot(one: &[f32], two: &[f32]) -> f64 {
    let mut sums = [0.0f64; LANES];
    for (one, two) in one.chunks(LANES).zip(two.chunks(LANES)) {
        for (sum, (one, two)) in sums.iter_mut().zip(one.iter().zip(two)) {
            *sum += f64::from(*one) * f64::from(*two);
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of three classes, each around a direction of its own.
    fn rows(count: usize) -> (Vec<f32>, Vec<u32>) {
        let noise = |at: usize| ((at * 7919) % 101) as f32 / 101.0 - 0.5;
        let class = |row: usize| (row % 3) as u32;
        let value =
            |row: usize, at: usize| f32::from(u8::from(at as u32 == class(row))) + noise(row * 5 + at);
        (
            (0..count).flat_map(|row| (0..5).map(move |at| value(row, at))).collect(),
            (0..count).map(class).collect(),
        )
    }

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let (rows, targets) = rows(300);
        let mut linear = Linear::new(4, 5);
        (0..3).for_each(|class| linear.is_seen[class] = true);
        let settings = Settings { regularisation: 2.0, ..Settings::default() };
        let at: Vec<f32> = (0..linear.values.len())
            .map(|at| if at % linear.width < 3 { (at % 7) as f32 / 7.0 - 0.4 } else { 0.0 })
            .collect();
        let mut gradient = vec![0.0; at.len()];
        linear.loss(&at, &rows, &targets, &settings, &mut gradient);
        for place in [0, 1, 2, linear.width, 5 * linear.width, 5 * linear.width + 2] {
            let mut unused = vec![0.0; at.len()];
            let mut moved = |by: f32| {
                let mut values = at.clone();
                values[place] += by;
                linear.loss(&values, &rows, &targets, &settings, &mut unused)
            };
            let slope = (moved(0.01) - moved(-0.01)) / 0.02;
            assert!(
                (slope - f64::from(gradient[place])).abs() < 0.05,
                "{place}: {slope} {}",
                gradient[place]
            );
        }
    }

    #[test]
    fn a_fit_ends_where_the_gradient_does_and_goes_on_from_another() {
        let (rows, targets) = rows(300);
        let settings = Settings { steps: 200, ..Settings::default() };
        let fitted = Linear::new(4, 5).fit(&rows, &targets, &settings);
        let mut gradient = vec![0.0; fitted.values.len()];
        let loss = fitted.loss(&fitted.values, &rows, &targets, &settings, &mut gradient);
        let start = Linear::new(4, 5).fit(&rows, &targets, &Settings { steps: 0, ..settings });
        let before = start.loss(&start.values, &rows, &targets, &settings, &mut vec![0.0; gradient.len()]);
        assert!(loss < before / 3.0, "{loss} {before}");
        assert!(dot(&gradient, &gradient).sqrt() < 1.0);
        let again = fitted.clone().fit(&rows, &targets, &Settings { steps: 2, ..settings });
        let after = again.loss(&again.values, &rows, &targets, &settings, &mut gradient);
        assert!(after <= loss && after > loss * 0.98, "{after} {loss}");
        let mut scores = vec![0.0; 300 * fitted.width()];
        fitted.score(&rows, &mut scores);
        for (scores, target) in scores.chunks_exact(fitted.width()).zip(&targets) {
            let best = (0..4).max_by(|one, two| scores[*one].total_cmp(&scores[*two])).unwrap();
            assert_eq!((best as u32, scores[3]), (*target, f32::NEG_INFINITY));
        }
    }
}
