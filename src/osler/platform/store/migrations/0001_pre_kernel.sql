-- What every service shares: tenants, patient clocks, the chart cache, the outbox and the audit log.
-- Runs once, as osler_owner. The group roles osler_<service> exist already (platform/store/migrate.py).

create schema if not exists kernel;
create schema if not exists audit;

create table kernel.tenant (
  key int4 generated always as identity primary key,
  name text collate "C" not null unique,
  demo bool not null default false,
  created timestamptz not null default now()
);

-- Bumped in the transaction of every write to a patient's record; a cached chart is valid only while its ver equals this one.
create table kernel.patient_clock (
  tenant int4 not null, prid int8 not null, ver int8 not null,
  primary key (tenant, prid)
) with (fillfactor = 50);

create table kernel.chart_cache (
  tenant int4 not null, prid int8 not null, query int8 not null, ver int8 not null, gz bytea not null,
  primary key (tenant, prid, query)
) with (fillfactor = 80);
alter table kernel.chart_cache alter column gz set storage external;

-- One row per version written and per event emitted, in the transaction that wrote it. kind is 'resource' or the event's name.
create table kernel.outbox (
  seq bigserial primary key,
  tenant int4 not null, at timestamptz not null, kind text collate "C" not null default 'resource',
  rtype int2 not null default 0, version int4 not null default 0, op "char" not null default 'c', rid int8 not null default 0,
  id text collate "C" not null default '', actor text collate "C" not null, request_id text collate "C" not null default '',
  attempts int4 not null default 0, due timestamptz not null, payload bytea
);

create table kernel.dead_letter (
  seq int8 primary key,
  tenant int4 not null, at timestamptz not null, kind text collate "C" not null,
  rtype int2 not null, version int4 not null, op "char" not null, rid int8 not null,
  id text collate "C" not null, actor text collate "C" not null, request_id text collate "C" not null,
  attempts int4 not null, failed timestamptz not null default now(), error text not null, payload bytea
);

-- Which handler has already had which outbox row, so that a second delivery does nothing.
create table kernel.delivered (
  tenant int4 not null, handler text collate "C" not null, seq int8 not null, at timestamptz not null default now(),
  primary key (handler, seq)
);

-- Append-only: the application may insert and read, nothing else. A stream is one chain of hashes, written by one process, batch by batch:
-- each row's hash covers the head of the batch before it, and a batch's head is the hash of its rows' hashes in order.
create table audit.event (
  tenant int4 not null, stream int8 not null, seq int8 not null, batch int8 not null, at timestamptz not null,
  prid int8 not null default 0, version int4 not null default 0, rtype int2 not null default 0, outcome int2 not null, action "char" not null,
  actor text collate "C" not null, id text collate "C" not null default '', request_id text collate "C" not null default '',
  detail text collate "C" not null default '', hash bytea not null,
  primary key (tenant, stream, seq)
);

create function audit.digest(
  head bytea, tenant int4, stream int8, seq int8, at timestamptz, prid int8, version int4, rtype int2, outcome int2, action "char",
  actor text, id text, request_id text, detail text
) returns bytea language sql stable parallel safe return
  sha256(head || int4send(tenant) || int8send(stream) || int8send(seq) || timestamptz_send(at) || int8send(prid) || int4send(version)
    || int2send(rtype) || int2send(outcome) || charsend(action)
    || textsend(actor || E'\x1f' || id || E'\x1f' || request_id || E'\x1f' || detail));

alter table kernel.patient_clock enable row level security;
alter table kernel.chart_cache enable row level security;
alter table kernel.outbox enable row level security;
alter table kernel.dead_letter enable row level security;
alter table kernel.delivered enable row level security;
alter table audit.event enable row level security;
create policy of_tenant on kernel.patient_clock using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
create policy of_tenant on kernel.chart_cache using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
create policy of_tenant on audit.event using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
-- The outbox worker delivers for every tenant: it says so with '*', which opens these three tables and no other.
create policy of_tenant on kernel.outbox using (current_setting('osler.tenant', true) in ('*', tenant::text));
create policy of_tenant on kernel.dead_letter using (current_setting('osler.tenant', true) in ('*', tenant::text));
create policy of_tenant on kernel.delivered using (current_setting('osler.tenant', true) in ('*', tenant::text));

grant usage on schema kernel, audit
  to osler_portal, osler_exchange, osler_billing, osler_orders, osler_scheduling, osler_encounter, osler_decisions, osler_patient,
  osler_privacy, osler_terminology, osler_identity;
grant select on kernel.tenant
  to osler_portal, osler_exchange, osler_billing, osler_orders, osler_scheduling, osler_encounter, osler_decisions, osler_patient,
  osler_privacy, osler_terminology, osler_identity;
grant select, insert, update, delete on kernel.patient_clock, kernel.chart_cache, kernel.outbox, kernel.dead_letter, kernel.delivered
  to osler_portal, osler_exchange, osler_billing, osler_orders, osler_scheduling, osler_encounter, osler_decisions, osler_patient,
  osler_privacy, osler_terminology, osler_identity;
grant usage on sequence kernel.outbox_seq_seq
  to osler_portal, osler_exchange, osler_billing, osler_orders, osler_scheduling, osler_encounter, osler_decisions, osler_patient,
  osler_privacy, osler_terminology, osler_identity;
grant select, insert on audit.event
  to osler_portal, osler_exchange, osler_billing, osler_orders, osler_scheduling, osler_encounter, osler_decisions, osler_patient,
  osler_privacy, osler_terminology, osler_identity;
