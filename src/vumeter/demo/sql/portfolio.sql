SELECT symbol, quantity, price, quantity * price AS value, quantity * price - paid AS gain
FROM holdings
JOIN instruments ON instruments.id = holdings.instrument_id
JOIN prices USING (instrument_id)
WHERE customer_id = $1
ORDER BY value DESC
