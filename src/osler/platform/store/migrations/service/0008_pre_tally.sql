-- How many records of each type there are, for a total that counts nothing. Each connection keeps a count of its own, so that writers
-- never wait for each other; the sum is the number, in every snapshot.
create table {schema}.tally (
  tenant int4 not null, rtype int2 not null, counted_by int4 not null default pg_backend_pid(), n int8 not null,
  primary key (tenant, rtype, counted_by)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
insert into {schema}.tally (tenant, rtype, counted_by, n)
  select tenant, rtype, 0, count(*) from {schema}.resource where not deleted group by tenant, rtype;
alter table {schema}.tally enable row level security;
create policy of_tenant on {schema}.tally using (tenant = nullif(current_setting('osler.tenant', true), '')::int4);
grant select on {schema}.tally
  to osler_portal, osler_exchange, osler_billing, osler_orders, osler_scheduling, osler_encounter, osler_decisions, osler_patient,
  osler_privacy, osler_terminology, osler_identity;
grant insert, update, delete on {schema}.tally to osler_{schema};

-- Counting hits reads the index alone as long as pages are known to be visible to all; a bulk load must not leave that to chance.
alter table {schema}.idx_token set (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.02);
alter table {schema}.resource set (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_analyze_scale_factor = 0.02);
alter table {schema}.idx_date set (autovacuum_analyze_scale_factor = 0.02);
alter table {schema}.idx_quantity set (autovacuum_analyze_scale_factor = 0.02);
alter table {schema}.idx_string set (autovacuum_analyze_scale_factor = 0.02);
