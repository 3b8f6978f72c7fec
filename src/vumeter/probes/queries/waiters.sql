-- Only while some wait for a lock: whom each waits for, those who wait longest first.
-- pg_blocking_pids() stops the lock manager for a moment, so it is asked for waiters only,
-- and for no more than $1 of them; total counts them all. The first $2 are shown.
SELECT
    pid,
    total::int AS total,
    pg_blocking_pids(pid) AS blockers,
    coalesce(usename, '') AS "user",
    application_name AS application,
    CASE WHEN place <= $2 THEN left(query, 1000) ELSE '' END AS statement
FROM (
    SELECT
        pid,
        usename,
        application_name,
        query,
        count(*) OVER () AS total,
        row_number() OVER (ORDER BY state_change, pid) AS place
    FROM pg_stat_activity
    WHERE wait_event_type = 'Lock'
    ORDER BY state_change, pid
    LIMIT $1
) AS waiter
ORDER BY place
