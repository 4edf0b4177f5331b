-- works with: 1
-- The helpdesk's board: what cases are looked for by, out of what is stored of them, and who is signed in.

ALTER TABLE cases ADD COLUMN queue TEXT NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN language TEXT NOT NULL DEFAULT '';  -- the person's
ALTER TABLE cases ADD COLUMN codes TEXT NOT NULL DEFAULT '';     -- ',1000002,53003,'
ALTER TABLE cases ADD COLUMN called TEXT NOT NULL DEFAULT '';    -- the person's name, and what they call themselves

-- A case that an older version opens after this is found without them only.
UPDATE cases SET
    queue = coalesce(json_extract(CAST(file AS TEXT), '$.queue'), ''),
    language = coalesce(json_extract(CAST(file AS TEXT), '$.language'), ''),
    codes = replace(replace(coalesce(json_extract(CAST(file AS TEXT), '$.codes'), ''), '[', ','), ']', ','),
    called = substr(coalesce(json_extract(CAST(person AS TEXT), '$.name'), '') || ' '
        || coalesce(json_extract(CAST(file AS TEXT), '$.contact'), ''), 1, 300);

-- As cases_status, which it replaces; a search reads this index and not the files.
CREATE INDEX cases_board ON cases (status, opened_at, number, queue, language, codes, agent, reference, called);
DROP INDEX cases_status;
CREATE INDEX cases_changed ON cases (changed_at, number);

CREATE TABLE agent_sessions (
    id TEXT NOT NULL PRIMARY KEY,     -- made of what the browser keeps, and of no use without it
    sign_in TEXT NOT NULL UNIQUE,     -- the sign-in it came from: each opens one session
    name TEXT NOT NULL,
    object_id TEXT NOT NULL,
    expires_at REAL NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX agent_sessions_expire ON agent_sessions (expires_at);
