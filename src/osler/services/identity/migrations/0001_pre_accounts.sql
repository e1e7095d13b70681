-- Who may sign in, the machines that may, and the sessions of both. Tokens and client secrets only as SHA-256.

create table identity.account (
  tenant int4 not null, id uuid not null,
  username text collate "C" not null check (username = lower(username) and username <> ''),
  display_name text not null, password_hash text not null,
  roles text[] collate "C" not null, practitioner text collate "C", active bool not null default true, created timestamptz not null,
  primary key (tenant, id),
  unique (tenant, username)
);

create table identity.client (
  tenant int4 not null, id text collate "C" not null, secret_hash bytea not null,
  roles text[] collate "C" not null, scope text collate "C" not null, active bool not null default true, created timestamptz not null,
  primary key (tenant, id)
);

create table identity.session (
  tenant int4 not null, token_hash bytea not null, account uuid, client text collate "C",
  created timestamptz not null, expires timestamptz not null, last_used timestamptz not null,
  primary key (tenant, token_hash),
  foreign key (tenant, account) references identity.account on delete cascade,
  foreign key (tenant, client) references identity.client on delete cascade,
  check (num_nonnulls(account, client) = 1)
);
create index session_account on identity.session (tenant, account);
create index session_client on identity.session (tenant, client);
create index session_expires on identity.session (tenant, expires);

alter table identity.account enable row level security;
alter table identity.client enable row level security;
alter table identity.session enable row level security;
create policy of_tenant on identity.account using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
create policy of_tenant on identity.client using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
create policy of_tenant on identity.session using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);

-- Every process recognises tokens; only identity sees password hashes and client secrets, or makes and ends sessions.
grant select (tenant, id, username, display_name, roles, practitioner, active) on identity.account
  to osler_portal, osler_exchange, osler_billing, osler_orders, osler_scheduling, osler_encounter, osler_decisions, osler_patient,
  osler_privacy, osler_terminology, osler_identity;
grant select (tenant, id, roles, scope, active) on identity.client
  to osler_portal, osler_exchange, osler_billing, osler_orders, osler_scheduling, osler_encounter, osler_decisions, osler_patient,
  osler_privacy, osler_terminology, osler_identity;
grant select, update (last_used) on identity.session
  to osler_portal, osler_exchange, osler_billing, osler_orders, osler_scheduling, osler_encounter, osler_decisions, osler_patient,
  osler_privacy, osler_terminology, osler_identity;
grant select, insert, update, delete on identity.account, identity.client, identity.session to osler_identity;
