-- Only while some wait for a lock: the backends that hold all others up.
-- Without a backend_type the probe's role must not see what the backend does.
SELECT
    pid,
    coalesce(state, CASE WHEN backend_type IS NULL THEN 'hidden' ELSE '' END) AS state,
    coalesce(nullif(application_name, ''), nullif(backend_type, 'client backend'), '')
        AS application,
    coalesce(usename, '') AS "user",
    CASE WHEN backend_type IS NULL THEN '' ELSE left(query, 1000) END AS statement,
    greatest(0, extract(epoch FROM clock_timestamp() - xact_start))::float8 AS age_s
FROM pg_stat_activity
WHERE pid = ANY($1::int4[])
UNION ALL
-- Number 0 stands for a prepared transaction, which no backend owns: the oldest is shown.
SELECT 0, 'prepared transaction', gid, owner, '', age_s
FROM (
    SELECT gid, owner, greatest(0, extract(epoch FROM clock_timestamp() - prepared))::float8 AS age_s
    FROM pg_prepared_xacts
    ORDER BY prepared
    LIMIT 1
) AS oldest
WHERE 0 = ANY($1::int4[])
