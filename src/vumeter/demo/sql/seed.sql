-- The same data at every start: setseed makes random() repeat itself.

SELECT setseed(0.42);

INSERT INTO customers (id, name, cash)
SELECT n, 'customer-' || n, round((1000 + random() * 99000)::numeric, 2)
FROM generate_series(1, 1000) AS n;

-- Four segments of 14 instruments, with symbols like TEC07.
INSERT INTO instruments (id, symbol, name, segment)
SELECT
    row_number() OVER (ORDER BY segment, n),
    upper(left(segment, 3)) || lpad(n::text, 2, '0'),
    initcap(segment) || ' ' || n,
    segment
FROM unnest(ARRAY['technology', 'energy', 'health', 'finance']) AS segment,
    generate_series(1, 14) AS n;

-- 1,500 trades of each instrument on a random walk around its own level.
INSERT INTO ticks (instrument_id, at, price, volume)
SELECT
    id,
    now() - (1500 - n) * interval '15 s',
    round((20 + 7 * id + 6 * sin(n / 300.0 + id) + random())::numeric, 2),
    (1 + random() * 200)::integer
FROM instruments, generate_series(1, 1500) AS n;

CREATE INDEX ON ticks (instrument_id, at);
ALTER TABLE ticks ADD FOREIGN KEY (instrument_id) REFERENCES instruments;

INSERT INTO prices (instrument_id, price, at)
SELECT DISTINCT ON (instrument_id) instrument_id, price, at
FROM ticks
ORDER BY instrument_id, at DESC;

-- Eight holdings each.
INSERT INTO holdings (customer_id, instrument_id, quantity, paid)
SELECT customers.id, instrument, quantity, round(quantity * price * 0.95, 2)
FROM customers
CROSS JOIN generate_series(0, 7) AS n
CROSS JOIN LATERAL (SELECT 1 + (customers.id + n * 7) % 56, 1 + (customers.id * 31 + n) % 90)
    AS held (instrument, quantity)
JOIN prices ON instrument_id = instrument;

INSERT INTO turnover (shard) SELECT generate_series(0, 63);

GRANT SELECT ON customers, instruments, prices, ticks TO shop;
GRANT SELECT, INSERT, UPDATE ON holdings TO shop;
GRANT SELECT, INSERT, DELETE ON orders TO shop;
GRANT SELECT, UPDATE ON turnover TO shop;

ANALYZE;
