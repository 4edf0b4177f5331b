-- works with: 1
-- What ended a case, so that the next one like it can be told; and how sessions ended, without whose they were.

ALTER TABLE case_log ADD COLUMN fix TEXT NOT NULL DEFAULT '';   -- of an entry that closes it: what ended it
ALTER TABLE cases ADD COLUMN code TEXT NOT NULL DEFAULT '';     -- the last one that came up
ALTER TABLE cases ADD COLUMN reason TEXT NOT NULL DEFAULT '';   -- why it is closed
ALTER TABLE cases ADD COLUMN fix TEXT NOT NULL DEFAULT '';      -- what ended it
UPDATE cases SET
    code = coalesce(json_extract(CAST(file AS TEXT), '$.codes[#-1]'), ''),
    reason = CASE WHEN status <> 'resolved' THEN '' ELSE coalesce((
        SELECT reason FROM case_log
        WHERE case_log.number = cases.number AND what = 'resolved' ORDER BY seq DESC LIMIT 1
    ), '') END;
CREATE INDEX cases_solved ON cases (code, opened_at, reason, fix) WHERE status = 'resolved';

CREATE TABLE outcomes (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,        -- a whole hour
    body BLOB NOT NULL          -- nobody's name, words or key
) STRICT;
CREATE INDEX outcomes_at ON outcomes (at);
