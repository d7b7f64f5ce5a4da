-- Files that arrive in pieces, and the work on them when they are whole; the job has the upload's id.
CREATE TABLE upload (
    id           TEXT PRIMARY KEY,
    organization TEXT NOT NULL,
    account      TEXT NOT NULL,
    name         TEXT NOT NULL,
    size         BIGINT NOT NULL,
    sha256       BYTEA,
    received     BIGINT NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE INDEX upload_by_organization ON upload (organization);
CREATE TABLE upload_piece (
    upload TEXT NOT NULL,
    place  BIGINT NOT NULL,
    length BIGINT NOT NULL,
    PRIMARY KEY (upload, place)
);
CREATE TABLE job (
    id           TEXT PRIMARY KEY,
    organization TEXT NOT NULL,
    account      TEXT NOT NULL,
    name         TEXT NOT NULL,
    state        TEXT NOT NULL,
    attempts     BIGINT NOT NULL,
    holder       TEXT NOT NULL,
    until        BIGINT NOT NULL,
    next_at      BIGINT NOT NULL,
    done         BIGINT NOT NULL,
    total        BIGINT NOT NULL,
    error        TEXT,
    created_at   BIGINT NOT NULL
);
CREATE INDEX job_by_organization ON job (organization, created_at);
CREATE INDEX job_by_state ON job (state, created_at);
CREATE TABLE job_result (
    job    TEXT NOT NULL,
    kind   TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    size   BIGINT NOT NULL,
    PRIMARY KEY (job, kind)
);
