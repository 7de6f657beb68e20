create table accounts (
    id uuid not null,
    user_id uuid not null,
    provider text not null,
    provider_user_id text not null,
    username text not null,
    email text,
    email_verified boolean not null default false,
    scope text not null,
    access_token bytea not null,
    refresh_token bytea,
    access_token_expires_at timestamptz,
    refresh_token_expires_at timestamptz,
    token_generation bigint not null default 1,
    refresh_lease_id uuid,
    refresh_lease_until timestamptz,
    refresh_spent_at timestamptz,
    needs_reconnect boolean not null default false,
    connected_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint accounts_pkey primary key (id),
    -- Tokens must not outlive their user.
    constraint accounts_user_fkey foreign key (user_id) references users (id) on delete cascade,
    -- One person at a provider is one account here, whoever signs in first.
    constraint accounts_provider_user_key unique (provider, provider_user_id),
    -- One user has at most one account at each provider.
    constraint accounts_user_provider_key unique (user_id, provider),
    constraint accounts_provider_check check (provider in ('github', 'vercel')),
    constraint accounts_provider_user_id_check check (provider_user_id <> ''),
    constraint accounts_refresh_lease_check check ((refresh_lease_id is null) = (refresh_lease_until is null))
);

comment on table accounts is 'Identities at providers, and the tokens they gave us. One row an identity.';
comment on column accounts.id is 'UUID version 7. Part of the place that the tokens are sealed to.';
comment on column accounts.user_id is 'Whose identity it is.';
comment on column accounts.provider is 'github or vercel.';
comment on column accounts.provider_user_id is 'GitHub''s numeric id, Vercel''s sub. With the provider this says who somebody is.';
comment on column accounts.username is 'The login name there, for people to recognise.';
comment on column accounts.email is 'The e-mail there, if it was told.';
comment on column accounts.email_verified is 'Whether the provider says that it verified the e-mail.';
comment on column accounts.scope is 'What was granted, separated by spaces. May be less than was asked.';
comment on column accounts.access_token is 'Sealed to accounts/<id>/access_token (AES-256-GCM-SIV).';
comment on column accounts.refresh_token is 'Sealed to accounts/<id>/refresh_token, if the provider gave one.';
comment on column accounts.access_token_expires_at is 'By the database''s clock. Null: no expiry was told.';
comment on column accounts.refresh_token_expires_at is 'By the database''s clock. Null: no expiry was told.';
comment on column accounts.token_generation is 'Raised whenever the tokens are replaced; storing a refresh compares it.';
comment on column accounts.refresh_lease_id is 'Who is refreshing right now, if anybody.';
comment on column accounts.refresh_lease_until is 'From when on another may try.';
comment on column accounts.refresh_spent_at is 'When the refresh token was presented without an answer yet: it may be spent.';
comment on column accounts.needs_reconnect is 'The provider refuses the tokens: only the person can mend that.';
comment on column accounts.connected_at is 'When the identity was first connected.';
comment on column accounts.updated_at is 'When the row was last written.';
