-- What the run had come to at the end of a reading (model/balance.py), for as long as that is kept.

CREATE TABLE balances (
    second INTEGER PRIMARY KEY,
    content BLOB NOT NULL
);
