-- A stored run, schema 1. docs/store.md explains every table.
-- What people may want to look at with other tools is JSON; readings are packed (store/packing.py).

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- The run's seconds, each once: as they were, or merged into tens or sixties as they aged.
CREATE TABLE readings (
    second INTEGER PRIMARY KEY,
    span_s INTEGER NOT NULL,
    content BLOB NOT NULL
);

-- What came too late for its second's reading; it is in every total.
CREATE TABLE late_snapshots (
    id INTEGER PRIMARY KEY,
    second INTEGER NOT NULL,
    content TEXT NOT NULL
);

-- For charts, at each resolution, for ever.
CREATE TABLE points (
    span_s INTEGER NOT NULL,
    second INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    p50_us INTEGER,
    p95_us INTEGER,
    p99_us INTEGER,
    max_us INTEGER,
    vus INTEGER NOT NULL,
    vus_target REAL NOT NULL,
    rate_target_per_s REAL,
    dropped INTEGER NOT NULL,
    generator_limited INTEGER NOT NULL,
    PRIMARY KEY (span_s, second)
) WITHOUT ROWID;

CREATE TABLE events (
    serial INTEGER PRIMARY KEY,
    content TEXT NOT NULL
);

CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    content TEXT NOT NULL
);

-- As they stand, or stood at the end: verdicts, alerts, setup, teardown.
CREATE TABLE standings (
    name TEXT PRIMARY KEY,
    content TEXT NOT NULL
) WITHOUT ROWID;

-- Seconds that could not be written.
CREATE TABLE losses (
    first_second INTEGER PRIMARY KEY,
    last_second INTEGER NOT NULL
);

-- What all seconds up to one of them came to, for a run that dies: once a minute.
CREATE TABLE totals (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    second INTEGER NOT NULL,
    content BLOB NOT NULL
);

-- The end of the run; none: it is going on, or it died.
CREATE TABLE summary (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    content TEXT NOT NULL
);
