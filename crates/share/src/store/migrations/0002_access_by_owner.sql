-- The list of accesses is read by owner, newest first.
CREATE INDEX access_by_owner ON access (owner, seq);
