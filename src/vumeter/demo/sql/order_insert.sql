INSERT INTO orders (customer_id, instrument_id, side, quantity, price)
VALUES ($1, $2, $3, $4, $5)
RETURNING id
