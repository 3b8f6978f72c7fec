-- Once a second: sessions by state, and the oldest transaction.
-- backend_type is NULL where the probe's role must not see a session's state; what has a
-- database and a user is then taken for a client.
-- longest_s is 0 where nobody is in a transaction.
WITH session AS (
    SELECT
        pid,
        state,
        xact_start,
        wait_event_type,
        backend_type IS NULL AS hidden,
        pid = pg_backend_pid() AS own
    FROM pg_stat_activity
    WHERE backend_type = 'client backend'
        OR (backend_type IS NULL AND datid IS NOT NULL AND usesysid IS NOT NULL)
), oldest AS (
    SELECT pid, xact_start
    FROM session
    WHERE xact_start IS NOT NULL AND NOT own
    ORDER BY xact_start
    LIMIT 1
)
SELECT
    count(*)::int AS used,
    count(*) FILTER (WHERE hidden)::int AS hidden,
    count(*) FILTER (WHERE state IN ('active', 'fastpath function call') AND NOT own)::int
        AS active,
    count(*) FILTER (WHERE state = 'idle' AND NOT own)::int AS idle,
    count(*) FILTER (WHERE state LIKE 'idle in transaction%')::int AS idle_in_transaction,
    count(*) FILTER (WHERE wait_event_type = 'Lock')::int AS waiting,
    (SELECT pid FROM oldest) AS longest_pid,
    coalesce(
        (SELECT greatest(0, extract(epoch FROM clock_timestamp() - xact_start)) FROM oldest), 0
    )::float8
        AS longest_s
FROM session
