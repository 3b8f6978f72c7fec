-- Once per connection, and again while there is none: where pg_stat_statements is, and of which
-- version; its columns go by that, not by the server's version.
SELECT
    quote_ident(namespace.nspname) AS schema,
    extension.extversion AS version
FROM pg_extension AS extension
JOIN pg_namespace AS namespace ON namespace.oid = extension.extnamespace
WHERE extension.extname = 'pg_stat_statements'
