alter table accounts
    drop column refreshed_at,
    drop column refresh_unanswered,
    drop column refresh_failures,
    drop column refresh_not_before;
comment on column accounts.updated_at is 'When the row was last written.';
comment on table audit_events is 'What happened, for the person it happened to and for the operator. Never changed.';
