//! People.

use diesel::prelude::*;

use super::ids::{AccountId, UserId};
use crate::provider::Provider;
use crate::schema::{accounts, users};

/// What a provider says about a person, as we keep it.
#[derive(Clone, Debug, AsChangeset, Insertable)]
#[diesel(table_name = users, treat_none_as_null = true)]
pub struct Profile {
    pub username: String,
    pub email: Option<String>,
    pub name: Option<String>,
    pub avatar_url: Option<String>,
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(diesel::pg::Pg))]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub email: Option<String>,
    pub name: Option<String>,
    pub avatar_url: Option<String>,
}

impl User {
    /// The person behind an identity, and the account that says so. Locks the
    /// account, so that two sign-ins of one person take turns.
    pub fn find_by_identity(
        conn: &mut PgConnection,
        provider: Provider,
        provider_user_id: &str,
    ) -> QueryResult<Option<(UserId, AccountId)>> {
        accounts::table
            .filter(accounts::provider.eq(provider.as_str()))
            .filter(accounts::provider_user_id.eq(provider_user_id))
            .select((accounts::user_id, accounts::id))
            .for_update()
            .first(conn)
            .optional()
    }

    pub fn create(conn: &mut PgConnection, profile: &Profile) -> QueryResult<Self> {
        diesel::insert_into(users::table)
            .values((users::id.eq(UserId::new()), profile))
            .returning(Self::as_returning())
            .get_result(conn)
    }

    /// A sign-in: the profile is that of the provider just signed in with.
    pub fn signed_in(conn: &mut PgConnection, id: UserId, profile: &Profile) -> QueryResult<Self> {
        let now = diesel::dsl::now;
        diesel::update(users::table.find(id))
            .set((
                profile,
                users::updated_at.eq(now),
                users::last_sign_in_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
    }
}
