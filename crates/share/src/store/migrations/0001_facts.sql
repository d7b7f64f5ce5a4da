-- What was registered. Rows are only ever added.
CREATE TABLE fact (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL
);

-- The transparency log: rows of hashes (tiles; the partial one of each level grows), entries, signed checkpoints.
CREATE TABLE log_tile (
    level  INTEGER NOT NULL,
    place  INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, place)
) WITHOUT ROWID;
CREATE TABLE log_entry (
    place INTEGER PRIMARY KEY,
    entry BLOB NOT NULL
);
CREATE TABLE log_checkpoint (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL,
    at   INTEGER NOT NULL
);

-- People. Secrets are stored as SHA-256 of themselves.
CREATE TABLE account (
    id           TEXT PRIMARY KEY,
    organization TEXT NOT NULL,
    name         TEXT NOT NULL,
    role         TEXT NOT NULL,
    instance     INTEGER NOT NULL,
    created_at   INTEGER NOT NULL
);
CREATE TABLE login_link (
    secret     BLOB PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES account (id),
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
);
CREATE TABLE session (
    secret     BLOB PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES account (id),
    csrf       TEXT NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE TABLE token (
    id         TEXT PRIMARY KEY,
    secret     BLOB NOT NULL UNIQUE,
    account    TEXT NOT NULL REFERENCES account (id),
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
);

-- Who looked at whose evidence.
CREATE TABLE access (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    owner        TEXT NOT NULL,
    organization TEXT NOT NULL,
    evidence     TEXT NOT NULL,
    level        TEXT NOT NULL
);
