-- Other instances that evidence is pulled from: for whom, with which sealed token, whose keys are accepted, how much of
-- their log was seen, and how it went.
CREATE TABLE peer (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    url          TEXT NOT NULL,
    organization TEXT NOT NULL,
    token        BLOB NOT NULL,
    trust        TEXT NOT NULL,
    size         INTEGER NOT NULL,
    root         BLOB,
    cursor       TEXT,
    swept_at     INTEGER NOT NULL,
    pulled_at    INTEGER,
    failures     INTEGER NOT NULL,
    error        TEXT,
    next_at      INTEGER NOT NULL,
    created_at   INTEGER NOT NULL
);
CREATE UNIQUE INDEX peer_by_name ON peer (name);
-- Tokens with which the instance is managed.
ALTER TABLE token ADD COLUMN instance INTEGER NOT NULL DEFAULT 0;
