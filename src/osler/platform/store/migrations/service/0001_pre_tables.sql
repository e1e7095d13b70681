-- The store's tables, once per service. {schema} is the service's name: it owns the types in here, and its role alone writes them.
-- Runs once per service, as osler_owner. The group roles osler_<service> exist already (platform/store/migrate.py).

create schema if not exists {schema};

create table {schema}.resource (
  tenant int4 not null, rtype int2 not null, codec int2 not null default 0, version int4 not null, labels int4 not null default 0,
  rid int8 not null, prid int8 not null, d timestamptz not null, updated timestamptz not null, deleted bool not null default false,
  id text collate "C" not null, author text collate "C" not null, content bytea,
  primary key (tenant, rtype, id),
  unique (tenant, rid)
);
-- Indexes that are read newest first are declared oldest first and read backwards: records come in by date, and a page of an index
-- that grows at its end stays full, where one that grows at its beginning is split into halves.
create index resource_patient on {schema}.resource (tenant, prid, rtype, d, rid desc) where not deleted;
create index resource_updated on {schema}.resource (tenant, rtype, updated, rid desc);

-- Superseded versions only; the present one is in resource.
create table {schema}.resource_history (
  tenant int4 not null, rtype int2 not null, codec int2 not null default 0, version int4 not null, labels int4 not null default 0,
  rid int8 not null, prid int8 not null, d timestamptz not null, updated timestamptz not null, deleted bool not null default false,
  id text collate "C" not null, author text collate "C" not null, content bytea,
  primary key (tenant, rid, version)
);
create index resource_history_updated on {schema}.resource_history (tenant, rtype, updated desc, rid, version);
create index resource_history_patient on {schema}.resource_history (tenant, prid, updated);

-- The codec has compressed already.
alter table {schema}.resource alter column content set storage external;
alter table {schema}.resource_history alter column content set storage external;

-- Search rows of present, undeleted versions. Every row of one resource carries the same (prid, d, rid).
create table {schema}.idx_token (
  tenant int4 not null, key int4 not null, val int8 not null, prid int8 not null, d timestamptz not null, rid int8 not null,
  sys int4 not null, labels int4 not null default 0
);
create index idx_token_val on {schema}.idx_token (tenant, key, val, prid desc, d, rid desc) include (sys, labels);

create table {schema}.idx_string (
  tenant int4 not null, key int4 not null, prid int8 not null, d timestamptz not null, rid int8 not null, val text collate "C" not null
);
create index idx_string_val on {schema}.idx_string (tenant, key, val, d, rid);
create index idx_string_rid on {schema}.idx_string (tenant, rid, key, val);

create table {schema}.idx_ident (
  tenant int4 not null, key int4 not null, prid int8 not null, d timestamptz not null, rid int8 not null,
  val text collate "C" not null, sys text collate "C" not null
);
create index idx_ident_val on {schema}.idx_ident (tenant, key, val, sys, rid);

create table {schema}.idx_date (
  tenant int4 not null, key int4 not null, lo timestamptz not null, hi timestamptz not null,
  prid int8 not null, d timestamptz not null, rid int8 not null
);
create index idx_date_lo on {schema}.idx_date (tenant, key, lo, hi, rid);
create index idx_date_rid on {schema}.idx_date (tenant, key, rid);

create table {schema}.idx_quantity (
  tenant int4 not null, key int4 not null, code int8 not null, lo float8 not null, hi float8 not null,
  prid int8 not null, d timestamptz not null, rid int8 not null
);
create index idx_quantity_lo on {schema}.idx_quantity (tenant, key, lo, hi, rid);
create index idx_quantity_patient on {schema}.idx_quantity (tenant, key, prid, d, rid desc);

alter table {schema}.resource enable row level security;
alter table {schema}.resource_history enable row level security;
alter table {schema}.idx_token enable row level security;
alter table {schema}.idx_string enable row level security;
alter table {schema}.idx_ident enable row level security;
alter table {schema}.idx_date enable row level security;
alter table {schema}.idx_quantity enable row level security;
create policy of_tenant on {schema}.resource using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
create policy of_tenant on {schema}.resource_history using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
create policy of_tenant on {schema}.idx_token using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
create policy of_tenant on {schema}.idx_string using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
create policy of_tenant on {schema}.idx_ident using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
create policy of_tenant on {schema}.idx_date using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
create policy of_tenant on {schema}.idx_quantity using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);

-- Reading is open to every service; writing is the owner's.
grant usage on schema {schema}
  to osler_portal, osler_exchange, osler_billing, osler_orders, osler_scheduling, osler_encounter, osler_decisions, osler_patient,
  osler_privacy, osler_terminology, osler_identity;
grant select on {schema}.resource, {schema}.resource_history, {schema}.idx_token, {schema}.idx_string, {schema}.idx_ident, {schema}.idx_date,
  {schema}.idx_quantity
  to osler_portal, osler_exchange, osler_billing, osler_orders, osler_scheduling, osler_encounter, osler_decisions, osler_patient,
  osler_privacy, osler_terminology, osler_identity;
grant insert, update, delete on {schema}.resource, {schema}.idx_token, {schema}.idx_string, {schema}.idx_ident, {schema}.idx_date,
  {schema}.idx_quantity
  to osler_{schema};
grant insert on {schema}.resource_history to osler_{schema};
