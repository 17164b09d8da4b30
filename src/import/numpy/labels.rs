//! An array of labels: whole numbers or text per sample, or a row of zeros and ones.

use super::super::packed::{self, MAX_CLASSES};
use super::super::reader::{ReadAt, ReadError};
use super::header::{Element, Header};
use crate::dataset::IssueKind;

/// One label as stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Number(i64),
    Text(String),
}

impl Value {
    /// The class's name: its own text, or what `names` has for its number.
    pub fn name(&self, names: &[String]) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => {
                let named = usize::try_from(*number).ok().and_then(|at| names.get(at));
                named.cloned().unwrap_or_else(|| number.to_string())
            }
        }
    }
}

/// Most columns that a row of zeros and ones may have.
const MAX_COLUMNS: u64 = 4096;

/// Most bytes of labels: a hundred million of eight bytes each.
const MAX_LABEL_BYTES: u64 = 800_000_000;

pub struct Labels {
    element: Element,
    /// Values per sample.
    columns: usize,
    values: Vec<u8>,
}

impl Labels {
    /// Whether an array of that type and shape may hold labels.
    pub fn can_be(header: &Header) -> bool {
        let columns = match header.shape[..] {
            [_] => 1,
            [_, columns] => columns,
            _ => return false,
        };
        let text = matches!(header.element, Element::Bytes { .. } | Element::Unicode { .. });
        header.element.bytes() > 0 && (columns == 1 || (!text && (2..=MAX_COLUMNS).contains(&columns)))
    }

    pub fn read(bytes: &dyn ReadAt, header: &Header) -> Result<Self, ReadError> {
        if !Self::can_be(header) {
            return Err(ReadError::new(IssueKind::Annotation, "the array is no list of labels"));
        }
        let columns = header.shape.get(1).copied().unwrap_or(1);
        // At most 4,096 columns of 16,384 bytes.
        let row = columns * header.element.bytes();
        let promised = header.shape[0].saturating_mul(row);
        let mut values = packed::bytes_up_to(bytes, header.start, promised.min(MAX_LABEL_BYTES))?;
        if values.len() as u64 == MAX_LABEL_BYTES && promised > MAX_LABEL_BYTES {
            let message =
                format!("the labels take {promised} bytes, more than the {MAX_LABEL_BYTES} that are read");
            return Err(ReadError::new(IssueKind::Oversized, message));
        }
        values.truncate(values.len() - values.len() % row as usize);
        let labels = Self { element: header.element, columns: columns as usize, values };
        if labels.columns > 1 && !labels.numbers().all(|number| matches!(number, Some(0 | 1))) {
            let message = "the labels have several columns that are not all zeros and ones";
            return Err(ReadError::new(IssueKind::Annotation, message));
        }
        Ok(labels)
    }

    /// Number of samples that have a label.
    pub fn len(&self) -> usize {
        self.values.len() / (self.columns * self.element.bytes() as usize)
    }

    /// The labels of one sample; none past the end, for a number that is not whole or for an
    /// empty text.
    pub fn get(&self, sample: usize) -> Vec<Value> {
        let size = self.element.bytes() as usize;
        let row = self.columns * size;
        let Some(row) = self.values.chunks_exact(row).nth(sample) else { return Vec::new() };
        if self.columns == 1 {
            return value(self.element, row).into_iter().collect();
        }
        let ones = row.chunks_exact(size).enumerate();
        let ones = ones.filter(|(_, one)| value(self.element, one) == Some(Value::Number(1)));
        ones.map(|(column, _)| Value::Number(column as i64)).collect()
    }

    /// The classes that occur, at most [`MAX_CLASSES`].
    pub fn classes(&self) -> std::collections::BTreeSet<Value> {
        let mut classes = std::collections::BTreeSet::new();
        for sample in 0..self.len() {
            classes.extend(self.get(sample));
            if classes.len() >= MAX_CLASSES {
                break;
            }
        }
        classes
    }

    fn numbers(&self) -> impl Iterator<Item = Option<i64>> + '_ {
        self.values.chunks_exact(self.element.bytes() as usize).map(|one| match value(self.element, one) {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        })
    }
}

