-- Once a second: counters of all databases together, as the sessions are those of all.
-- databases and reset tell when the sums have lost their past.
SELECT
    count(*)::int AS databases,
    coalesce(extract(epoch FROM max(stats_reset)), 0)::float8 AS reset,
    coalesce(sum(xact_commit), 0)::int8 AS commits,
    coalesce(sum(xact_rollback), 0)::int8 AS rollbacks,
    coalesce(sum(blks_hit), 0)::int8 AS hits,
    coalesce(sum(blks_read), 0)::int8 AS reads,
    coalesce(sum(deadlocks), 0)::int8 AS deadlocks
FROM pg_stat_database
