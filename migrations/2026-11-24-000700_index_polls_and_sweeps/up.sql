-- Pollers read what is new in pages, in this order: one transaction may revoke
-- more than a page.
drop index revocations_xid_idx;
create index revocations_xid_idx on revocations (xid, subject);

-- The sweep asks for sessions that are over: ended, or without a cookie that
-- could still be good.
create index sessions_over_idx on sessions ((coalesce(ended_at, cookie_expires_at)));

-- And for events that are old.
create index audit_events_at_idx on audit_events (at);
