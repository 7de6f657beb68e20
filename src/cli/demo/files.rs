//! What the demo keeps in its data directory besides the cluster: the keys and
//! `demo.env`.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::Arguments;
use crate::cli::Failure;
use crate::config::{Environment, RateLimits};
use crate::crypto::keys::{self, RingError};

const KEYS: &str = "keys.json";
const ENV: &str = "demo.env";

/// The demo's settings: the same for this process and for `serve`.
pub struct Demo {
    pub public_url: String,
    pub simulator_url: String,
    /// The data directory, absolute.
    pub folder: PathBuf,
    pub env_file: PathBuf,
    pub variables: Vec<(String, String)>,
}

impl Demo {
    /// Makes the keys if there are none, and writes `demo.env` anew.
    pub fn prepare(
        arguments: &Arguments,
        database_url: &str,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let folder = fs::canonicalize(&arguments.data_dir).map_err(Failure::new)?;
        let keys_file = folder.join(KEYS);
        match keys::write_new(&keys_file, true) {
            Ok(_) | Err(RingError::Exists(_)) => {}
            Err(error) => return Err(Failure::new(error)),
        }
        let public_url = format!("http://localhost:{}", arguments.port);
        let simulator_url = format!("http://localhost:{}", arguments.simulator_port);
        let mut variables = variables(
            &public_url,
            &simulator_url,
            database_url,
            &keys_file,
            arguments.port,
        );
        let chosen = RateLimits::VARIABLES
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), environment.get(name)?.to_owned())));
        variables.extend(chosen);
        let demo = Self {
            variables,
            env_file: folder.join(ENV),
            folder,
            public_url,
            simulator_url,
        };
        demo.write_env()?;
        Ok(demo)
    }

    fn write_env(&self) -> Result<(), Failure> {
        let mut text = String::from(
            "# Written by `vestibule demo`. With these and another BIND, `vestibule serve`\n\
             # joins as a further instance:  set -a; . demo.env; BIND=127.0.0.1:8082 vestibule serve\n",
        );
        for (name, value) in &self.variables {
            text = format!("{text}{name}='{value}'\n");
        }
        let private = fs::Permissions::from_mode(0o600);
        let file = tempfile::Builder::new()
            .permissions(private)
            .tempfile_in(&self.folder);
        let written = file.and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.persist(&self.env_file).map_err(|error| error.error)
        });
        written.map(drop).map_err(Failure::new)
    }
}

/// What is not the cluster's own.
pub fn erase(data_dir: &Path) -> Result<(), Failure> {
    for name in [KEYS, ENV] {
        match fs::remove_file(data_dir.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::new(error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn variables(
    public_url: &str,
    simulator_url: &str,
    database_url: &str,
    keys_file: &Path,
    port: u16,
) -> Vec<(String, String)> {
    let bind = format!("127.0.0.1:{port}");
    let keys_file = keys_file.display().to_string();
    let pairs = [
        ("PUBLIC_URL", public_url),
        ("BIND", &bind),
        ("DATABASE_URL", database_url),
        ("KEYS_FILE", &keys_file),
        ("GITHUB_CLIENT_ID", "vestibule-demo-github"),
        ("GITHUB_CLIENT_SECRET", "not-a-secret-github"),
        ("GITHUB_URL", simulator_url),
        ("GITHUB_API_URL", simulator_url),
        ("VERCEL_CLIENT_ID", "vestibule-demo-vercel"),
        ("VERCEL_CLIENT_SECRET", "not-a-secret-vercel"),
        ("VERCEL_URL", simulator_url),
        ("VERCEL_API_URL", simulator_url),
    ];
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}
