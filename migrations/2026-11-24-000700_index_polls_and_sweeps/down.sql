drop index audit_events_at_idx;
drop index sessions_over_idx;
drop index revocations_xid_idx;
create index revocations_xid_idx on revocations (xid);
