//! A point in time on a page: for people and for machines.

use chrono::{DateTime, SecondsFormat, Utc};

pub struct Moment(pub DateTime<Utc>);

impl Moment {
    /// Seconds since 1970, as tokens tell it.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(DateTime::from_timestamp(seconds, 0).unwrap_or_default())
    }

    pub fn from_milliseconds(milliseconds: i64) -> Self {
        Self(DateTime::from_timestamp_millis(milliseconds).unwrap_or_default())
    }

    /// For `datetime`: RFC 3339.
    pub fn machine(&self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// With the zone, because nobody knows the visitor's.
    pub fn human(&self) -> String {
        self.0.format("%-d %B %Y, %H:%M:%S UTC").to_string()
    }
}
