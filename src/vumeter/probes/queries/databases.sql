-- Once a second: counters of all databases together, as the sessions are those of all.
-- databases and reset tell when the sums have lost their past.
SELECT
    count(*)::int AS databases,
    coalesce(extract(epoch FROM max(stats_reset)), 0)::float8 AS reset,
    coalesce(sum(xact_commit), 0)::int8 AS commits,
    coalesce(sum(xact_rollback), 0)::int8 AS rollbacks,
    coalesce(sum(blks_hit), 0)::int8 AS hits,
    coalesce(sum(blks_read), 0)::int8 AS reads,
    coalesce(sum(deadlocks), 0)::int8 AS deadlocks,
    coalesce(sum(tup_returned), 0)::int8 AS rows_read,
    coalesce(sum(tup_inserted + tup_updated + tup_deleted), 0)::int8 AS rows_written,
    coalesce(sum(temp_files), 0)::int8 AS temporary_files,
    coalesce(sum(temp_bytes), 0)::int8 AS temporary_bytes
FROM pg_stat_database
