//! The kept snapshot of the overlay: sealed columns among the parts of the database.

mod labelling;

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::dataset::Decision;
use crate::dataset::edit::{Overlay, View};
use crate::store::blob::{self, Damage};
use crate::store::database;

/// Prefix of the overlay's columns among the parts.
const OVERLAY: &str = "overlay/";

/// The overlay but for its marks and decisions, which are columns.
#[derive(Default, Serialize, Deserialize)]
struct Views {
    view: View,
    saved_views: BTreeMap<String, View>,
    /// Snapshots of versions before there were pipelines have none.
    #[serde(default)]
    pipelines: [String; 2],
}

pub(super) fn put_snapshot(connection: &Connection, overlay: &Overlay) -> rusqlite::Result<()> {
    let decisions: Vec<u8> = overlay.decisions.iter().flat_map(|one| one.to_bytes()).collect();
    let Overlay { view, saved_views, pipelines, .. } = overlay.clone();
    let views = Views { view, saved_views, pipelines };
    let views = serde_json::to_vec(&views)
        .map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))?;
    let columns =
        [("marks", overlay.marks.as_slice()), ("decisions", &decisions), ("views", views.as_slice())];
    for (name, raw) in columns {
        database::put_column(connection, &format!("{OVERLAY}{name}"), &blob::seal_column(raw))?;
    }
    for (name, raw) in labelling::encode(&overlay.labelling) {
        database::put_column(connection, &format!("{OVERLAY}{name}"), &blob::seal_column(&raw))?;
    }
    Ok(())
}

/// The overlay of the kept snapshot, if there is one.
pub(super) fn snapshot(
    connection: &Connection,
    samples: usize,
) -> rusqlite::Result<Option<Result<Overlay, Damage>>> {
    let mut columns = database::columns(connection, OVERLAY)?;
    if columns.is_empty() {
        return Ok(None);
    }
    let decisions = columns.remove("decisions");
    let labelling = labelling::take(&mut columns);
    let mut take = |name| match columns.remove(name) {
        Some(parts) => blob::unseal_column(&parts?),
        None => Err(Damage("a column of the snapshot is missing")),
    };
    let whole = || {
        let mut marks = take("marks")?;
        let Views { view, saved_views, pipelines } = serde_json::from_slice(&take("views")?)
            .map_err(|_| Damage("the views of the snapshot cannot be read"))?;
        marks.resize(samples, 0);
        // A snapshot of a version before there were decisions has none.
        let bytes = decisions.map_or(Ok(Vec::new()), |parts| blob::unseal_column(&parts?))?;
        let mut decisions: Vec<Decision> =
            bytes.as_chunks().0.iter().copied().map(Decision::from_bytes).collect();
        decisions.resize(samples, Decision::UNDECIDED);
        let (marks, decisions) = (Arc::new(marks), Arc::new(decisions));
        let labelling = Arc::new(labelling::decode(samples, labelling)?);
        Ok(Overlay { marks, decisions, view, saved_views, pipelines, labelling })
    };
    Ok(Some(whole()))
}
