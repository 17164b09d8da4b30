//! Where boxes lie in their pictures, how large they are and how many there are, over all and by class.
//!
//! Places and sizes are fractions of a picture's width and height. A box's size is √(width × height), the side of
//! a square of its area: 0 to 1.

/// Cells across and down of a heat map of box centres.
pub const CELLS: usize = 32;
/// Bins of box sizes, from 0 to 1.
pub const SIZES: usize = 50;
/// Numbers of boxes in a picture that are counted apart; more count as so many.
pub const MOST_BOXES: usize = 200;
/// Classes that have figures of their own, so that thousands take no more than some memory.
pub const MAX_CLASSES: usize = 2048;

/// A box of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RelativeBox {
    pub class: u32,
    /// From the top left corner, x to the right.
    pub centre: [f32; 2],
    pub size: [f32; 2],
}

/// The figures of some boxes.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxFigures {
    pub boxes: u64,
    /// Samples that have one.
    pub samples: u64,
    /// Centres by cell, line by line from the top: [`CELLS`]². Those outside of the picture count at its border.
    pub centres: Vec<u64>,
    /// Boxes by size, in [`SIZES`] bins; what is larger than the picture counts as large as that.
    pub sizes: Vec<u64>,
    sum_of_sizes: f64,
}

impl Default for BoxFigures {
    fn default() -> Self {
        let (centres, sizes) = (vec![0; CELLS * CELLS], vec![0; SIZES]);
        Self { boxes: 0, samples: 0, centres, sizes, sum_of_sizes: 0.0 }
    }
}

impl BoxFigures {
    /// The mean size; `None` of no boxes.
    pub fn mean_size(&self) -> Option<f64> {
        (self.boxes > 0).then(|| self.sum_of_sizes / self.boxes as f64)
    }

    fn add(&mut self, one: &RelativeBox) {
        let cell = |place: f32| part_of(f64::from(place), CELLS);
        let size = (f64::from(one.size[0]) * f64::from(one.size[1])).max(0.0).sqrt().min(1.0);
        self.boxes += 1;
        self.centres[cell(one.centre[1]) * CELLS + cell(one.centre[0])] += 1;
        self.sizes[part_of(size, SIZES)] += 1;
        self.sum_of_sizes += size;
    }
}

/// Which of so many equal parts from 0 to 1 a number lies in, which begins at `part / parts`; one outside is in the first
/// or the last.
fn part_of(number: f64, parts: usize) -> usize {
    let begin = |part: usize| part as f64 / parts as f64;
    let part = ((number * parts as f64).max(0.0) as usize).min(parts - 1);
    // A product can be rounded over a border that its number does not reach, and the other way round.
    match part {
        part if part + 1 < parts && number >= begin(part + 1) => part + 1,
        part if part > 0 && number < begin(part) => part - 1,
        part => part,
    }
}

/// The figures of all boxes while they are taken, sample by sample.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxTally {
    pub all: BoxFigures,
    /// The first [`MAX_CLASSES`] classes.
    pub classes: Vec<BoxFigures>,
    /// Samples by the number of their boxes, 0 to [`MOST_BOXES`].
    pub per_sample: Vec<u64>,
}

impl BoxTally {
    /// Nothing yet, of so many classes.
    pub fn new(classes: usize) -> Self {
        Self {
            all: BoxFigures::default(),
            classes: vec![BoxFigures::default(); classes.min(MAX_CLASSES)],
            per_sample: vec![0; MOST_BOXES + 1],
        }
    }

    /// Takes in the boxes of a sample; those whose numbers are none have no place and no size, and are boxes of it.
    pub fn add(&mut self, boxes: &[RelativeBox]) {
        let is_known = |one: &&RelativeBox| one.centre.iter().chain(&one.size).all(|value| value.is_finite());
        self.per_sample[boxes.len().min(MOST_BOXES)] += 1;
        self.all.samples += u64::from(!boxes.is_empty());
        for one in boxes.iter().filter(is_known) {
            self.all.add(one);
            if let Some(class) = self.classes.get_mut(one.class as usize) {
                class.add(one);
            }
        }
        for (at, one) in boxes.iter().enumerate() {
            // A sample counts once for a class, however many boxes it has of it.
            if boxes[..at].iter().all(|before| before.class != one.class)
                && let Some(class) = self.classes.get_mut(one.class as usize)
            {
                class.samples += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_begins_at_its_border() {
        for parts in [CELLS, SIZES] {
            for part in 0..parts {
                let begin = part as f64 / parts as f64;
                assert_eq!(part_of(begin, parts), part);
                assert_eq!(part_of(begin.next_down(), parts), part.saturating_sub(1));
            }
        }
        assert_eq!((part_of(-3.0, 32), part_of(7.0, 32)), (0, 31));
    }

    #[test]
    fn boxes_count_where_they_lie() {
        let one = |class, centre, size| RelativeBox { class, centre, size };
        let mut tally = BoxTally::new(2);
        tally.add(&[
            one(0, [0.5, 0.0], [0.5, 0.5]),
            one(0, [1.0, 1.0], [2.0, 2.0]),
            one(1, [-1.0, 0.99], [0.0, 0.3]),
        ]);
        tally.add(&[]);
        tally.add(&[one(7, [0.1, 0.1], [0.1, 0.4]), one(1, [f32::NAN, 0.0], [1.0, 1.0])]);
        assert_eq!((tally.all.boxes, tally.all.samples), (4, 2));
        assert_eq!((tally.classes[0].boxes, tally.classes[0].samples), (2, 1));
        assert_eq!((tally.classes[1].boxes, tally.classes[1].samples), (1, 2));
        assert_eq!(tally.per_sample[..4], [1, 0, 1, 1]);
        assert_eq!(tally.classes[0].centres[16], 1);
        assert_eq!(tally.classes[0].centres[CELLS * CELLS - 1], 1);
        assert_eq!(tally.classes[1].centres[(CELLS - 1) * CELLS], 1);
        assert_eq!((tally.all.sizes[25], tally.all.sizes[SIZES - 1], tally.all.sizes[0]), (1, 1, 1));
        assert_eq!(tally.classes[0].mean_size(), Some(0.75));
        assert_eq!(BoxFigures::default().mean_size(), None);
    }
}
