//! A set of ids, each with the time until which it is kept: read on every
//! request, written now and then.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Readers meet a writer in one of so many places, and a table that grows
/// holds up a sixty-fourth of the readers for a sixty-fourth of the time.
const SHARDS: usize = 64;

/// Seconds since 1970 in four bytes, good until 2106: with its id, an entry
/// takes 20 bytes, and 48 at most with the room that a table keeps free.
type Seconds = u32;
type Shard = RwLock<HashMap<Uuid, Seconds>>;

pub(super) struct Ids {
    shards: [Shard; SHARDS],
    hasher: RandomState,
}

impl Default for Ids {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Shard::default()),
            hasher: RandomState::new(),
        }
    }
}

impl Ids {
    pub fn contains(&self, id: Uuid) -> bool {
        read(self.shard(id)).contains_key(&id)
    }

    /// Keeps an id until then, or longer if that was said before.
    pub fn insert(&self, id: Uuid, until: DateTime<Utc>) {
        let until = seconds(until);
        write(self.shard(id))
            .entry(id)
            .and_modify(|known| *known = until.max(*known))
            .or_insert(until);
    }

    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| read(shard).len()).sum()
    }

    /// Forgets what need not be kept any longer, and the room that it took.
    /// Lets others run in between.
    pub async fn forget_until(&self, now: DateTime<Utc>) {
        let now = seconds(now);
        for shard in &self.shards {
            {
                let mut ids = write(shard);
                ids.retain(|_, until| *until > now);
                if ids.len() < ids.capacity() / 4 {
                    ids.shrink_to_fit();
                }
            }
            tokio::task::yield_now().await;
        }
    }

    fn shard(&self, id: Uuid) -> &Shard {
        let hash = self.hasher.hash_one(id);
        let place = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        &self.shards[place]
    }
}

fn seconds(time: DateTime<Utc>) -> Seconds {
    Seconds::try_from(time.timestamp().max(0)).unwrap_or(Seconds::MAX)
}

fn read(shard: &Shard) -> RwLockReadGuard<'_, HashMap<Uuid, Seconds>> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shard: &Shard) -> RwLockWriteGuard<'_, HashMap<Uuid, Seconds>> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[tokio::test]
    async fn an_id_is_kept_as_long_as_it_has_to_be_and_no_longer() {
        let ids = Ids::default();
        let (short, long) = (Uuid::now_v7(), Uuid::now_v7());
        ids.insert(short, at(100));
        ids.insert(long, at(200));
        ids.insert(long, at(50));
        assert!(ids.contains(short) && ids.contains(long));

        ids.forget_until(at(100)).await;
        assert!(!ids.contains(short) && ids.contains(long));
        ids.forget_until(at(199)).await;
        assert_eq!(ids.len(), 1, "a shorter time does not replace a longer one");
        ids.forget_until(at(200)).await;
        assert_eq!(ids.len(), 0);
    }
}
