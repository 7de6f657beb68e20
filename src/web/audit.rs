//! Pages of audit events, and the cursors that lead from one to the next.

use std::fmt;
use std::str::FromStr;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use chrono::DateTime;
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use crate::models::audit_event::{AuditEvent, Position};
use crate::models::ids::AuditEventId;

/// Where a page ended, opaque to whoever holds it: the moment in microseconds
/// and the id of its last event, 24 bytes in base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(pub Position);

/// The end of the year 9999.
const LATEST: i64 = 253_402_300_799_999_999;

#[derive(Debug, thiserror::Error)]
#[error("not a cursor of ours")]
pub struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self((at, id)) = self;
        let mut bytes = at.timestamp_micros().to_be_bytes().to_vec();
        bytes.extend(id.as_uuid().as_bytes());
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| NotACursor)?;
        let (at, id) = bytes.split_first_chunk().ok_or(NotACursor)?;
        // Whatever moment is named, there is a page behind it: what lies out of
        // Postgres's reach is brought within.
        let at = i64::from_be_bytes(*at).clamp(0, LATEST);
        let at = DateTime::from_timestamp_micros(at).ok_or(NotACursor)?;
        let id = Uuid::from_slice(id).map_err(|_| NotACursor)?;
        Ok(Self((at, AuditEventId::from_uuid(id))))
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Some events, and where to go on.
pub struct PageOfEvents {
    pub events: Vec<AuditEvent>,
    pub next: Option<Cursor>,
}

impl PageOfEvents {
    /// `read` may hold one event more than are wanted: then there are more.
    pub fn of(mut read: Vec<AuditEvent>, wanted: i64) -> Self {
        let wanted = usize::try_from(wanted).unwrap_or_default();
        let has_more = read.len() > wanted;
        read.truncate(wanted);
        let next = read.last().filter(|_| has_more);
        Self {
            next: next.map(|last| Cursor((last.at, last.id))),
            events: read,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_what_it_writes_and_nothing_else() {
        let at = DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap();
        let cursor = Cursor((at, AuditEventId::new()));
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for text in ["", "x", "%00", "AAAA", &"A".repeat(31), &"A".repeat(33)] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
        for text in [
            "A".repeat(32),
            "_".repeat(32),
            format!("f{}", "_".repeat(31)),
        ] {
            let Cursor((at, _)) = text.parse().unwrap();
            assert!((0..=LATEST).contains(&at.timestamp_micros()), "{text}");
        }
    }
}
