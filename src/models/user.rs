//! People.

use std::fmt;

use diesel::prelude::*;
use uuid::Uuid;

use super::OwnSession;
use super::ids::UserId;
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
    /// The person whose session it is.
    pub fn of(conn: &mut PgConnection, own: OwnSession) -> QueryResult<Option<Self>> {
        users::table
            .find(own.user_id())
            .select(Self::as_select())
            .first(conn)
            .optional()
    }

    /// Locks a person, before their accounts and sessions: whoever signs in,
    /// connects or leaves takes turns here. `false` when they have left.
    pub fn lock(conn: &mut PgConnection, id: UserId) -> QueryResult<bool> {
        let found = users::table
            .find(id)
            .for_no_key_update()
            .select(users::id)
            .first::<UserId>(conn);
        Ok(found.optional()?.is_some())
    }

    /// From now on nothing that belongs to them can be written. After their
    /// sessions are locked.
    pub fn seal_off(conn: &mut PgConnection, id: UserId) -> QueryResult<()> {
        let user = users::table.find(id).for_update().select(users::id);
        user.first::<UserId>(conn).map(drop)
    }

    /// Everything of theirs goes along.
    pub fn delete(conn: &mut PgConnection, id: UserId) -> QueryResult<()> {
        diesel::delete(users::table.find(id))
            .execute(conn)
            .map(drop)
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

/// A person as an operator may look for them.
#[derive(Clone, Debug, Queryable)]
pub struct Found {
    pub id: UserId,
    username: String,
    /// `None` for somebody who has no account left.
    provider: Option<String>,
    /// The name at that provider.
    name_there: Option<String>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.provider, &self.name_there) {
            (Some(provider), Some(name)) => write!(f, "{} ({provider}:{name})", self.id),
            _ => write!(f, "{} ({})", self.id, self.username),
        }
    }
}

impl User {
    /// Everybody whom these words may mean: our id, `provider:name`, or a
    /// name, here or at a provider. Names are compared as providers do,
    /// without regard to case. For operators: names may change hands.
    pub fn find_by_words(conn: &mut PgConnection, words: &str) -> QueryResult<Vec<Found>> {
        let people = users::table.left_join(accounts::table).select((
            users::id,
            users::username,
            accounts::provider.nullable(),
            accounts::username.nullable(),
        ));
        let mut found: Vec<Found> = if let Ok(id) = words.parse::<Uuid>() {
            people
                .filter(users::id.eq(UserId::from_uuid(id)))
                .load(conn)?
        } else if let Some((provider, name)) = qualified(words) {
            people
                .filter(accounts::provider.eq(provider.as_str()))
                .filter(lower(accounts::username).eq(name.to_lowercase()))
                .load(conn)?
        } else {
            let name = words.to_lowercase();
            people
                .filter(
                    lower(users::username).eq(name.clone()).nullable().or(lower(
                        accounts::username,
                    )
                    .eq(name)
                    .nullable()),
                )
                .load(conn)?
        };
        // Somebody with two accounts is one person.
        found.sort_by_key(|found| found.id);
        found.dedup_by_key(|found| found.id);
        Ok(found)
    }
}

fn qualified(words: &str) -> Option<(Provider, &str)> {
    let (provider, name) = words.split_once(':')?;
    Some((provider.parse().ok()?, name))
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn lower(text: diesel::sql_types::Text) -> Text;
}
