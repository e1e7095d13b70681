-- What a tenant validates by, besides what is shipped: the definitions that implementation guides brought (tenant 0: for every tenant),
-- and how profiles bind on write. Operators write these tables as osler_owner; the services only read.

create table kernel.definition (
  tenant int4 not null, kind text collate "C" not null, url text collate "C" not null, version text collate "C" not null default '',
  package text collate "C" not null, loaded timestamptz not null default now(), body bytea not null,
  primary key (tenant, kind, url, version)
);
alter table kernel.definition alter column body set storage external;

-- `changed` moves with every change to the tenant's definitions or policy, so that a process sees that what it holds is old.
create table kernel.validation (
  tenant int4 primary key, changed int8 not null default 0,
  mode text collate "C" not null default 'off' check (mode in ('off', 'warn', 'enforce')),
  claimed bool not null default true, defaults jsonb not null default '{}'
);

alter table kernel.definition enable row level security;
alter table kernel.validation enable row level security;
create policy of_tenant on kernel.definition using (tenant in (0, nullif(current_setting('osler.tenant', true), '')::int4));
create policy of_tenant on kernel.validation using (tenant in (0, nullif(current_setting('osler.tenant', true), '')::int4));

grant select on kernel.definition, kernel.validation
  to osler_portal, osler_exchange, osler_billing, osler_orders, osler_scheduling, osler_encounter, osler_decisions, osler_patient,
  osler_privacy, osler_terminology, osler_identity;
