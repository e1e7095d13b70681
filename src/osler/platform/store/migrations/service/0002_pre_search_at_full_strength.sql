-- Composite parameters, canonical units and words. {schema} is the service's name.

-- Values that must meet in one element (https://hl7.org/fhir/R4/search.html#composite): a row per element and combination.
-- val, val2: tokens; lo-hi: a number, quantity or date; lo2-hi2: a second number, or the quantity in canonical units (`base`).
-- wide: lo and hi differ. Most values are single numbers; kept apart, both bounds of a search become bounds of the index.
create table {schema}.idx_composite (
  tenant int4 not null, key int4 not null, val int8 not null, val2 int8 not null, lo float8 not null, hi float8 not null,
  prid int8 not null, d timestamptz not null, rid int8 not null, sys int4 not null, wide bool not null,
  sys2 int4, unit int8, base int8, lo2 float8, hi2 float8, val3 text collate "C"
);
create index idx_composite_val on {schema}.idx_composite (tenant, key, val, val2, wide, lo, hi, rid);
create index idx_composite_rid on {schema}.idx_composite (tenant, rid, key);

-- A UCUM quantity in base units beside the quantity as it was sent: 1 g and 1000 mg are one value.
alter table {schema}.idx_quantity add column base int8, add column blo float8, add column bhi float8;
create index idx_quantity_base on {schema}.idx_quantity (tenant, key, base, blo, bhi, rid) where base is not null;

-- The words of a resource, for _text, _content and :text. Every lexeme begins with its tenant and its type or parameter, so that a search
-- reads no other tenant's words.
alter table {schema}.resource add column words tsvector;
create index resource_words on {schema}.resource using gin (words) with (gin_pending_list_limit = 1024);

alter table {schema}.idx_composite enable row level security;
create policy of_tenant on {schema}.idx_composite using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
grant select on {schema}.idx_composite
  to osler_portal, osler_exchange, osler_billing, osler_orders, osler_scheduling, osler_encounter, osler_decisions, osler_patient,
  osler_privacy, osler_terminology, osler_identity;
grant insert, update, delete on {schema}.idx_composite to osler_{schema};
