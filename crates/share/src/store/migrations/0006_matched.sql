-- Which vulnerability data a bill of materials was matched with last.
CREATE TABLE matched (
    evidence TEXT PRIMARY KEY,
    data     BLOB NOT NULL
);
