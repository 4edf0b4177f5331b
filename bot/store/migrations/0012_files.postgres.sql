-- works with: 1
-- Files that people sent, or that the helpdesk sent them. A row is there from the turn that heard of a file; what is
-- in the file comes later, and then where it came from is forgotten.
CREATE TABLE files (
    id text COLLATE "C" PRIMARY KEY,
    conversation text COLLATE "C" NOT NULL,
    number text COLLATE "C" NOT NULL DEFAULT '',  -- the case it is of; '' while it is of none
    name text NOT NULL,
    agent text NOT NULL DEFAULT '',               -- who of the helpdesk gave it; '' for the person
    at bigint NOT NULL,
    media_type text NOT NULL DEFAULT '',
    size bigint NOT NULL DEFAULT 0,               -- bytes; 0 until it has been fetched
    source text NOT NULL DEFAULT '',              -- where it is fetched from, a secret; '' once it has been
    content bytea
);
ALTER TABLE files ALTER COLUMN content SET STORAGE EXTERNAL;  -- pictures do not get smaller
CREATE INDEX files_of ON files (conversation, number);
CREATE INDEX files_loose ON files (at) WHERE number = '';
