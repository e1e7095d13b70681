-- The records of a tenant whose words meet a query, by the index of words. {schema} is the service's name.
-- Under row-level security an operator that is not leakproof (@@ is not) may not be an index condition, so the query runs as the owner
-- of the table. The tenant is checked here against the one the connection is turned to: the wall stands as the policy has it.
create function {schema}.with_words(given int4, asked tsquery) returns table (rid int8, prid int8, d timestamptz)
language sql stable security definer rows 200 set search_path = '' as $$
  select r.rid, r.prid, r.d from {schema}.resource r
  where r.tenant = given and given = nullif(current_setting('osler.tenant', true), '')::int4 and r.words @@ asked and not r.deleted
$$;
revoke execute on function {schema}.with_words(int4, tsquery) from public;
grant execute on function {schema}.with_words(int4, tsquery)
  to osler_portal, osler_exchange, osler_billing, osler_orders, osler_scheduling, osler_encounter, osler_decisions, osler_patient,
  osler_privacy, osler_terminology, osler_identity;
