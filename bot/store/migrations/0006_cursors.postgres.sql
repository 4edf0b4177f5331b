-- works with: 1
-- How far somebody who is asked for news has been read, and until when one replica is reading.
CREATE TABLE cursors (
    name text COLLATE "C" PRIMARY KEY,
    value text NOT NULL,
    held_until double precision NOT NULL  -- by the database's clock
);
