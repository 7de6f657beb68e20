//! Starting afresh.

use std::{fs, path::Path};

use super::{PrivatePostgres, StartError, lock::Locks, place, run_as::RunAs, server::Server};

impl PrivatePostgres {
    /// Removes the cluster of `data_dir` with all its data, wherever it lives:
    /// to remove the data directory alone may not be enough. Refused while
    /// another demo runs on it.
    pub fn erase(data_dir: &Path) -> Result<(), StartError> {
        let Ok(data_dir) = data_dir.canonicalize() else {
            return Ok(());
        };
        let _locks = Locks::take(&data_dir)?;
        let run_as = RunAs::choose()?;

        while let Some(home) = place::existing(&data_dir, &run_as) {
            Server::to_erase(run_as.clone(), home.clone())?.erase()?;
            // Its user cannot remove it from a directory of ours.
            if home.exists() {
                fs::remove_dir(&home).map_err(StartError::io("removing", home))?;
            }
        }
        place::forget(&data_dir)
    }
}
