-- Runs in the database "shop", as the superuser of the temporary cluster.

CREATE ROLE shop LOGIN;
CREATE ROLE vumeter_probe LOGIN IN ROLE pg_monitor, pg_signal_backend;

CREATE TABLE customers (
    id   integer PRIMARY KEY,
    name text NOT NULL UNIQUE,
    cash numeric(14, 2) NOT NULL
);

CREATE TABLE instruments (
    id      smallint PRIMARY KEY,
    symbol  text NOT NULL UNIQUE,
    name    text NOT NULL,
    segment text NOT NULL
);
CREATE INDEX ON instruments (segment);

-- The newest price of each instrument.
CREATE TABLE prices (
    instrument_id smallint PRIMARY KEY REFERENCES instruments,
    price         numeric(12, 2) NOT NULL,
    at            timestamptz NOT NULL
);

-- Every trade of the day. Its reference to instruments follows when it is filled: checking
-- 84,000 rows one by one would take most of the demo's start.
CREATE TABLE ticks (
    instrument_id smallint NOT NULL,
    at            timestamptz NOT NULL,
    price         numeric(12, 2) NOT NULL,
    volume        integer NOT NULL
);

CREATE TABLE holdings (
    customer_id   integer NOT NULL REFERENCES customers,
    instrument_id smallint NOT NULL REFERENCES instruments,
    quantity      integer NOT NULL,
    paid          numeric(14, 2) NOT NULL,
    PRIMARY KEY (customer_id, instrument_id)
);

CREATE TABLE orders (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id   integer NOT NULL REFERENCES customers,
    instrument_id smallint NOT NULL REFERENCES instruments,
    side          text NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity      integer NOT NULL CHECK (quantity > 0),
    price         numeric(12, 2) NOT NULL,
    at            timestamptz NOT NULL DEFAULT now()
);

-- The exchange's turnover is the sum over the shards. With the bottleneck "locks", every
-- order adds to shard 0, the hot row; without it, to any of the others.
CREATE TABLE turnover (
    shard  smallint PRIMARY KEY,
    orders bigint NOT NULL DEFAULT 0,
    amount numeric(20, 2) NOT NULL DEFAULT 0
) WITH (fillfactor = 10); -- room for HOT updates: the row's versions stay on its page

-- To explain a statement takes the rights to execute it, which the probe never does: its
-- connections are read-only.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO vumeter_probe;
