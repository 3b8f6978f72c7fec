SELECT
    symbol,
    count(*) AS trades,
    (array_agg(price ORDER BY ticks.at))[1] AS open,
    max(price) AS high,
    min(price) AS low,
    (array_agg(price ORDER BY ticks.at DESC))[1] AS last,
    round(sum(price * volume) / sum(volume), 4) AS average,
    sum(volume) AS volume
FROM instruments
JOIN ticks ON instrument_id = id
WHERE symbol = $1
GROUP BY symbol
