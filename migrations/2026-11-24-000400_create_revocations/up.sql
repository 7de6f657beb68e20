create table revocations (
    subject uuid not null,
    xid xid8 not null default pg_current_xact_id(),
    expires_at timestamptz not null,

    constraint revocations_pkey primary key (subject)
);

-- Every process asks for what was written since its last poll.
create index revocations_xid_idx on revocations (xid);
-- The sweep asks for what is over.
create index revocations_expires_at_idx on revocations (expires_at);

comment on table revocations is 'What must be refused although its signature is good. Outlives what it revokes: no foreign key.';
comment on column revocations.subject is 'The id of a session or of an API token.';
comment on column revocations.xid is 'The transaction that revoked it. Unlike a timestamp it orders late commits for the pollers.';
comment on column revocations.expires_at is 'A day after the last cookie or token that it must refuse could expire.';
