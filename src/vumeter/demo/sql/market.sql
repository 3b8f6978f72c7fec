SELECT symbol, name, price, at
FROM instruments
JOIN prices ON instrument_id = id
WHERE segment = $1
ORDER BY symbol
