-- What a peer is, what suppliers counted when it was last pulled, and what was wrong with that.
ALTER TABLE peer ADD COLUMN kind TEXT NOT NULL DEFAULT 'instance';
ALTER TABLE peer ADD COLUMN heads TEXT NOT NULL DEFAULT '[]';
ALTER TABLE peer ADD COLUMN faults TEXT NOT NULL DEFAULT '[]';
