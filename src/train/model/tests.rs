use super::*;
use crate::train::config::Channels;

fn tiny(likelihood: Likelihood, classes: usize) -> Shape {
    Shape {
        size: 17,
        channels: Channels::Colour,
        latent: 3,
        width: 4,
        depth: 2,
        hidden: 8,
        likelihood,
        classes,
    }
}

fn noise_of(count: usize, place: u64) -> Vec<f32> {
    Stream::new(7, place, Purpose::Noise).normal_vec(count)
}

fn samples(shape: &Shape, count: usize) -> Vec<f32> {
    let mut stream = Stream::new(9, 0, Purpose::Prior);
    (0..count * shape.values()).map(|_| stream.unit()).collect()
}

fn close(one: &[f32], two: &[f64], least: f64) {
    assert_eq!(one.len(), two.len());
    for (one, two) in one.iter().zip(two) {
        let apart = (f64::from(*one) - two).abs();
        assert!(apart <= least * two.abs().max(1.0), "{one} is not {two}");
    }
}

#[test]
fn every_shape_goes_in_and_comes_out_and_is_as_large_as_it_says() {
    let device = Device::flex();
    for (size, depth, channels, classes, likelihood) in [
        (16, 1, Channels::Grey, 0, Likelihood::Bernoulli),
        (17, 2, Channels::Colour, 5, Likelihood::Gaussian),
        (28, 2, Channels::Grey, 0, Likelihood::Gaussian),
        (31, 3, Channels::Colour, 2, Likelihood::Bernoulli),
    ] {
        let shape = Shape { size, depth, channels, classes, ..tiny(likelihood, classes) };
        let model = Model::new(&shape, 1, &device);
        let numbers = model.numbers().unwrap();
        assert_eq!(numbers.iter().map(Vec::len).sum::<usize>() as u64, shape.parameters());
        let batch = model.batch_of(samples(&shape, 4), &[0, 1, 99, 4]);
        let posterior = model.encode(&batch);
        assert_eq!((posterior.mean.dims(), posterior.log_variance.dims()), ([4, 3], [4, 3]));
        let logits = model.decode(posterior.draw(model.latents(noise_of(12, 0))), batch.classes.as_ref());
        assert_eq!(logits.dims(), [4, size, size, channels.count()]);
        assert_eq!(model.reconstruction(batch.pixels, logits).dims(), [4]);
    }
}

#[test]
fn divergence_is_the_closed_form() {
    let model = Model::new(&tiny(Likelihood::Bernoulli, 0), 1, &Device::flex());
    let means = [0.0, 1.5, -3.0, 0.1, 0.0, 2.0];
    let log_variances = [0.0, -1.0, 2.0, -9.0, 4.0, 0.5];
    let posterior = Posterior {
        mean: model.latents(means.to_vec()),
        log_variance: model.latents(log_variances.to_vec()),
    };
    // KL(N(μ, σ²) ‖ N(0, 1)) = ln(1/σ) + (σ² + μ²)/2 − ½.
    let expected = means.iter().zip(log_variances).map(|(mean, log_variance)| {
        let sigma = (f64::from(log_variance) / 2.0).exp();
        -sigma.ln() + (sigma * sigma + f64::from(*mean).powi(2)) / 2.0 - 0.5
    });
    close(&numbers_of(posterior.divergence()).unwrap(), &expected.collect::<Vec<_>>(), 1e-5);
    // And the mean of ln q − ln p over draws from q.
    let (mean, log_variance) = (0.7f64, -0.6f64);
    let sigma = (log_variance / 2.0).exp();
    let draws = noise_of(200_000, 3);
    let sum: f64 = draws.iter().map(|draw| f64::from(*draw)).fold(0.0, |sum, draw| {
        let z = mean + sigma * draw;
        sum - draw * draw / 2.0 - sigma.ln() + z * z / 2.0
    });
    let closed = (mean * mean + log_variance.exp() - 1.0 - log_variance) / 2.0;
    assert!((sum / draws.len() as f64 - closed).abs() < 0.01);
}

