-- Statements that wait for a second person.
CREATE TABLE pending (
    id           TEXT PRIMARY KEY,
    organization TEXT NOT NULL,
    account      TEXT NOT NULL,
    at           INTEGER NOT NULL,
    statement    BLOB NOT NULL,
    registration TEXT NOT NULL
);
CREATE INDEX pending_by_organization ON pending (organization, at);
