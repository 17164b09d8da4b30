//! A tar of variants, as WebDataset has it.

use std::ops::Range;

use serde_json::Value;

use crate::export::dataset::draft::{Draft, Make, Told, Work};
use crate::export::dataset::layouts::ending_of;
use crate::export::dataset::webdataset::append;
use crate::export::dataset::write::{Failure, Out};
use crate::media;

/// One shard.
#[derive(Debug)]
pub struct TarShard {
    /// Places among the items; they number the shard's members.
    pub places: Range<usize>,
}

impl Make for TarShard {
    fn tell(&self, _: &Draft, told: &mut Told) {
        told.add(format!("{:?}", self.places).as_bytes());
    }

    fn samples(&self) -> u64 {
        self.places.len() as u64
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let making = work.making()?;
        let dataset = work.dataset();
        let mut tar = tar::Builder::new(out);
        for at in self.places.clone() {
            tar.get_ref().checkpoint()?;
            let item = making.items[at];
            let (bytes, plan) = match making.bytes(work, item) {
                Ok(made) => made,
                Err(error) => {
                    tar.get_mut().fault(item.sample, error);
                    continue;
                }
            };
            let key = format!("{at:08}");
            let ending = media::sniff(&bytes).and_then(ending_of).unwrap_or("img");
            // The time of the sample: the same bytes whenever it is made.
            let modified = dataset.modified_ms[item.sample as usize];
            append(&mut tar, &format!("{key}.{ending}"), &bytes, modified)?;
            if let [class] = work.snapshot.labels().get(item.sample) {
                let name = &work.snapshot.labels().classes[*class as usize];
                append(&mut tar, &format!("{key}.cls"), name.as_bytes(), modified)?;
            }
            let about = Value::Object(making.about(work, item, plan.as_ref())).to_string();
            append(&mut tar, &format!("{key}.json"), about.as_bytes(), modified)?;
        }
        tar.finish()?;
        Ok(())
    }
}
