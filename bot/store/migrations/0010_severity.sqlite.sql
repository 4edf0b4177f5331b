-- works with: 1
-- How pressing a case is now, and who is on call for a channel of the helpdesk.

ALTER TABLE cases ADD COLUMN severity TEXT NOT NULL DEFAULT 'normal';

-- As cases_board, which it replaces; a search reads this index and not the files.
CREATE INDEX cases_wanted ON cases (
    status, opened_at, number, queue, language, codes, agent, reference, called, severity
);
DROP INDEX cases_board;

CREATE TABLE on_call (
    channel TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,   -- '' when nobody is
    called TEXT NOT NULL,
    since REAL NOT NULL      -- when it was said
) STRICT, WITHOUT ROWID;