#[test]
fn likelihoods_are_their_closed_forms() {
    let logits = [-60.0, -3.0, -0.2, 0.4, 2.5, 60.0];
    let values = [0.0, 0.3, 1.0, 0.0, 0.9, 1.0];
    for likelihood in Likelihood::ALL {
        let shape = tiny(likelihood, 0);
        let model = Model::new(&shape, 1, &Device::flex());
        let spread = |numbers: [f32; 6]| (0..shape.values()).map(|at| numbers[at % 6]).collect::<Vec<f32>>();
        let picture = |numbers| model.batch_of(spread(numbers), &[]).pixels;
        let found = numbers_of(model.reconstruction(picture(values), picture(logits))).unwrap();
        let expected: f64 = (0..shape.values())
            .map(|at| (f64::from(logits[at % 6]), f64::from(values[at % 6])))
            .map(|(logit, value)| {
                let chance = 1.0 / (1.0 + (-logit).exp());
                match likelihood {
                    // The products with 0 are 0 where a logarithm is not finite.
                    Likelihood::Bernoulli => {
                        let part = |weight: f64, log: f64| if weight == 0.0 { 0.0 } else { -weight * log };
                        part(value, chance.ln()) + part(1.0 - value, -(logit + (-logit).exp().ln_1p()))
                    }
                    Likelihood::Gaussian => {
                        let log_sigma = (6.0f64.exp() + 1.0).ln() - 6.0;
                        ((value - chance) / log_sigma.exp()).powi(2) / 2.0
                            + log_sigma
                            + std::f64::consts::TAU.ln() / 2.0
                    }
                }
            })
            .sum();
        close(&found, &[expected], 1e-4);
    }
}

#[test]
fn gradients_are_finite_differences() {
    for (likelihood, classes) in [(Likelihood::Bernoulli, 0), (Likelihood::Gaussian, 2)] {
        let shape = tiny(likelihood, classes);
        let model = Model::new(&shape, 5, &Device::flex());
        let (pixels, noise) = (samples(&shape, 2), noise_of(2 * shape.latent, 1));
        let loss_of = |numbers: Numbers| {
            let model = Model::of(&shape, numbers, &Device::flex());
            let batch = model.batch_of(pixels.clone(), &[0, 1]);
            let loss = Loss::of(&model, &batch, model.latents(noise.clone()));
            f64::from(numbers_of(loss.total(0.7)).unwrap()[0])
        };
        let tracked = model.tracked(|_| true);
        let batch = model.batch_of(pixels.clone(), &[0, 1]);
        let loss = Loss::of(&tracked, &batch, model.latents(noise.clone()));
        let gradients = loss.total(0.7).backward();
        let numbers = model.numbers().unwrap();
        for (at, weight) in shape.weights().iter().enumerate() {
            let gradient = tracked.weights[at].grad(&gradients);
            let gradient = numbers_of(gradient.expect("every weight counts")).unwrap();
            // Along the gradient itself, where the difference stands out of the rounding.
            let length = gradient.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
            assert!(length > 0.0, "{} {likelihood:?}", weight.name);
            let step = 2e-3;
            let moved = |sign: f64| {
                let mut numbers = numbers.clone();
                for (number, along) in numbers[at].iter_mut().zip(&gradient) {
                    *number += (sign * step * f64::from(*along) / length) as f32;
                }
                loss_of(numbers)
            };
            let slope = (moved(1.0) - moved(-1.0)) / (2.0 * step);
            assert!((slope - length).abs() < 0.02 * length + 0.05, "{}: {slope} and {length}", weight.name);
        }
    }
}

#[test]
fn frozen_weights_have_no_gradient() {
    let shape = tiny(Likelihood::Bernoulli, 0);
    let model = Model::new(&shape, 5, &Device::flex());
    let weights = shape.weights();
    let tracked = model.tracked(|at| !weights[at].is_of_encoder());
    let batch = model.batch_of(samples(&shape, 2), &[]);
    let loss = Loss::of(&tracked, &batch, model.latents(noise_of(6, 1)));
    let gradients = loss.total(1.0).backward();
    for (at, weight) in weights.iter().enumerate() {
        assert_eq!(
            tracked.weights[at].grad(&gradients).is_some(),
            !weight.is_of_encoder(),
            "{}",
            weight.name
        );
    }
}
