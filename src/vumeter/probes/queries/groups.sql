-- Every other second: where the sessions come from, the $1 largest groups. User and
-- application are seen by everyone; addresses and states only by who may see them.
SELECT
    coalesce(usename, '') AS "user",
    application_name AS application,
    coalesce(host(client_addr), '') AS client,
    count(*)::int AS sessions,
    count(*) FILTER (WHERE state IN ('active', 'fastpath function call'))::int AS active,
    count(*) FILTER (WHERE state LIKE 'idle in transaction%')::int AS idle_in_transaction
FROM pg_stat_activity
WHERE pid <> pg_backend_pid()
    AND (
        backend_type = 'client backend'
        OR (backend_type IS NULL AND datid IS NOT NULL AND usesysid IS NOT NULL)
    )
GROUP BY 1, 2, 3
ORDER BY sessions DESC, 1, 2, 3
LIMIT $1