/// One stored value.
fn value(element: Element, stored: &[u8]) -> Option<Value> {
    let eight = |big: bool, fill: u8| {
        let mut bytes = [fill; 8];
        for (at, byte) in stored.iter().enumerate().take(8) {
            bytes[if big { stored.len() - 1 - at } else { at }] = *byte;
        }
        bytes
    };
    let number = match element {
        Element::Bool => i64::from(*stored.first()? != 0),
        Element::Uint { big, .. } => i64::try_from(u64::from_le_bytes(eight(big, 0))).ok()?,
        Element::Int { big, .. } => {
            let top = if big { stored.first()? } else { stored.last()? };
            i64::from_le_bytes(eight(big, if top & 0x80 == 0 { 0 } else { 0xff }))
        }
        Element::Float { size, big } => {
            let bytes = eight(big, 0);
            let number = match size {
                4 => f64::from(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
                _ => f64::from_le_bytes(bytes),
            };
            if number.fract() != 0.0 || number.abs() > 9e15 {
                return None;
            }
            number as i64
        }
        Element::Bytes { .. } => return text(String::from_utf8_lossy(stored).as_ref()),
        Element::Unicode { big, .. } => {
            let points = stored.chunks_exact(4).map(|four| {
                let four = [four[0], four[1], four[2], four[3]];
                let point = if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) };
                char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER)
            });
            return text(&points.collect::<String>());
        }
    };
    Some(Value::Number(number))
}

/// Text without its padding.
fn text(padded: &str) -> Option<Value> {
    let text = padded.trim_end_matches('\0');
    (!text.is_empty()).then(|| Value::Text(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::super::reader::access::MemoryAt;
    use super::*;

    #[test]
    fn labels_of_every_type_are_read() {
        let number = |number| vec![Value::Number(number)];
        let word = |word: &str| vec![Value::Text(word.to_owned())];
        for (element, shape, bytes, expected) in [
            (Element::Uint { size: 1, big: false }, vec![2], vec![3, 255], vec![number(3), number(255)]),
            (Element::Int { size: 1, big: false }, vec![1], vec![255], vec![number(-1)]),
            (Element::Int { size: 2, big: true }, vec![1], vec![255, 254], vec![number(-2)]),
            (Element::Int { size: 8, big: false }, vec![1, 1], vec![7, 0, 0, 0, 0, 0, 0, 0], vec![number(7)]),
            (Element::Uint { size: 4, big: true }, vec![1], vec![0, 0, 1, 0], vec![number(256)]),
            (Element::Uint { size: 8, big: false }, vec![1], vec![255; 8], vec![vec![]]),
            (Element::Float { size: 4, big: true }, vec![1], vec![0x40, 0, 0, 0], vec![number(2)]),
            (Element::Float { size: 4, big: false }, vec![1], vec![0, 0, 0, 0x3f], vec![vec![]]),
            (Element::Bytes { size: 3 }, vec![2], b"ab\0\0\0\0".to_vec(), vec![word("ab"), vec![]]),
            (Element::Unicode { chars: 1, big: false }, vec![1], vec![0xe4, 0, 0, 0], vec![word("ä")]),
            (
                Element::Uint { size: 1, big: false },
                vec![2, 3],
                vec![0, 1, 1, 0, 0, 0],
                vec![vec![Value::Number(1), Value::Number(2)], vec![]],
            ),
        ] {
            let labels = Labels::read(&MemoryAt(bytes), &Header { element, shape, start: 0 }).unwrap();
            let read: Vec<_> = (0..labels.len()).map(|sample| labels.get(sample)).collect();
            assert_eq!(read, expected, "{element:?}");
            assert_eq!(labels.get(99), []);
        }
    }

    #[test]
    fn columns_of_other_numbers_are_no_labels() {
        let element = Element::Uint { size: 1, big: false };
        for shape in [vec![2, 2], vec![1, 2, 2], vec![]] {
            assert!(Labels::read(&MemoryAt(vec![0, 1, 2, 3]), &Header { element, shape, start: 0 }).is_err());
        }
    }
}
