-- Moments that were kept whole (model/spike.py): the frame that a screen showed then.

CREATE TABLE spikes (
    id INTEGER PRIMARY KEY,
    second INTEGER NOT NULL,
    content BLOB NOT NULL
);
