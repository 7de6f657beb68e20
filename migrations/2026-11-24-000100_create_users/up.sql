create table users (
    id uuid not null,
    username text not null,
    email text,
    name text,
    avatar_url text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    last_sign_in_at timestamptz not null default now(),

    constraint users_pkey primary key (id),
    constraint users_username_check check (username <> '')
);

comment on table users is 'People who have signed in. A person is known by their accounts, never by an e-mail or a name.';
comment on column users.id is 'UUID version 7, ours: no provider knows it.';
comment on column users.username is 'The login name at the provider last signed in with. It may change and may be anybody''s tomorrow.';
comment on column users.email is 'As that provider told it, if it did. Never used to tell who somebody is.';
comment on column users.name is 'The name to show, if the provider told one.';
comment on column users.avatar_url is 'The address of a picture, if the provider told one.';
comment on column users.created_at is 'The first sign-in.';
comment on column users.updated_at is 'When the profile was last written.';
comment on column users.last_sign_in_at is 'The newest sign-in, with whichever provider.';
