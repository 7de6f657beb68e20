//! Points in time and lengths of it on pages: for people and for machines.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

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
        self.0.format("%-d %B %Y, %H:%M UTC").to_string()
    }

    /// To the second, where the order of things is told.
    pub fn exact(&self) -> String {
        self.0.format("%-d %B %Y, %H:%M:%S UTC").to_string()
    }
}

/// To one unit: nobody counts on more.
pub fn in_words(time: TimeDelta) -> String {
    let (count, unit) = match time.num_seconds() {
        seconds if seconds < 60 => (seconds.max(1), "second"),
        seconds if seconds < 2 * 3_600 => (seconds / 60, "minute"),
        seconds if seconds < 2 * 86_400 => (seconds / 3_600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_one_unit() {
        for (seconds, words) in [
            (0, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (52 * 60 + 59, "52 minutes"),
            (8 * 3_600 - 1, "7 hours"),
            (86_400 * 30, "30 days"),
        ] {
            assert_eq!(in_words(TimeDelta::seconds(seconds)), words);
        }
    }
}
