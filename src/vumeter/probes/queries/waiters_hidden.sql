-- The same where the probe's role must not see what others wait for: pg_locks hides nothing.
SELECT
    pid,
    total::int AS total,
    pg_blocking_pids(pid) AS blockers,
    '' AS "user",
    '' AS application,
    '' AS statement
FROM (
    SELECT pid, count(*) OVER () AS total
    FROM pg_locks
    WHERE NOT granted
    GROUP BY pid
    ORDER BY pid
    LIMIT $1
) AS waiter
WHERE $2::int IS NOT NULL
