-- Every few seconds: who follows this server, and how far behind. Empty for who may not see it.
SELECT
    application_name AS name,
    coalesce(host(client_addr), '') AS client,
    state,
    CASE WHEN NOT pg_is_in_recovery() THEN (pg_current_wal_lsn() - replay_lsn)::int8 END
        AS lag_bytes,
    extract(epoch FROM replay_lag)::float8 AS lag_s
FROM pg_stat_replication
WHERE state IS NOT NULL
ORDER BY 4 DESC NULLS LAST
LIMIT 10
