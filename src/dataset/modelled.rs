//! What a trained model says of each sample: numbers that are columns like any other.
//!
//! It refuses to know how they are computed: [`crate::pipeline::modelled`] does that.

use std::sync::Arc;

use super::SampleId;

/// What a model says of a sample. The order is the order on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ModelColumn {
    /// The mean of squared differences between a sample's pixels, 0 to 1, and what comes back of it.
    Error,
    /// KL(q(z|x) ‖ p(z)) in nats: how much the latent says of the sample.
    Divergence,
    /// ln q(μ) under the aggregate posterior of all samples, in nats: low where hardly any other lies.
    Density,
    /// The mean distance from μ to those of its nearest neighbours.
    Distance,
}

impl ModelColumn {
    pub const ALL: [Self; 4] = [Self::Error, Self::Divergence, Self::Density, Self::Distance];
}

/// What one model says of all samples.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelColumns {
    /// The model for a person: its checkpoint's folder.
    pub of: String,
    /// BLAKE3 of the model's weights, in hexadecimal.
    pub weights: String,
    /// Training steps that the model made.
    pub step: u64,
    /// In the order of [`ModelColumn::ALL`]; one value per row, NaN where it is unknown. Rows beyond have none.
    values: [Arc<Vec<f32>>; ModelColumn::ALL.len()],
}

impl ModelColumns {
    /// Columns of `rows` values each, none known.
    pub fn new(of: String, weights: String, step: u64, rows: usize) -> Self {
        let unknown = Arc::new(vec![f32::NAN; rows]);
        Self { of, weights, step, values: std::array::from_fn(|_| unknown.clone()) }
    }

    /// The same with these values in a column, one per row.
    pub fn with_column(mut self, column: ModelColumn, values: Vec<f32>) -> Self {
        self.values[column as usize] = values.into();
        self
    }

    /// The values of a column by row.
    pub fn column(&self, column: ModelColumn) -> &Arc<Vec<f32>> {
        &self.values[column as usize]
    }

    /// What is said of a sample; NaN where it is unknown.
    pub fn value(&self, column: ModelColumn, sample: SampleId) -> f32 {
        self.column(column).get(sample as usize).copied().unwrap_or(f32::NAN)
    }

    /// Whose columns they are, for a person: "by the model of step 500 in …/model-001/step-00000500".
    pub fn by(&self) -> String {
        format!("by the model of step {} in {}", self.step, self.of)
    }

    /// Samples of which anything is known.
    pub fn known(&self) -> usize {
        self.column(ModelColumn::Error).iter().filter(|value| !value.is_nan()).count()
    }

    /// The same without what was said of these samples: they are others by now.
    pub fn forgetting(&self, samples: &[SampleId]) -> Self {
        let mut columns = self.clone();
        for values in &mut columns.values {
            let rows = values.len();
            let values = Arc::make_mut(values);
            let there = samples.iter().map(|sample| *sample as usize).filter(|row| *row < rows);
            there.for_each(|row| values[row] = f32::NAN);
        }
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_of_another_sample_is_forgotten() {
        let columns = ModelColumns::new("run".into(), "ab".into(), 3, 3)
            .with_column(ModelColumn::Error, vec![0.5, f32::NAN, 0.25])
            .with_column(ModelColumn::Density, vec![-3.0, -4.0, -5.0]);
        assert_eq!(columns.known(), 2);
        let later = columns.forgetting(&[2, 9]);
        let of = |columns: &ModelColumns, sample| columns.value(ModelColumn::Density, sample);
        assert_eq!((of(&columns, 2), of(&later, 1), later.known()), (-5.0, -4.0, 1));
        assert!(of(&later, 2).is_nan() && of(&later, 7).is_nan());
        assert!(columns.value(ModelColumn::Distance, 0).is_nan());
    }
}
