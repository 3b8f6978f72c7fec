-- Only while some wait for a lock: the backends that hold all others up.
SELECT
    pid,
    state,
    coalesce(application_name, '') AS application,
    left(query, 1000) AS statement,
    greatest(0, extract(epoch FROM clock_timestamp() - xact_start))::float8 AS age_s
FROM pg_stat_activity
WHERE pid = ANY($1::int4[])
