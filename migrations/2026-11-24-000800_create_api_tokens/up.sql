create table api_tokens (
    id uuid not null,
    user_id uuid not null,
    name text not null,
    token_hash bytea not null,
    token_prefix text not null,
    scopes text not null,
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    expires_at timestamptz,

    constraint api_tokens_pkey primary key (id),
    -- A token must not outlive its user.
    constraint api_tokens_user_fkey foreign key (user_id) references users (id) on delete cascade,
    -- How a token is found.
    constraint api_tokens_hash_key unique (token_hash),
    constraint api_tokens_hash_check check (octet_length(token_hash) = 32),
    constraint api_tokens_name_check check (name <> ''),
    constraint api_tokens_scopes_check check (scopes <> '')
);

-- A person's own tokens, the newest first.
create index api_tokens_user_idx on api_tokens (user_id, created_at desc, id desc);
-- The sweep asks for what has expired.
create index api_tokens_expires_at_idx on api_tokens (expires_at);

comment on table api_tokens is 'Tokens with which programs act for a person. Revoking one deletes its row and inserts into revocations.';
comment on column api_tokens.id is 'UUID version 7: what a revocation names.';
comment on column api_tokens.user_id is 'For whom the program acts.';
comment on column api_tokens.name is 'What its person calls it.';
comment on column api_tokens.token_hash is 'SHA-256 of the whole token. The token itself is shown once and kept nowhere.';
comment on column api_tokens.token_prefix is 'How it begins, for people to recognise it. Useless to a thief.';
comment on column api_tokens.scopes is 'What it may be used for, separated by spaces: read, write, accounts:token.';
comment on column api_tokens.created_at is 'When it was made.';
comment on column api_tokens.last_used_at is 'When it was last accepted, to the minute. Null: never.';
comment on column api_tokens.expires_at is 'From when on it is refused. Null: it does not expire.';
