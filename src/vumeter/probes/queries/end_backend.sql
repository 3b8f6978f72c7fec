-- Only when the operator wants it and the profile allows it: cancel what a session executes, or
-- end it ($2). One that began within the last $3 seconds is another than the operator has seen.
SELECT CASE WHEN $2::bool THEN pg_terminate_backend(pid) ELSE pg_cancel_backend(pid) END AS done
FROM pg_stat_activity
WHERE pid = $1::int4
    AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'
    AND backend_start < clock_timestamp() - make_interval(secs => $3::float8)
