-- Accounts of people who log in elsewhere: who they are there.
CREATE TABLE identity (
    issuer       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    organization TEXT NOT NULL,
    account      TEXT NOT NULL REFERENCES account (id),
    PRIMARY KEY (issuer, subject, organization)
);
