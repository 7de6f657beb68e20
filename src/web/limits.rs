//! How often an address may do what is dear: start a sign-in, come back from
//! one, present a token that is refused.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use crate::config::RateLimits;

/// One person has a /64 of IPv6 at least: its addresses count as one.
const IPV6_PREFIX: u32 = 64;

/// All limits are a minute's.
pub struct Limits {
    pub sign_in: Limit,
    pub callback: Limit,
    /// Tokens that are refused; good ones are not counted.
    pub bearer: Limit,
}

/// `None`: no limit.
pub struct Limit(Option<DefaultKeyedRateLimiter<IpAddr>>);

impl Limits {
    pub fn new(config: RateLimits) -> Self {
        Self {
            sign_in: Limit::a_minute(config.sign_in),
            callback: Limit::a_minute(config.callback),
            bearer: Limit::a_minute(config.bearer),
        }
    }

    /// Forgets addresses whose minute is over.
    pub fn forget(&self) {
        for Limit(limiter) in [&self.sign_in, &self.callback, &self.bearer] {
            if let Some(limiter) = limiter {
                limiter.retain_recent();
                limiter.shrink_to_fit();
            }
        }
    }
}

impl Limit {
    fn a_minute(times: u32) -> Self {
        let times = NonZeroU32::new(times);
        Self(times.map(|times| DefaultKeyedRateLimiter::keyed(Quota::per_minute(times))))
    }

    /// Counts one.
    ///
    /// # Errors
    /// How long to wait, when it was one too many.
    pub fn count(&self, address: IpAddr) -> Result<(), Duration> {
        let Self(Some(limiter)) = self else {
            return Ok(());
        };
        limiter
            .check_key(&network(address))
            .map_err(|until| until.wait_time_from(DefaultClock::default().now()))
    }
}

/// Whose address it is, as far as can be told.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = u128::MAX << (Ipv6Addr::BITS - IPV6_PREFIX);
            Ipv6Addr::from_bits(address.to_bits() & prefix).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_a_minute_pass_and_the_next_is_told_how_long_to_wait() {
        let limit = Limit::a_minute(3);
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        for _ in 0..3 {
            assert!(limit.count(one).is_ok());
        }
        let wait = limit.count(one).unwrap_err();
        assert!(
            wait > Duration::from_secs(10) && wait <= Duration::from_secs(20),
            "{wait:?}"
        );
        assert!(limit.count(other).is_ok());
        assert!((0..1_000).all(|_| Limit::a_minute(0).count(one).is_ok()));
    }

    #[test]
    fn a_slash_64_is_one_and_a_mapped_address_is_its_own() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:0:1:2::3"), of("2001:db8:0:1:ffff::"));
        assert_ne!(of("2001:db8:0:1::3"), of("2001:db8:0:2::3"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
