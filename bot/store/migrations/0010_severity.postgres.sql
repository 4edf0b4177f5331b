-- works with: 1
-- How pressing a case is now, and who is on call for a channel of the helpdesk.

ALTER TABLE cases ADD COLUMN severity text NOT NULL DEFAULT 'normal';

-- As cases_board, which it replaces; a search reads this index and not the files.
CREATE INDEX cases_wanted ON cases (status, opened_at, number)
    INCLUDE (queue, language, codes, agent, reference, called, severity);
DROP INDEX cases_board;

CREATE TABLE on_call (
    channel text COLLATE "C" PRIMARY KEY,
    user_id text NOT NULL,            -- '' when nobody is
    called text NOT NULL,
    since double precision NOT NULL   -- when it was said
);
