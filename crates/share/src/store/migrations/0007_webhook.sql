-- Where organizations want to be told of changes. `cursor`: the last change that was delivered.
CREATE TABLE webhook (
    id           TEXT PRIMARY KEY,
    organization TEXT NOT NULL,
    account      TEXT NOT NULL REFERENCES account (id),
    url          TEXT NOT NULL,
    cursor       TEXT,
    failures     INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,
    created_at   INTEGER NOT NULL
);
CREATE INDEX webhook_by_organization ON webhook (organization);
