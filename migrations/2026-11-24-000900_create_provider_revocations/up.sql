create table provider_revocations (
    id uuid not null,
    user_id uuid,
    provider text not null,
    token bytea not null,
    token_type_hint text not null,
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    created_at timestamptz not null default now(),

    constraint provider_revocations_pkey primary key (id),
    -- What was granted is still to be taken back when its person has left.
    constraint provider_revocations_user_fkey foreign key (user_id) references users (id) on delete set null,
    constraint provider_revocations_provider_check check (provider in ('github', 'vercel')),
    constraint provider_revocations_hint_check check (token_type_hint in ('access_token', 'refresh_token'))
);

-- What is due.
create index provider_revocations_next_attempt_at_idx on provider_revocations (next_attempt_at);
-- A person who leaves is taken out of these rows.
create index provider_revocations_user_idx on provider_revocations (user_id) where user_id is not null;

comment on table provider_revocations is 'Tokens that are still to be revoked at their provider. A row goes when that is done, or given up after a day.';
comment on column provider_revocations.id is 'UUID version 7. Part of the place that the token is sealed to.';
comment on column provider_revocations.user_id is 'Whose token it was; null when they have left.';
comment on column provider_revocations.provider is 'github or vercel.';
comment on column provider_revocations.token is 'Sealed to provider_revocations/<id>/token (AES-256-GCM-SIV).';
comment on column provider_revocations.token_type_hint is 'access_token or refresh_token (RFC 7009).';
comment on column provider_revocations.attempts is 'How often it was tried.';
comment on column provider_revocations.next_attempt_at is 'From when on it may be tried again. Whoever tries moves it ahead first, so that nobody else does.';
comment on column provider_revocations.created_at is 'When it was no longer wanted. A day later it is given up.';
