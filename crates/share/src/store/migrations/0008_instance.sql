-- What this platform is: `log-key`, the verifier key of its log.
CREATE TABLE instance (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
