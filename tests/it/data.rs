//! Real data for tests: folders named by `LENSLET_TEST_DATA`.

use std::path::PathBuf;

/// A folder of real data, or `None` (and a line that says so) when there is none here.
pub fn real_data(name: &str) -> Option<PathBuf> {
    let Some(root) = std::env::var_os("LENSLET_TEST_DATA") else {
        eprintln!("skipped: LENSLET_TEST_DATA is not set, so {name} is not there");
        return None;
    };
    let path = PathBuf::from(root).join(name);
    assert!(path.exists(), "LENSLET_TEST_DATA has no {name}");
    Some(path)
}
