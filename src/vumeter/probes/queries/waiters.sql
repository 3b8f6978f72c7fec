-- Only while some wait for a lock: whom each waits for, those who wait longest first.
-- pg_blocking_pids() stops the lock manager for a moment, so it is asked for waiters only,
-- and for no more than $1 of them; total counts them all.
SELECT pid, total::int AS total, pg_blocking_pids(pid) AS blockers
FROM (
    SELECT pid, count(*) OVER () AS total
    FROM pg_stat_activity
    WHERE wait_event_type = 'Lock'
    ORDER BY state_change
    LIMIT $1
) AS waiter
