-- Only while some wait for a lock, 14 and newer: what each of $1 waits for. Who queues for a
-- row waits for the transaction that changed it, or for those before it in the queue; which
-- table that is about says the lock on the row that it has, or will have.
WITH lock AS MATERIALIZED (
    SELECT pid, locktype, mode, relation, database, granted, waitstart
    FROM pg_locks
    WHERE pid = ANY($1::int4[])
)
SELECT DISTINCT ON (wanted.pid)
    wanted.pid,
    wanted.mode || ' on ' || wanted.locktype AS lock,
    coalesce(class.relname, '') AS relation,
    extract(epoch FROM clock_timestamp() - wanted.waitstart)::float8 AS wait_s
FROM lock AS wanted
LEFT JOIN lock AS had
    ON had.pid = wanted.pid
    AND had.granted
    AND had.relation IS NOT NULL
    AND (had.locktype = 'tuple' OR had.mode IN ('RowExclusiveLock', 'RowShareLock'))
LEFT JOIN pg_class AS class
    ON class.oid = coalesce(wanted.relation, had.relation)
    AND coalesce(CASE WHEN wanted.relation IS NULL THEN had.database ELSE wanted.database END, 0)
        IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
WHERE NOT wanted.granted
ORDER BY wanted.pid, had.locktype = 'tuple' DESC, class.relkind = 'r' DESC
