-- Only for a statement whose plan is asked for: all of its text, and where it was executed.
SELECT statement.query AS text, database.datname AS database
FROM "schema".pg_stat_statements(true) AS statement
JOIN pg_database AS database ON database.oid = statement.dbid
WHERE statement.queryid = $1::int8
ORDER BY statement.calls DESC
LIMIT 1
