-- works with: 1
-- Files that people sent, or that the helpdesk sent them. A row is there from the turn that heard of a file; what is
-- in the file comes later, and then where it came from is forgotten.
CREATE TABLE files (
    id TEXT NOT NULL PRIMARY KEY,
    conversation TEXT NOT NULL,
    number TEXT NOT NULL DEFAULT '',      -- the case it is of; '' while it is of none
    name TEXT NOT NULL,
    agent TEXT NOT NULL DEFAULT '',       -- who of the helpdesk gave it; '' for the person
    at INTEGER NOT NULL,
    media_type TEXT NOT NULL DEFAULT '',
    size INTEGER NOT NULL DEFAULT 0,      -- bytes; 0 until it has been fetched
    source TEXT NOT NULL DEFAULT '',      -- where it is fetched from, a secret; '' once it has been
    content BLOB
) STRICT;
CREATE INDEX files_of ON files (conversation, number);
CREATE INDEX files_loose ON files (at) WHERE number = '';
