drop table provider_revocations;
