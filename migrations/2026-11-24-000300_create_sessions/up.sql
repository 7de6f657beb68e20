create table sessions (
    id uuid not null,
    user_id uuid not null,
    auth_provider text not null,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    cookie_expires_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    ended_reason text,
    user_agent text not null,
    ip inet not null,

    constraint sessions_pkey primary key (id),
    constraint sessions_user_fkey foreign key (user_id) references users (id) on delete cascade,
    constraint sessions_auth_provider_check check (auth_provider in ('github', 'vercel')),
    constraint sessions_ended_check check ((ended_at is null) = (ended_reason is null)),
    constraint sessions_ended_reason_check check (
        ended_reason in ('signed_out', 'signed_in_again', 'ended_by_user', 'ended_by_operator', 'too_many', 'account_deleted')
    )
);

-- A person's live sessions, the newest first.
create index sessions_live_idx on sessions (user_id, created_at desc) where ended_at is null;
-- The cascade, and a person's whole history.
create index sessions_user_idx on sessions (user_id);

comment on table sessions is 'One row a sign-in. The cookie speaks for itself; the row is what can be seen and ended.';
comment on column sessions.id is 'UUID version 7: the sid claim of its cookies.';
comment on column sessions.user_id is 'Who is signed in.';
comment on column sessions.auth_provider is 'Which provider vouched: github or vercel.';
comment on column sessions.created_at is 'The sign-in.';
comment on column sessions.last_seen_at is 'The last time a cookie was issued for it; not every request.';
comment on column sessions.cookie_expires_at is 'When the last cookie issued for it expires.';
comment on column sessions.expires_at is 'The absolute end: no cookie lives longer.';
comment on column sessions.ended_at is 'When it was ended before its time, if it was.';
comment on column sessions.ended_reason is 'Why: signed_out, signed_in_again, ended_by_user, ended_by_operator, too_many, account_deleted.';
comment on column sessions.user_agent is 'The browser''s own words at sign-in, cut; empty when it said nothing.';
comment on column sessions.ip is 'The client''s address at sign-in, as far as our proxies are trusted.';
