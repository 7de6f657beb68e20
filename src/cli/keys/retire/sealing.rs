//! A key that seals tokens at rest goes: what lies under it is counted, not
//! guessed.

use chrono::Utc;
use diesel::pg::PgConnection;

use super::{Retirement, is_old, take_out};
use crate::cli::{Failure, database, terminal};
use crate::config::{DatabaseConfig, Reader};
use crate::crypto::keys::{About, Change};
use crate::models::sealed_value::Under;

impl Retirement<'_> {
    pub(super) fn old_sealing_key(self, successor: &About) -> Result<(), Failure> {
        let mut conn = self.connect()?;
        if self.force {
            return self.give_up(&mut conn, successor);
        }
        self.nothing_lies_under_it(&mut conn)?;
        wait_for_all(successor);
        let mut change = Change::begin(self.path).map_err(Failure::new)?;
        if !is_old(change.ring(), self.kid, Utc::now()) {
            return Err(Failure::new(format!(
                "{} was changed meanwhile. Run it again",
                self.path.display()
            )));
        }
        self.take_out_unneeded(&mut change, || self.nothing_lies_under_it(&mut conn))?;
        self.tell("nothing lies under it any more: nothing ends");
        Ok(())
    }

    /// Looks before the key goes, and after: should something have come to lie
    /// under it in between, it is put back.
    pub(super) fn take_out_unneeded(
        self,
        change: &mut Change,
        mut look: impl FnMut() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        look()?;
        let Some(taken) = change.take_out(self.kid) else {
            return Ok(());
        };
        change.write().map_err(Failure::new)?;
        let Err(Failure(mut lines)) = look() else {
            return Ok(());
        };
        change.put_back(taken);
        change.write().map_err(Failure::new)?;
        lines.push(format!("so {} was put back into the ring", self.kid));
        Err(Failure(lines))
    }

    fn nothing_lies_under_it(self, conn: &mut PgConnection) -> Result<(), Failure> {
        let under = Under::count(conn, self.kid).map_err(gave_up)?;
        if under.is_nothing() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "{} is needed: the tokens of {} and {} to be revoked lie under it. \
             Seal them anew with: vestibule tokens reseal. What that cannot open goes with --force",
            self.kid,
            counted(under.accounts, "account"),
            counted(under.revocations, "token"),
        )))
    }

    /// The key goes at once, and with it what lies under it. The rows first: a
    /// token without its key, and nobody told, would stop the next start.
    fn give_up(self, conn: &mut PgConnection, successor: &About) -> Result<(), Failure> {
        let mut change = Change::begin(self.path).map_err(Failure::new)?;
        if !is_old(change.ring(), self.kid, Utc::now()) {
            return Err(Failure::new(format!(
                "{} is in use. Run it again",
                self.kid
            )));
        }
        let first = Under::give_up(conn, self.kid).map_err(gave_up)?;
        take_out(&mut change, self.kid)?;
        // Those that were written meanwhile.
        let late = Under::give_up(conn, self.kid).map_err(gave_up)?;
        self.tell(&given_up(first + late));
        let all = successor.in_use_everywhere_from();
        if Utc::now() < all {
            terminal::say(&format!(
                "A process that has not read of {} yet may still seal under {kid}. \
                 After {} run: vestibule keys retire {kid} --force",
                successor.kid,
                terminal::time(all),
                kid = self.kid
            ));
        }
        Ok(())
    }

    /// What lies under a key that is lost. Whether there was anything.
    pub(super) fn give_up_without_key(self) -> Result<bool, Failure> {
        let mut reader = Reader::new(self.environment);
        let is_kid = (1..=64).contains(&self.kid.len());
        let Some(database) = DatabaseConfig::read(&mut reader).filter(|_| is_kid) else {
            return Ok(false);
        };
        let mut conn = database::connect(&database)?;
        if Under::count(&mut conn, self.kid)
            .map_err(gave_up)?
            .is_nothing()
        {
            return Ok(false);
        }
        let under = Under::give_up(&mut conn, self.kid).map_err(gave_up)?;
        terminal::say(&format!(
            "the ring holds no key {}: {}",
            self.kid,
            given_up(under)
        ));
        Ok(true)
    }

    fn connect(self) -> Result<PgConnection, Failure> {
        let mut reader = Reader::new(self.environment);
        let database = DatabaseConfig::read(&mut reader);
        let problems = reader.problems();
        match database.filter(|_| problems.is_empty()) {
            Some(database) => database::connect(&database),
            None => Err(problems.into()),
        }
    }
}

/// Another process may seal under the old key until it has read the ring with
/// the new one.
fn wait_for_all(successor: &About) {
    let all = successor.in_use_everywhere_from();
    let wait = (all - Utc::now()).to_std().unwrap_or_default();
    if wait.is_zero() {
        return;
    }
    terminal::say(&format!(
        "waiting until {}: some process may not have read of {} yet",
        terminal::time(all),
        successor.kid
    ));
    std::thread::sleep(wait);
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn gave_up(error: diesel::result::Error) -> Failure {
    Failure::new(format!("the database gave up: {error}"))
}

/// What has come of that which lay under the key.
fn given_up(under: Under) -> String {
    let mut parts = Vec::new();
    if under.accounts > 0 {
        let accounts = counted(under.accounts, "account");
        parts.push(format!("the people of {accounts} have to reconnect"));
    }
    if under.revocations > 0 {
        let tokens = counted(under.revocations, "unwanted token");
        parts.push(format!("{tokens} will not be revoked at the provider"));
    }
    if parts.is_empty() {
        parts.push("nobody counted on anything under it: nothing ends".to_owned());
    }
    parts.join("; ")
}

fn counted(count: i64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;
    use crate::crypto::keys;

    #[test]
    fn a_key_that_came_into_use_while_it_was_taken_out_is_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let ring = keys::write_new(&path, false).ok().unwrap();
        let kid = ring.active_sealing().kid();
        let mut change = Change::begin(&path).ok().unwrap();
        let later = Utc::now() + chrono::TimeDelta::seconds(1);
        change.add(later, Utc::now()).ok().unwrap();
        change.write().ok().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();

        let wish = Retirement {
            kid,
            path: &path,
            force: false,
            environment: &Environment::default(),
        };
        let mut looks = 0;
        let refused = wish.take_out_unneeded(&mut change, || {
            looks += 1;
            let is_there = holds(&path, kid);
            assert_eq!(is_there, looks == 1, "the second look is without the key");
            if looks == 2 {
                Err(Failure::new("2 lie under it"))
            } else {
                Ok(())
            }
        });
        let Failure(lines) = refused.err().unwrap();
        assert!(lines.join(" ").contains("was put back"), "{lines:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);

        wish.take_out_unneeded(&mut change, || Ok(())).ok().unwrap();
        assert!(!holds(&path, kid));
    }

    fn holds(path: &std::path::Path, kid: &str) -> bool {
        std::fs::read_to_string(path).unwrap().contains(kid)
    }
}
