create table used_sign_in_states (
    state_hash bytea not null,
    expires_at timestamptz not null,

    constraint used_sign_in_states_pkey primary key (state_hash),
    constraint used_sign_in_states_hash_check check (octet_length(state_hash) = 32)
);

-- The sweep asks for what is over.
create index used_sign_in_states_expires_at_idx on used_sign_in_states (expires_at);

comment on table used_sign_in_states is 'States of sign-ins that came back. Inserting is what makes a state work once.';
comment on column used_sign_in_states.state_hash is 'SHA-256 of the state parameter.';
comment on column used_sign_in_states.expires_at is 'After this the state is refused by its own age, and the row can go.';
