//! Floor 1: the database as Diesel sees it. A test compares it with what the
//! migrations make, down to the comments.

#![expect(
    clippy::doc_markdown,
    reason = "comments come from the database as they are"
)]

/// SQL types that Diesel does not bring along.
pub mod sql_types {
    /// A transaction's id, 64 bits wide, ordered.
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "xid8"))]
    pub struct Xid8;
}

diesel::table! {
    /// People who have signed in. A person is known by their accounts, never by an e-mail or a name.
    users (id) {
        /// UUID version 7, ours: no provider knows it.
        id -> Uuid,
        /// The login name at the provider last signed in with. It may change and may be anybody's tomorrow.
        username -> Text,
        /// As that provider told it, if it did. Never used to tell who somebody is.
        email -> Nullable<Text>,
        /// The name to show, if the provider told one.
        name -> Nullable<Text>,
        /// The address of a picture, if the provider told one.
        avatar_url -> Nullable<Text>,
        /// The first sign-in.
        created_at -> Timestamptz,
        /// When the profile was last written.
        updated_at -> Timestamptz,
        /// The newest sign-in, with whichever provider.
        last_sign_in_at -> Timestamptz,
    }
}

diesel::table! {
    /// Identities at providers, and the tokens they gave us. One row an identity.
    accounts (id) {
        /// UUID version 7. Part of the place that the tokens are sealed to.
        id -> Uuid,
        /// Whose identity it is.
        user_id -> Uuid,
        /// github or vercel.
        provider -> Text,
        /// GitHub's numeric id, Vercel's sub. With the provider this says who somebody is.
        provider_user_id -> Text,
        /// The login name there, for people to recognise.
        username -> Text,
        /// The e-mail there, if it was told.
        email -> Nullable<Text>,
        /// Whether the provider says that it verified the e-mail.
        email_verified -> Bool,
        /// What was granted, separated by spaces. May be less than was asked.
        scope -> Text,
        /// Sealed to accounts/<id>/access_token (AES-256-GCM-SIV).
        access_token -> Bytea,
        /// Sealed to accounts/<id>/refresh_token, if the provider gave one.
        refresh_token -> Nullable<Bytea>,
        /// By the database's clock. Null: no expiry was told.
        access_token_expires_at -> Nullable<Timestamptz>,
        /// By the database's clock. Null: no expiry was told.
        refresh_token_expires_at -> Nullable<Timestamptz>,
        /// Raised whenever the tokens are replaced; storing a refresh compares it.
        token_generation -> Int8,
        /// Who is refreshing right now, if anybody.
        refresh_lease_id -> Nullable<Uuid>,
        /// From when on another may try.
        refresh_lease_until -> Nullable<Timestamptz>,
        /// When the refresh token was presented without an answer yet: it may be spent.
        refresh_spent_at -> Nullable<Timestamptz>,
        /// The provider refuses the tokens: only the person can mend that.
        needs_reconnect -> Bool,
        /// When the identity was first connected.
        connected_at -> Timestamptz,
        /// When tokens and profile were last written: where no expiry was told, their age is counted from then.
        updated_at -> Timestamptz,
        /// When the tokens were last refreshed. Null: they are those of a sign-in.
        refreshed_at -> Nullable<Timestamptz>,
        /// How often this refresh token was presented without an answer. More than twice is never tried.
        refresh_unanswered -> Int4,
        /// How often in a row the provider said that it cannot refresh now.
        refresh_failures -> Int4,
        /// Until then it is left in peace.
        refresh_not_before -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// One row a sign-in. The cookie speaks for itself; the row is what can be seen and ended.
    sessions (id) {
        /// UUID version 7: the sid claim of its cookies.
        id -> Uuid,
        /// Who is signed in.
        user_id -> Uuid,
        /// Which provider vouched: github or vercel.
        auth_provider -> Text,
        /// The sign-in.
        created_at -> Timestamptz,
        /// The last time a cookie was issued for it; not every request.
        last_seen_at -> Timestamptz,
        /// When the last cookie issued for it expires.
        cookie_expires_at -> Timestamptz,
        /// The absolute end: no cookie lives longer.
        expires_at -> Timestamptz,
        /// When it was ended before its time, if it was.
        ended_at -> Nullable<Timestamptz>,
        /// Why: signed_out, signed_in_again, ended_by_user, ended_by_operator, too_many, account_deleted.
        ended_reason -> Nullable<Text>,
        /// The browser's own words at sign-in, cut; empty when it said nothing.
        user_agent -> Text,
        /// The client's address at sign-in, as far as our proxies are trusted.
        ip -> Inet,
    }
}

diesel::table! {
    use diesel::sql_types::{Timestamptz, Uuid};
    use super::sql_types::Xid8;

    /// What must be refused although its signature is good. Outlives what it revokes: no foreign key.
    revocations (subject) {
        /// The id of a session or of an API token.
        subject -> Uuid,
        /// The transaction that revoked it. Unlike a timestamp it orders late commits for the pollers.
        xid -> Xid8,
        /// A day after the last cookie or token that it must refuse could expire.
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// Tokens with which programs act for a person. Revoking one deletes its row and inserts into revocations.
    api_tokens (id) {
        /// UUID version 7: what a revocation names.
        id -> Uuid,
        /// For whom the program acts.
        user_id -> Uuid,
        /// What its person calls it.
        name -> Text,
        /// SHA-256 of the whole token. The token itself is shown once and kept nowhere.
        token_hash -> Bytea,
        /// How it begins, for people to recognise it. Useless to a thief.
        token_prefix -> Text,
        /// What it may be used for, separated by spaces: read, write, accounts:token.
        scopes -> Text,
        /// When it was made.
        created_at -> Timestamptz,
        /// When it was last accepted, to the minute. Null: never.
        last_used_at -> Nullable<Timestamptz>,
        /// From when on it is refused. Null: it does not expire.
        expires_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Tokens that are still to be revoked at their provider. A row goes when that is done, or given up after a day.
    provider_revocations (id) {
        /// UUID version 7. Part of the place that the token is sealed to.
        id -> Uuid,
        /// Whose token it was; null when they have left.
        user_id -> Nullable<Uuid>,
        /// github or vercel.
        provider -> Text,
        /// Sealed to provider_revocations/<id>/token (AES-256-GCM-SIV).
        token -> Bytea,
        /// access_token or refresh_token (RFC 7009).
        token_type_hint -> Text,
        /// How often it was tried.
        attempts -> Int4,
        /// From when on it may be tried again. Whoever tries moves it ahead first, so that nobody else does.
        next_attempt_at -> Timestamptz,
        /// When it was no longer wanted. A day later it is given up.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// States of sign-ins that came back. Inserting is what makes a state work once.
    used_sign_in_states (state_hash) {
        /// SHA-256 of the state parameter.
        state_hash -> Bytea,
        /// After this the state is refused by its own age, and the row can go.
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// What happened, for the person it happened to and for the operator. Changed only when the person leaves: then it names nobody any more.
    audit_events (id) {
        /// UUID version 7.
        id -> Uuid,
        /// Whom it concerns; null when nobody was known, or when they have left.
        user_id -> Nullable<Uuid>,
        /// When it happened, by the database's clock.
        at -> Timestamptz,
        /// A noun and a past participle: session.started, session.ended, sign_in.failed.
        kind -> Text,
        /// The session in which it happened, if any. No foreign key: events outlive sessions.
        session_id -> Nullable<Uuid>,
        /// The client's address.
        ip -> Nullable<Inet>,
        /// The browser's own words, cut.
        user_agent -> Nullable<Text>,
        /// What else is worth knowing. Never a secret.
        details -> Jsonb,
    }
}

diesel::joinable!(accounts -> users (user_id));
diesel::joinable!(api_tokens -> users (user_id));
diesel::joinable!(audit_events -> users (user_id));
diesel::joinable!(sessions -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    api_tokens,
    audit_events,
    provider_revocations,
    revocations,
    sessions,
    used_sign_in_states,
    users,
);
