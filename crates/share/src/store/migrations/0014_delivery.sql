-- What became of the last deliveries to each webhook. `error`: why it was not told; null where it was.
CREATE TABLE delivery (
    webhook TEXT NOT NULL REFERENCES webhook (id),
    attempt INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    error   TEXT,
    PRIMARY KEY (webhook, attempt)
);
