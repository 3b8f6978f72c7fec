DELETE FROM orders WHERE id <= (SELECT max(id) FROM orders) - $1::bigint
