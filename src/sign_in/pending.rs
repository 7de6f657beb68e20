//! Sign-ins under way, as they lie in the browser's pre-sign-in cookie.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize, Serializer};

use super::{NextPath, Refusal};
use crate::models::ids::SessionId;
use crate::provider::Provider;
use crate::secret::Secret;

/// How long a person may take at the provider.
pub const PENDING_FOR: TimeDelta = TimeDelta::minutes(10);
/// So many tabs may have one under way.
const MOST: usize = 5;
/// What the cookie may hold of them, before it is encrypted and encoded (a
/// third more): the oldest make room.
const MOST_BYTES: usize = 2_400;
/// Two clocks of ours may differ a little.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(1);

/// One sign-in under way. The names are short because the cookie is.
#[derive(Clone, Serialize, Deserialize)]
pub struct PendingSignIn {
    #[serde(rename = "p")]
    pub provider: Provider,
    #[serde(rename = "s", serialize_with = "exposed")]
    pub state: Secret,
    /// PKCE's, for the exchange.
    #[serde(rename = "v", serialize_with = "exposed")]
    pub verifier: Secret,
    /// Milliseconds; sealed with the rest, so nobody can make it younger.
    #[serde(rename = "t")]
    started: i64,
    #[serde(rename = "n")]
    pub next: NextPath,
    /// To connect the account to this session's person, instead of signing in.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<SessionId>,
}

/// Into the encrypted cookie, and nowhere else.
fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

impl PendingSignIn {
    pub fn new(
        provider: Provider,
        state: Secret,
        verifier: Secret,
        next: NextPath,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            provider,
            state,
            verifier,
            started: now.timestamp_millis(),
            next,
            connect: None,
        }
    }

    /// To connect, for whoever is signed in with this session.
    #[must_use]
    pub fn connecting(self, session: SessionId) -> Self {
        Self {
            connect: Some(session),
            ..self
        }
    }

    pub fn started_at(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.started)
    }

    fn is_alive(&self, now: DateTime<Utc>) -> bool {
        self.started_at().is_some_and(|started| {
            let age = now - started;
            age < PENDING_FOR && age > -CLOCK_SKEW
        })
    }
}

/// The sign-ins under way in one browser, the oldest first.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PendingSignIns(Vec<PendingSignIn>);

impl PendingSignIns {
    /// Adds one; the oldest go when there are too many or they grow too large.
    pub fn add(&mut self, pending: PendingSignIn, now: DateTime<Utc>) {
        self.0.retain(|other| other.is_alive(now));
        self.0.push(pending);
        while self.0.len() > MOST || (self.0.len() > 1 && self.size() > MOST_BYTES) {
            self.0.remove(0);
        }
    }

    /// Takes out the one that `state` belongs to: it cannot be taken again.
    pub fn take(
        &mut self,
        state: &str,
        provider: Provider,
        now: DateTime<Utc>,
    ) -> Result<PendingSignIn, Refusal> {
        let position = self
            .0
            .iter()
            .position(|pending| pending.state.expose() == state);
        let pending = self.0.remove(position.ok_or(Refusal::UnknownState)?);
        if pending.provider != provider {
            return Err(Refusal::OtherProvider);
        }
        if !pending.is_alive(now) {
            return Err(Refusal::Expired);
        }
        Ok(pending)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn size(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |json| json.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PublicUrl;
    use crate::crypto::random;

    fn pending(next: &str, now: DateTime<Utc>) -> PendingSignIn {
        let origin = PublicUrl::parse("https://a.example").unwrap();
        let secret = || Secret::new(random::text::<32>());
        PendingSignIn::new(
            Provider::GitHub,
            secret(),
            secret(),
            NextPath::parse(next, &origin),
            now,
        )
    }

    #[test]
    fn a_thousand_started_sign_ins_do_not_grow_the_cookie() {
        let now = Utc::now();
        let mut all = PendingSignIns::default();
        for _ in 0..1_000 {
            all.add(pending(&format!("/{}", "a".repeat(399)), now), now);
            assert!(all.size() <= MOST_BYTES && all.0.len() <= MOST);
        }
        let mut short = PendingSignIns::default();
        (0..1_000).for_each(|_| short.add(pending("/", now), now));
        assert_eq!(short.0.len(), MOST, "five tabs fit");
    }

    #[test]
    fn each_is_taken_once_by_its_own_state_in_any_order() {
        let now = Utc::now();
        let (first, second) = (pending("/1", now), pending("/2", now));
        let mut all = PendingSignIns::default();
        all.add(first.clone(), now);
        all.add(second.clone(), now);

        let mut take = |pending: &PendingSignIn| {
            let taken = all.take(pending.state.expose(), Provider::GitHub, now);
            taken.map(|pending| pending.next.to_string())
        };
        assert_eq!(take(&second), Ok("/2".to_owned()));
        assert_eq!(take(&second), Err(Refusal::UnknownState));
        assert_eq!(take(&first), Ok("/1".to_owned()));
    }

    #[test]
    fn ten_minutes_by_the_sealed_time_and_no_longer() {
        let now = Utc::now();
        let take_after = |age| {
            let mut all = PendingSignIns::default();
            let pending = pending("/", now);
            let state = pending.state.clone();
            all.add(pending, now);
            all.take(state.expose(), Provider::GitHub, now + age).err()
        };
        assert_eq!(take_after(TimeDelta::seconds(598)), None);
        assert_eq!(take_after(TimeDelta::seconds(601)), Some(Refusal::Expired));
        assert_eq!(
            take_after(TimeDelta::minutes(-5)),
            Some(Refusal::Expired),
            "from the future"
        );
    }
}
