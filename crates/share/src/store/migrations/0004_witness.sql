-- Logs we cosign, each with the last tree we saw.
CREATE TABLE watched_log (
    origin TEXT NOT NULL,
    key    TEXT NOT NULL,
    size   INTEGER NOT NULL,
    root   BLOB,
    PRIMARY KEY (origin, key)
);
-- Who cosigns our checkpoints, and how much of our log each has seen.
CREATE TABLE witness (
    url  TEXT PRIMARY KEY,
    key  TEXT NOT NULL,
    size INTEGER NOT NULL
);
