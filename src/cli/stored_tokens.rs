//! Before a server starts: whether this ring opens the tokens that are stored.
//! With a wrong one it would tell people to reconnect, and write over what the
//! right one opens.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Failure;
use crate::config::Config;
use crate::crypto::keys::{KeyRing, LiveRing};
use crate::crypto::sealed::{self, OpenError};
use crate::db;
use crate::models::sealed_value::{self, SealedRow, SealedTable};

/// Of the oldest and of the newest accounts: opened in a millisecond, and an
/// old key that was lost shows among the oldest.
const LOOKED_AT: i64 = 1_000;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error(
        "does not hold the key {kid}, under which stored tokens lie. Put it back into the ring; \
         nothing was changed. If it is lost for good, `vestibule keys retire {kid} --force` gives \
         them up"
    )]
    UnknownKey { kid: String },
    #[error(
        "holds another key {kid} than the one that sealed stored tokens: of {looked_at} that were \
         looked at none opens. Put the right one back into the ring; nothing was changed. Should \
         the ring be right and they be corrupt, set needs_reconnect in accounts (such as {example})"
    )]
    WrongKey {
        kid: String,
        looked_at: usize,
        example: Uuid,
    },
}

/// Refuses a ring that does not open what is stored; changes nothing.
pub fn check(config: &Config, ring: &LiveRing) -> Result<(), Failure> {
    let failed = |error| Failure::new(format!("DATABASE_URL: {error}"));
    let mut conn = db::connect(&config.database.url).map_err(failed)?;
    let rows = sealed_value::sample(&mut conn, LOOKED_AT).map_err(|e| failed(e.to_string()))?;
    // The key may have come into the ring, and the token under it, since the
    // ring was read.
    let is_unknown_key = |refusal: &Refusal| matches!(refusal, Refusal::UnknownKey { .. });
    ring.try_with(|ring| judge(ring, &rows), is_unknown_key)
        .map_err(|refusal| Failure::new(format!("{}: {refusal}", config.keys.variable())))
}

/// One row that is corrupt must not stop a service: all of a key's must be.
fn judge(ring: &KeyRing, rows: &[SealedRow]) -> Result<(), Refusal> {
    let mut broken: BTreeMap<&str, Option<(usize, Uuid)>> = BTreeMap::new();
    for row in rows {
        // Without one it is corrupt whatever the ring is.
        let Some(kid) = sealed::kid_of(&row.first) else {
            continue;
        };
        let [place, _] = SealedTable::Accounts.places(row.id);
        match sealed::open(ring, &row.first, &place) {
            Ok(_) => drop(broken.insert(kid, None)),
            Err(OpenError::UnknownKey) => {
                let kid = kid.escape_debug().to_string();
                return Err(Refusal::UnknownKey { kid });
            }
            Err(OpenError::Broken) => {
                let so_far = broken.entry(kid).or_insert(Some((0, row.id)));
                if let Some((count, _)) = so_far {
                    *count += 1;
                }
            }
        }
    }
    let wrong = broken.into_iter().find_map(|(kid, b)| Some((kid, b?)));
    wrong.map_or(Ok(()), |(kid, (looked_at, example))| {
        Err(Refusal::WrongKey {
            kid: kid.to_owned(),
            looked_at,
            example,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn row(ring: &KeyRing) -> SealedRow {
        let id = Uuid::now_v7();
        let [place, _] = SealedTable::Accounts.places(id);
        SealedRow {
            id,
            first: sealed::seal(ring, &Secret::new("gho_secret"), &place),
            second: None,
            given_up: false,
        }
    }

    #[test]
    fn one_value_under_an_unknown_key_is_enough_to_refuse() {
        let (ours, other) = (KeyRing::generate(), KeyRing::generate());
        let mut rows: Vec<_> = (0..9).map(|_| row(&ours)).collect();
        assert_eq!(judge(&ours, &rows), Ok(()));
        assert_eq!(judge(&ours, &[]), Ok(()));

        rows.push(row(&other));
        let kid = other.active_sealing().kid().to_owned();
        assert_eq!(judge(&ours, &rows), Err(Refusal::UnknownKey { kid }));
    }

    #[test]
    fn a_corrupt_value_among_others_stops_nobody_and_alone_it_does() {
        let ring = KeyRing::generate();
        let mut corrupt = row(&ring);
        *corrupt.first.last_mut().unwrap() ^= 1;
        let (id, mut rubbish) = (corrupt.id, row(&ring));
        rubbish.first = b"rubbish".to_vec();

        let mut rows = vec![corrupt, rubbish];
        let kid = ring.active_sealing().kid().to_owned();
        let alone = Refusal::WrongKey {
            kid,
            looked_at: 1,
            example: id,
        };
        assert_eq!(judge(&ring, &rows), Err(alone));
        for position in 0..3 {
            rows.insert(position, row(&ring));
            assert_eq!(judge(&ring, &rows), Ok(()), "{position}");
            rows.remove(position);
        }
    }
}
