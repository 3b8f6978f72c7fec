-- Only for statements that come to be shown: their texts. The server reads its file of all
-- texts for that, so it is asked once for each.
SELECT
    userid,
    dbid,
    queryid,
    left(query, 2000) AS text,
    pg_get_userbyid(userid)::text AS "user",
    coalesce((SELECT datname FROM pg_database WHERE oid = dbid), '')::text AS database
FROM "schema".pg_stat_statements(true)
WHERE queryid = ANY($1::int8[])
