-- works with: 1
-- How far somebody who is asked for news has been read. One process has this database, so nobody holds one.
CREATE TABLE cursors (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
