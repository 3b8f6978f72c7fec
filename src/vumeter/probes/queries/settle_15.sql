-- Once per connection, 15 and newer: report what the connection has done so far, now.
SELECT pg_stat_force_next_flush()
