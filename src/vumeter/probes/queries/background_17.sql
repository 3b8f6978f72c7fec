-- Every few seconds, 17 and newer: checkpoints, WAL, autovacuum, and how late a replica is itself.
SELECT
    num_timed::int8 AS timed,
    num_requested::int8 AS requested,
    coalesce(extract(epoch FROM stats_reset), 0)::float8 AS reset,
    (CASE
        WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
        ELSE pg_current_wal_lsn()
    END - '0/0'::pg_lsn)::int8 AS wal_bytes,
    -- Not known of a replica that has replayed no transaction yet.
    CASE
        WHEN NOT pg_is_in_recovery() THEN NULL
        WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
        ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
    END::float8 AS lag_s,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker')::int
        AS autovacuum_workers,
    (SELECT count(*) FROM pg_stat_get_wal_senders())::int AS followers
FROM pg_stat_checkpointer
