-- Other instances that evidence is pulled from: for whom, with which sealed token, whose keys are accepted, how much of
-- their log was seen, and how it went.
CREATE TABLE peer (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    url          TEXT NOT NULL,
    organization TEXT NOT NULL,
    token        BYTEA NOT NULL,
    trust        TEXT NOT NULL,
    size         BIGINT NOT NULL,
    root         BYTEA,
    cursor       TEXT,
    swept_at     BIGINT NOT NULL,
    pulled_at    BIGINT,
    failures     BIGINT NOT NULL,
    error        TEXT,
    next_at      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX peer_by_name ON peer (name);
-- Tokens with which the instance is managed.
ALTER TABLE token ADD COLUMN instance BIGINT NOT NULL DEFAULT 0;
