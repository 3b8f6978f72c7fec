-- Flame graphs of the target (model/flame.py): what each is of, as JSON, and its stacks.

CREATE TABLE flames (
    id INTEGER PRIMARY KEY,
    second REAL NOT NULL,
    head TEXT NOT NULL,
    stacks BLOB NOT NULL
);
