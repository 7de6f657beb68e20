//! Floor 0: the environment, read once, into types.
//!
//! The look-up is a function, so that tests need no process state; every
//! problem is found in one go and says how to mend it.

mod environment;
mod limits;
mod provider;
mod proxies;
mod public_url;
mod reader;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::provider::Provider;
use crate::secret::Secret;

pub use environment::Environment;
pub use limits::{RateLimits, SessionLimits};
pub use provider::ProviderConfig;
pub use proxies::TrustedProxies;
pub use public_url::PublicUrl;
pub use reader::{Problem, Reader};

/// Load balancers look every few seconds; they must see `/readyz` turn first.
const SHUTDOWN_DRAIN: Duration = Duration::from_secs(5);
/// Half a year: long enough to find out what happened, short for what is kept
/// about people.
const AUDIT_RETENTION: Duration = Duration::from_hours(180 * 24);
/// Longer ago than any event.
const LONGEST_RETENTION: Duration = Duration::from_hours(36_500 * 24);
const DATABASE_POOL_SIZE: u32 = 10;
const LARGEST_POOL: u32 = 1_000;
const DEFAULT_PORT: u16 = 8080;

/// Everything `serve` needs to know.
pub struct Config {
    pub public_url: PublicUrl,
    pub bind: SocketAddr,
    pub database: DatabaseConfig,
    pub auto_migrate: bool,
    pub keys: KeySource,
    pub github: Option<ProviderConfig>,
    pub vercel: Option<ProviderConfig>,
    pub session: SessionLimits,
    pub trusted_proxies: TrustedProxies,
    pub shutdown_drain: Duration,
    /// How long audit events and sessions that are over are kept.
    pub audit_retention: Duration,
    pub rate_limits: RateLimits,
}

/// Where Postgres is and how many connections we hold.
#[derive(Clone)]
pub struct DatabaseConfig {
    pub url: Secret,
    pub pool_size: u32,
    /// Whether a connection is ours for as long as we hold it, so that it
    /// remembers prepared statements and settings. Not so behind a pooler in
    /// transaction mode.
    pub statement_cache: bool,
}

/// Where the key ring is.
#[derive(Clone)]
pub enum KeySource {
    File(PathBuf),
    Text(Secret),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Pretty,
    Json,
}

impl Config {
    /// Reads everything, or says everything that is wrong.
    pub fn read(environment: &Environment) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(environment);
        let public_url = reader.required(
            "PUBLIC_URL",
            "the origin that people see, such as https://login.example.com",
            PublicUrl::parse,
        );
        let bind = reader.parsed("BIND", (Ipv4Addr::LOCALHOST, DEFAULT_PORT).into(), |text| {
            text.parse()
                .map_err(|_| "give an address and a port, such as 127.0.0.1:8080".to_owned())
        });
        let database = DatabaseConfig::read(&mut reader);
        let auto_migrate = reader.flag("AUTO_MIGRATE", false);
        let keys = KeySource::read(&mut reader);
        let in_production = public_url.as_ref().is_some_and(PublicUrl::is_production);
        let github = ProviderConfig::read(&mut reader, Provider::GitHub, in_production);
        let vercel = ProviderConfig::read(&mut reader, Provider::Vercel, in_production);
        let session = SessionLimits::read(&mut reader);
        let trusted_proxies = TrustedProxies::read(&mut reader);
        let shutdown_drain = reader.duration("SHUTDOWN_DRAIN", SHUTDOWN_DRAIN);
        let audit_retention = reader.duration("AUDIT_RETENTION", AUDIT_RETENTION);
        if audit_retention > LONGEST_RETENTION {
            reader.problem("AUDIT_RETENTION", "must be at most 36500d, a hundred years");
        }
        if audit_retention < Duration::from_secs(1) {
            reader.problem(
                "AUDIT_RETENTION",
                "must be at least one second, such as 180d",
            );
        }
        let rate_limits = RateLimits::read(&mut reader);
        LogFormat::read(&mut reader);

        match (public_url, database, keys, reader.problems()) {
            (Some(public_url), Some(database), Some(keys), problems) if problems.is_empty() => {
                Ok(Self {
                    public_url,
                    bind,
                    database,
                    auto_migrate,
                    keys,
                    github,
                    vercel,
                    session,
                    trusted_proxies,
                    shutdown_drain,
                    audit_retention,
                    rate_limits,
                })
            }
            (.., problems) => Err(problems),
        }
    }

    pub fn provider(&self, provider: Provider) -> Option<&ProviderConfig> {
        match provider {
            Provider::GitHub => self.github.as_ref(),
            Provider::Vercel => self.vercel.as_ref(),
        }
    }

    /// The providers on offer, in the order in which pages show them.
    pub fn providers(&self) -> impl Iterator<Item = Provider> {
        let offered = |provider: &Provider| self.provider(*provider).is_some();
        Provider::ALL.into_iter().filter(offered)
    }

    /// Where a provider sends people back to: to be registered there exactly.
    pub fn callback_url(&self, provider: Provider) -> String {
        format!("{}/api/auth/callback/{provider}", self.public_url)
    }
}

impl DatabaseConfig {
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let url = Self::url(reader);
        let pool_size = reader.parsed("DATABASE_POOL_SIZE", DATABASE_POOL_SIZE, |text| {
            let size = text
                .parse()
                .ok()
                .filter(|size| (1..=LARGEST_POOL).contains(size));
            size.ok_or_else(|| format!("give a number from 1 to {LARGEST_POOL}"))
        });
        let statement_cache = reader.flag("DATABASE_STATEMENT_CACHE", true);
        Some(Self {
            url: url?,
            pool_size,
            statement_cache,
        })
    }

    fn url(reader: &mut Reader) -> Option<Secret> {
        let primary = reader.secret("DATABASE_URL");
        let Some(url) = primary.or_else(|| reader.secret("POSTGRES_URL")) else {
            if !reader.complained_of("DATABASE_URL") {
                reader.problem(
                    "DATABASE_URL",
                    "not set. Set it to the Postgres to use, such as postgres://user:password@host/vestibule",
                );
            }
            return None;
        };
        let known = ["postgres://", "postgresql://"];
        if known.iter().any(|scheme| url.expose().starts_with(scheme)) {
            return Some(url);
        }
        reader.problem(
            "DATABASE_URL",
            "is no Postgres URL. It starts with postgres://",
        );
        None
    }
}

impl KeySource {
    pub fn read(reader: &mut Reader) -> Option<Self> {
        match (reader.text("KEYS_FILE"), reader.text("KEYS")) {
            (Some(path), None) => Some(Self::File(path.into())),
            (None, Some(json)) => Some(Self::Text(Secret::new(json))),
            (Some(_), Some(_)) => {
                reader.problem("KEYS", "KEYS_FILE is set as well. Set one of them");
                None
            }
            (None, None) => {
                reader.problem(
                    "KEYS_FILE",
                    "not set. Make a ring with `vestibule keys generate keys.json` and set KEYS_FILE=keys.json",
                );
                None
            }
        }
    }

    /// The variable that problems with the ring are reported under.
    pub fn variable(&self) -> &'static str {
        match self {
            Self::File(_) => "KEYS_FILE",
            Self::Text(_) => "KEYS",
        }
    }
}

impl LogFormat {
    /// `None` when nothing is set: then the terminal decides.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        reader.parsed("LOG_FORMAT", None, |text| match text {
            "pretty" => Ok(Some(Self::Pretty)),
            "json" => Ok(Some(Self::Json)),
            _ => Err("give pretty or json".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests;
