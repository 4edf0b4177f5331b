-- works with: 1
-- The replicas that are alive, so that they can share what Teams allows.

CREATE TABLE replicas (
    id text COLLATE "C" PRIMARY KEY,
    heard_at double precision NOT NULL  -- by the database's clock
) WITH (fillfactor = 50);       -- a few rows, written every few seconds
