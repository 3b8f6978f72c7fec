-- Every few seconds: counters of every statement, without the texts. Extension 1.7 and older,
-- PostgreSQL 12.
SELECT
    userid,
    dbid,
    queryid,
    true AS toplevel,
    calls,
    total_time AS total_ms,
    rows,
    shared_blks_hit + local_blks_hit AS hits,
    shared_blks_read + local_blks_read AS reads,
    temp_blks_read + temp_blks_written AS temporary,
    blk_read_time + blk_write_time AS io_ms
FROM "schema".pg_stat_statements(false)
