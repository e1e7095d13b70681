-- $expunge: the one way in which versions leave the store for good. No role may delete from resource_history; the owner's service may
-- run these functions, which run as the owner of the tables, take exactly the rows named, of the connection's own tenant, and nothing else.
-- A present, undeleted version cannot be named: it must be deleted first, by the ordinary statement that takes its search rows along.

create function {schema}.expunge_superseded(of_tenant int4, rids int8[], versions int4[]) returns int8
language plpgsql security definer set search_path = pg_catalog as $$
declare
  gone int8;
begin
  if of_tenant is distinct from nullif(current_setting('osler.tenant', true), '')::int4 then
    raise insufficient_privilege using message = 'expunge of another tenant';
  end if;
  delete from {schema}.resource_history h using unnest(rids, versions) as x(rid, version)
    where h.tenant = of_tenant and h.rid = x.rid and h.version = x.version;
  get diagnostics gone = row_count;
  return gone;
end $$;

create function {schema}.expunge_deleted(of_tenant int4, rids int8[], versions int4[]) returns int8
language plpgsql security definer set search_path = pg_catalog as $$
declare
  gone int8;
begin
  if of_tenant is distinct from nullif(current_setting('osler.tenant', true), '')::int4 then
    raise insufficient_privilege using message = 'expunge of another tenant';
  end if;
  delete from {schema}.resource r using unnest(rids, versions) as x(rid, version)
    where r.tenant = of_tenant and r.rid = x.rid and r.version = x.version and r.deleted
    and not exists (select 1 from {schema}.resource_history h where h.tenant = of_tenant and h.rid = r.rid);
  get diagnostics gone = row_count;
  return gone;
end $$;

revoke execute on function {schema}.expunge_superseded(int4, int8[], int4[]), {schema}.expunge_deleted(int4, int8[], int4[]) from public;
grant execute on function {schema}.expunge_superseded(int4, int8[], int4[]), {schema}.expunge_deleted(int4, int8[], int4[])
  to osler_{schema};
