-- Several times a second: who works, or waits while working, at this moment.
-- A parallel worker uses a processor like its leader does, so it counts.
SELECT
    coalesce(wait_event_type, 'CPU') AS wait,
    coalesce(wait_event, '') AS event,
    count(*)::int AS sessions
FROM pg_stat_activity
WHERE state IN ('active', 'fastpath function call')
    AND backend_type IN ('client backend', 'parallel worker')
    AND pid <> pg_backend_pid()
GROUP BY 1, 2
