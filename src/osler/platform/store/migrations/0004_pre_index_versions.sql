-- How far each tenant's search index has come. No patient data: types, parameters, and the id where an interrupted reindex goes on.

-- By which extractor the rows of a type were made. tenant 0: of every tenant that has no row of its own.
create table kernel.index_version (
  tenant int4 not null, rtype int2 not null, fingerprint text collate "C" not null, at timestamptz not null default now(),
  primary key (tenant, rtype)
);

-- A reindex under way: `after` is the last id done, `expected` the rows counted so far by table and parameter.
create table kernel.reindex (
  tenant int4 not null, rtype int2 not null, codes text collate "C" not null, fingerprint text collate "C" not null,
  after text collate "C" not null default '', done int8 not null default 0, expected jsonb not null default '{}',
  updated timestamptz not null default now(),
  primary key (tenant, rtype, codes)
);

-- Search parameters of a tenant's own whose index is complete: for this version of the SearchParameter resource and no other.
create table kernel.parameter_ready (
  tenant int4 not null, id text collate "C" not null, version int4 not null, keys int4[] not null, at timestamptz not null default now(),
  primary key (tenant, id)
);

alter table kernel.index_version enable row level security;
alter table kernel.reindex enable row level security;
alter table kernel.parameter_ready enable row level security;
create policy of_tenant on kernel.index_version using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
create policy of_tenant on kernel.reindex using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
create policy of_tenant on kernel.parameter_ready using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
grant select, insert, update, delete on kernel.index_version, kernel.reindex, kernel.parameter_ready
  to osler_portal, osler_exchange, osler_billing, osler_orders, osler_scheduling, osler_encounter, osler_decisions, osler_patient,
  osler_privacy, osler_terminology, osler_identity;
