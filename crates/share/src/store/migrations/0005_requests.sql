-- Answers to writes with an idempotency key, kept for a day. Status 0: under way.
CREATE TABLE idempotency (
    scope   BLOB NOT NULL,
    key     TEXT NOT NULL,
    request BLOB NOT NULL,
    status  INTEGER NOT NULL,
    body    BLOB NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_by_age ON idempotency (at);
-- Who wrote what through the interface.
CREATE TABLE audit (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    organization TEXT NOT NULL,
    account      TEXT NOT NULL,
    method       TEXT NOT NULL,
    path         TEXT NOT NULL,
    status       INTEGER NOT NULL
);
CREATE INDEX audit_by_organization ON audit (organization, seq);
