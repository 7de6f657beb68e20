//! Back from the provider to connect an account: the session stays as it is.

use actix_session::Session;
use actix_web::HttpResponse;
use actix_web::web::Data;

use super::{Answered, Failure, note_failure, see_other};
use crate::models::OwnSession;
use crate::models::account::NewAccount;
use crate::sign_in::{Connectedness, Connecting};
use crate::web::flash::{self, ConnectionsChanged, Flash};
use crate::web::state::Vestibule;

pub async fn finish(
    app: &Data<Vestibule>,
    session: &Session,
    own: OwnSession,
    answered: Answered,
) -> Result<HttpResponse, Failure> {
    let pending = answered.pending;
    let connecting = Connecting {
        account: NewAccount::of(&answered.identity, answered.tokens),
        own,
        visitor: answered.visitor.clone(),
    };
    let ring = app.ring.current();
    let connected = app
        .db
        .run(move |conn| connecting.write(conn, &ring))
        .await?;
    app.withdrawals.soon(connected.unwanted);
    let provider = pending.provider;
    let done = match connected.result {
        Ok(Connectedness::New) => ConnectionsChanged::Connected(provider),
        Ok(Connectedness::Renewed) => ConnectionsChanged::Reconnected(provider),
        Err(refusal) => {
            note_failure(app, &pending, Some(own), &refusal, answered.visitor).await;
            return Err(Failure::Refused(refusal, Some(pending)));
        }
    };
    tracing::info!(user = %own.user_id(), session = %own.session_id(), %provider, "connected");
    flash::set_flash(session, &Flash::Connections(done))?;
    Ok(see_other(pending.next.as_str()))
}
