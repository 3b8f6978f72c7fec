-- Once a second: what clients' sessions execute, and who has a transaction open and does
-- nothing; of both the $1 that do so longest. The totals are of all of them.
SELECT
    pid,
    coalesce(usename, '') AS "user",
    application_name AS application,
    coalesce(host(client_addr), '') AS client,
    coalesce(datname, '') AS database,
    state,
    CASE
        WHEN state = 'active' AND wait_event_type IS NOT NULL
        THEN wait_event_type || ':' || wait_event
        ELSE ''
    END AS wait,
    greatest(0, extract(epoch FROM clock_timestamp() - since))::float8 AS age_s,
    greatest(0, coalesce(extract(epoch FROM clock_timestamp() - xact_start), 0))::float8
        AS transaction_s,
    left(query, 1000) AS statement,
    is_idle
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY is_idle ORDER BY since, pid) AS place
    FROM (
        SELECT
            *,
            state LIKE 'idle in transaction%' AS is_idle,
            CASE WHEN state LIKE 'idle%' THEN state_change ELSE query_start END AS since
        FROM pg_stat_activity
        WHERE backend_type = 'client backend'
            AND state <> 'idle'
            AND pid <> pg_backend_pid()
    ) AS session
) AS ranked
WHERE place <= $1
ORDER BY is_idle, place
