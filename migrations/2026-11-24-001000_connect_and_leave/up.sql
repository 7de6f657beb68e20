alter table accounts
    add column refreshed_at timestamptz,
    add column refresh_unanswered integer not null default 0,
    add column refresh_failures integer not null default 0,
    add column refresh_not_before timestamptz;

comment on column accounts.updated_at is 'When tokens and profile were last written: where no expiry was told, their age is counted from then.';
comment on column accounts.refreshed_at is 'When the tokens were last refreshed. Null: they are those of a sign-in.';
comment on column accounts.refresh_unanswered is 'How often this refresh token was presented without an answer. More than twice is never tried.';
comment on column accounts.refresh_failures is 'How often in a row the provider said that it cannot refresh now.';
comment on column accounts.refresh_not_before is 'Until then it is left in peace.';
comment on table audit_events is 'What happened, for the person it happened to and for the operator. Changed only when the person leaves: then it names nobody any more.';
