-- Only while some wait for a lock: the backends that hold all others up.
SELECT
    pid,
    state,
    coalesce(application_name, '') AS application,
    left(query, 1000) AS statement,
    greatest(0, extract(epoch FROM clock_timestamp() - xact_start))::float8 AS age_s
FROM pg_stat_activity
WHERE pid = ANY($1::int4[])
UNION ALL
-- Number 0 stands for a prepared transaction, which no backend owns: the oldest is shown.
SELECT 0, 'prepared transaction', gid, '', age_s
FROM (
    SELECT gid, greatest(0, extract(epoch FROM clock_timestamp() - prepared))::float8 AS age_s
    FROM pg_prepared_xacts
    ORDER BY prepared
    LIMIT 1
) AS oldest
WHERE 0 = ANY($1::int4[])
