create table audit_events (
    id uuid not null,
    user_id uuid,
    at timestamptz not null default now(),
    kind text not null,
    session_id uuid,
    ip inet,
    user_agent text,
    details jsonb not null default '{}',

    constraint audit_events_pkey primary key (id),
    -- What happened stays known when the person has left.
    constraint audit_events_user_fkey foreign key (user_id) references users (id) on delete set null,
    constraint audit_events_kind_check check (kind ~ '^[a-z_]+\.[a-z_]+$')
);

-- A person's own events, the newest first.
create index audit_events_user_idx on audit_events (user_id, at desc, id desc);
-- The trace of one session's sign-in.
create index audit_events_session_idx on audit_events (session_id) where session_id is not null;

comment on table audit_events is 'What happened, for the person it happened to and for the operator. Never changed.';
comment on column audit_events.id is 'UUID version 7.';
comment on column audit_events.user_id is 'Whom it concerns; null when nobody was known, or when they have left.';
comment on column audit_events.at is 'When it happened, by the database''s clock.';
comment on column audit_events.kind is 'A noun and a past participle: session.started, session.ended, sign_in.failed.';
comment on column audit_events.session_id is 'The session in which it happened, if any. No foreign key: events outlive sessions.';
comment on column audit_events.ip is 'The client''s address.';
comment on column audit_events.user_agent is 'The browser''s own words, cut.';
comment on column audit_events.details is 'What else is worth knowing. Never a secret.';
