//! Arithmetic of lists that state and views share.

/// Height of a row in tables, in points.
pub const TABLE_ROW: f32 = 26.0;

/// The position nearest to `position` at which the whole of `row` is in the viewport. Positions
/// are points from the top of the list.
pub fn reveal(position: f64, row: usize, row_height: f32, viewport: f32) -> f64 {
    let top = row as f64 * f64::from(row_height);
    let bottom = top + f64::from(row_height);
    if top < position {
        top
    } else if bottom > position + f64::from(viewport) {
        bottom - f64::from(viewport)
    } else {
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revealing_moves_no_further_than_needed() {
        for (position, row, expected) in [(0.0, 2, 0.0), (0.0, 4, 30.0), (60.0, 1, 26.0), (26.0, 1, 26.0)] {
            assert_eq!(reveal(position, row, 26.0, 100.0), expected, "{position} {row}");
        }
    }
}
