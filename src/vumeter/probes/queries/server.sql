-- Once per connection: what does not change while the server runs.
-- reserved_connections exists from 16 on; elsewhere there are none.
SELECT
    current_setting('server_version') AS version,
    current_setting('server_version_num')::int AS number,
    current_setting('server_version_num')::int >= 150000 AS settles,
    current_setting('max_connections')::int AS connections_max,
    current_setting('superuser_reserved_connections')::int
        + coalesce(current_setting('reserved_connections', true)::int, 0) AS connections_reserved,
    quote_ident(current_user) AS role,
    extract(epoch FROM pg_postmaster_start_time())::float8 AS started,
    extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8 AS uptime_s
