//! Times by the database's clock: lifetimes in the database never depend on
//! the clock of the process that wrote them.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::expression::{AsExpression, SqlLiteral, UncheckedBind};
use diesel::sql_types::{Double, Nullable, Timestamptz};

type Bound<Value, Sql> = <Value as AsExpression<Sql>>::Expression;
type Sum<T, Value, Sql> = SqlLiteral<T, UncheckedBind<SqlLiteral<T>, Bound<Value, Sql>>>;

/// `now()` and this much more.
pub(super) fn from_now(duration: Duration) -> Sum<Timestamptz, f64, Double> {
    sql("now() + make_interval(secs => ")
        .bind::<Double, _>(duration.as_secs_f64())
        .sql(")")
}

/// The same, or null when there is no duration.
pub(super) fn from_now_if(
    duration: Option<Duration>,
) -> Sum<Nullable<Timestamptz>, Option<f64>, Nullable<Double>> {
    sql("now() + make_interval(secs => ")
        .bind::<Nullable<Double>, _>(duration.map(|duration| duration.as_secs_f64()))
        .sql(")")
}

/// When a refresh token was presented, and this much more: a lifetime counts
/// from when it was asked for, because the answer may have been slow.
pub(super) fn from_spending_if(
    duration: Option<Duration>,
) -> Sum<Nullable<Timestamptz>, Option<f64>, Nullable<Double>> {
    sql("refresh_spent_at + make_interval(secs => ")
        .bind::<Nullable<Double>, _>(duration.map(|duration| duration.as_secs_f64()))
        .sql(")")
}
