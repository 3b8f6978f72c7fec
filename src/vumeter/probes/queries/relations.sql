-- Every few seconds: how the largest $1 tables and their indexes are used, of this database
-- alone. By the functions behind pg_stat_user_tables, which would join more than is needed.
SELECT
    class.oid,
    class.relname AS name,
    namespace.nspname AS schema,
    class.relkind = 'i' AS is_index,
    index.indrelid AS of_table,
    coalesce(index.indisunique OR index.indisexclusion, false) AS is_needed,
    class.relpages::int8 * current_setting('block_size')::int8 AS bytes,
    pg_stat_get_numscans(class.oid) AS scans,
    pg_stat_get_tuples_returned(class.oid) AS rows_read,
    pg_stat_get_live_tuples(class.oid) AS live_rows,
    pg_stat_get_dead_tuples(class.oid) AS dead_rows,
    pg_stat_get_blocks_fetched(class.oid) AS blocks,
    pg_stat_get_blocks_hit(class.oid) AS hits,
    extract(epoch FROM clock_timestamp() - greatest(
        pg_stat_get_last_vacuum_time(class.oid), pg_stat_get_last_autovacuum_time(class.oid)
    ))::float8 AS vacuum_age_s
FROM pg_class AS class
JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
LEFT JOIN pg_index AS index ON index.indexrelid = class.oid
WHERE class.relkind IN ('r', 'm', 'i')
    AND class.relpersistence <> 't'
    AND namespace.nspname NOT IN ('pg_catalog', 'information_schema')
    AND namespace.nspname NOT LIKE 'pg\_toast%'
ORDER BY class.relpages DESC, class.oid
LIMIT $1
