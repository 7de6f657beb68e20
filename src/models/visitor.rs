//! Who is at the other end, as sessions and events keep it.

use std::net::IpAddr;

/// A user agent longer than this says nothing more.
const USER_AGENT_BYTES: usize = 512;

/// What a browser shows of itself.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub ip: IpAddr,
    pub user_agent: String,
}

impl Visitor {
    pub fn new(ip: IpAddr, user_agent: &str) -> Self {
        // Postgres takes no NUL; pages and logs want no other control either.
        let clean = user_agent.chars().filter(|c| !c.is_control());
        let mut user_agent: String = clean.collect();
        user_agent.truncate(user_agent.floor_char_boundary(USER_AGENT_BYTES));
        Self { ip, user_agent }
    }
}
