//! Floor 3: hand-outs of provider tokens, noted before they leave.
//!
//! Who asks while one note is written is noted with the next, all in one
//! statement: a thousand at once are a few writes, and not a queue.

use std::time::Duration;

use diesel::result::DatabaseErrorKind::ForeignKeyViolation;
use diesel::result::Error::DatabaseError;
use diesel::{Connection as _, PgConnection, QueryResult};
use serde_json::Value;
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::db::Db;
use crate::error::{Dependency, Error};
use crate::models::audit_event::{self, Kind, NewEvent};
use crate::models::{Scope, Visitor};

/// A row holds half a kilobyte, and a statement 65,535 values.
const MOST_AT_ONCE: usize = 500;
/// One that is being written, and the next.
const NOTED_WITHIN: Duration = Duration::from_millis(2_500);

/// Notes who was handed what.
pub struct HandOuts {
    db: Db,
    sender: mpsc::UnboundedSender<(HandOut, oneshot::Sender<Outcome>)>,
    waiting: Mutex<mpsc::UnboundedReceiver<(HandOut, oneshot::Sender<Outcome>)>>,
}

struct HandOut {
    scope: Scope,
    visitor: Visitor,
    details: Value,
}

#[derive(Clone)]
enum Outcome {
    Noted,
    /// They have left this very moment, and their tokens with them.
    Left,
    Unavailable,
    Failed(String),
}

impl HandOuts {
    pub fn new(db: Db) -> Self {
        let (sender, waiting) = mpsc::unbounded_channel();
        Self {
            db,
            sender,
            waiting: Mutex::new(waiting),
        }
    }

    /// Waits until it is noted that `details` were handed to the caller.
    ///
    /// # Errors
    /// `InvalidToken` when the person has left meanwhile; `Unavailable` when
    /// the database does not take it in time. Nothing may be handed out then.
    pub async fn note(&self, scope: Scope, visitor: Visitor, details: Value) -> Result<(), Error> {
        let (sender, outcome) = oneshot::channel();
        let hand_out = HandOut {
            scope,
            visitor,
            details,
        };
        // The other end lives as long as this one.
        let _ = self.sender.send((hand_out, sender));
        match tokio::time::timeout(NOTED_WITHIN, outcome).await {
            Ok(Ok(Outcome::Noted)) => Ok(()),
            Ok(Ok(Outcome::Left)) => Err(Error::InvalidToken),
            Ok(Ok(Outcome::Failed(cause))) => Err(Error::Internal(anyhow::Error::msg(cause))),
            Ok(Ok(Outcome::Unavailable) | Err(_)) | Err(_) => {
                Err(Error::Unavailable(Dependency::Database))
            }
        }
    }

    /// Writes what waits, as much as there is at a time. Until it is dropped.
    pub async fn run(&self) {
        let mut waiting = self.waiting.lock().await;
        let mut batch = Vec::new();
        while waiting.recv_many(&mut batch, MOST_AT_ONCE).await > 0 {
            // Nothing is handed to those who have gone.
            batch.retain(|(_, waits)| !waits.is_closed());
            let (all, waiting): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
            let outcomes = self.write(all, waiting.len()).await;
            for (waits, outcome) in waiting.into_iter().zip(outcomes) {
                let _ = waits.send(outcome);
            }
        }
    }

    async fn write(&self, all: Vec<HandOut>, count: usize) -> Vec<Outcome> {
        if count == 0 {
            return Vec::new();
        }
        match self.db.run(move |conn| write(conn, &all)).await {
            Ok(outcomes) => outcomes,
            Err(Error::Internal(cause)) => vec![Outcome::Failed(format!("{cause:#}")); count],
            Err(_) => vec![Outcome::Unavailable; count],
        }
    }
}

/// All of them, or each by itself where one of them cannot be.
fn write(conn: &mut PgConnection, all: &[HandOut]) -> Result<Vec<Outcome>, Error> {
    let insert = |conn: &mut PgConnection, some: &[HandOut]| {
        audit_event::write_all(conn, some.iter().map(HandOut::event))
    };
    let written = match all {
        // No transaction of its own: most of the time nobody else waits.
        [one] => insert(conn, std::slice::from_ref(one)),
        all => conn.transaction(|conn| insert(conn, all)),
    };
    if !has_left(&written) {
        written?;
        return Ok(vec![Outcome::Noted; all.len()]);
    }
    if all.len() == 1 {
        return Ok(vec![Outcome::Left]);
    }
    let each = all.iter().map(|one| {
        let written = conn.transaction(|conn| insert(conn, std::slice::from_ref(one)));
        if has_left(&written) {
            return Ok(Outcome::Left);
        }
        written?;
        Ok(Outcome::Noted)
    });
    each.collect()
}

fn has_left(written: &QueryResult<()>) -> bool {
    matches!(written, Err(DatabaseError(ForeignKeyViolation, _)))
}

impl HandOut {
    fn event(&self) -> NewEvent<'_> {
        NewEvent {
            kind: Kind::ProviderTokenHandedOut,
            user_id: Some(self.scope.user_id()),
            session_id: None,
            visitor: Some(&self.visitor),
            details: self.details.clone(),
        }
    }
}
