-- Every few seconds: counters of every statement, without the texts. Extension 1.11
-- and newer, PostgreSQL 17 and 18.
SELECT
    userid,
    dbid,
    queryid,
    toplevel,
    calls,
    total_exec_time AS total_ms,
    rows,
    shared_blks_hit + local_blks_hit AS hits,
    shared_blks_read + local_blks_read AS reads,
    temp_blks_read + temp_blks_written AS temporary,
    shared_blk_read_time + shared_blk_write_time
        + local_blk_read_time + local_blk_write_time AS io_ms
FROM "schema".pg_stat_statements(false)
