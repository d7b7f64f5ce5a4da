-- What became of the last deliveries to each webhook. `error`: why it was not told; null where it was.
CREATE TABLE delivery (
    webhook TEXT NOT NULL REFERENCES webhook (id),
    attempt BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    changes BIGINT NOT NULL,
    error   TEXT,
    PRIMARY KEY (webhook, attempt)
);
