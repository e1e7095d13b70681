-- Long spans by their end: "after" and "since" find the ones that began long before without reading every span there is.
-- (Not hi - lo: before PostgreSQL 17 there is no difference to a moment without end.)
create index idx_date_wide on {schema}.idx_date (tenant, key, hi, lo, rid) 
  where timezone('UTC', hi) > timezone('UTC', lo) + interval '32 days';
create index idx_quantity_wide on {schema}.idx_quantity (tenant, key, hi, lo, rid) where lo < hi;
