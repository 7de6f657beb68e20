//! The session token against everything that somebody might send instead of
//! it. Forgeries are made with the ring's own keys: nothing here is refused
//! only because it cannot be decrypted.

mod claims;
mod duplicates;
mod forge;
mod headers;
mod key_ids;
mod mutations;
mod shapes;
mod sizes;
mod times;

use forge::Forge;

#[test]
fn a_forgery_that_changes_nothing_is_taken() {
    let forge = Forge::new();
    assert_eq!(forge.read(&forge.token(|_| {}, |_| {}, |_| {})), Ok(()));
}
