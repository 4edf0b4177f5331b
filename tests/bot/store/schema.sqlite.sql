-- The whole schema, as the migrations build it: to be read, and to be compared with what they do.

CREATE TABLE migrations (
    number INTEGER PRIMARY KEY,
    applied_at REAL NOT NULL,
    oldest INTEGER              -- the oldest schema whose version can work with the database after this step
);

CREATE TABLE conversations (
    key TEXT NOT NULL PRIMARY KEY,
    state BLOB NOT NULL,
    address BLOB,               -- how to reach the person; NULL until it is known
    turns INTEGER NOT NULL,     -- how many were kept
    lines INTEGER NOT NULL      -- how many lines of the transcript there are
) STRICT;

CREATE TABLE taken (            -- events that took effect, and what their sender was told
    conversation TEXT NOT NULL REFERENCES conversations (key),
    event TEXT NOT NULL,
    at REAL NOT NULL,
    reply BLOB NOT NULL,
    PRIMARY KEY (conversation, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX taken_at ON taken (at);

-- due_at says when a message may next be claimed (of a leased one: when its lease ends) and is NULL while it
-- may not be: done, dead, parked, or waiting behind an earlier message of its lane. So the index
-- outbox_due_by_kind holds what can be claimed and nothing else, however long the history.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again: a late settlement must not meet a stranger
    key TEXT NOT NULL UNIQUE,
    lane TEXT NOT NULL,
    kind TEXT NOT NULL,
    conversation TEXT NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ready', 'leased', 'done', 'parked', 'dead')),
    attempt INTEGER NOT NULL,
    created_at REAL NOT NULL,
    due_at REAL,
    settled_at REAL,            -- when it became done or dead
    error TEXT NOT NULL,
    receipt TEXT NOT NULL,
    excused INTEGER NOT NULL DEFAULT 0,  -- attempts that are none of its tries
    lapsed INTEGER NOT NULL DEFAULT 0,   -- leases in a row that ran out without a word
    CHECK (due_at IS NULL OR state IN ('ready', 'leased'))
) STRICT;
CREATE INDEX outbox_due_by_kind ON outbox (kind, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_lane ON outbox (lane, id) WHERE state IN ('ready', 'leased', 'parked');
CREATE INDEX outbox_parked ON outbox (conversation) WHERE state = 'parked';
CREATE INDEX outbox_parked_since ON outbox (created_at) WHERE state = 'parked';
CREATE INDEX outbox_open ON outbox (state) WHERE state IN ('ready', 'leased', 'parked', 'dead');
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE receipt = '' AND settled_at IS NOT NULL;
CREATE INDEX outbox_receipts ON outbox (settled_at) WHERE receipt <> '' AND settled_at IS NOT NULL;
CREATE INDEX outbox_threads ON outbox (receipt) WHERE kind = 'handoff';

CREATE TABLE lines (            -- the transcript
    conversation TEXT NOT NULL REFERENCES conversations (key),
    seq INTEGER NOT NULL,
    session INTEGER NOT NULL,
    who TEXT NOT NULL,
    at INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT;

CREATE TABLE cases (
    number TEXT NOT NULL PRIMARY KEY,
    conversation TEXT NOT NULL,
    status TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    agent TEXT NOT NULL,
    reference TEXT NOT NULL,
    zone TEXT NOT NULL,
    person BLOB NOT NULL,
    file BLOB NOT NULL,
    queue TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT '',  -- the person's
    codes TEXT NOT NULL DEFAULT '',     -- ',1000002,53003,'
    called TEXT NOT NULL DEFAULT '',    -- the person's name, and what they call themselves
    desk TEXT NOT NULL DEFAULT '',      -- which ticket desk was asked to file it
    severity TEXT NOT NULL DEFAULT 'normal',
    code TEXT NOT NULL DEFAULT '',       -- the last one that came up
    reason TEXT NOT NULL DEFAULT '',     -- why it is closed
    fix TEXT NOT NULL DEFAULT ''         -- what ended it
) STRICT;
CREATE INDEX cases_opened ON cases (opened_at, number);
CREATE INDEX cases_wanted ON cases (
    status, opened_at, number, queue, language, codes, agent, reference, called, severity
);
CREATE INDEX cases_changed ON cases (changed_at, number);
CREATE INDEX cases_solved ON cases (code, opened_at, reason, fix) WHERE status = 'resolved';

CREATE TABLE case_log (
    number TEXT NOT NULL REFERENCES cases (number),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    status TEXT NOT NULL,
    agent TEXT NOT NULL,
    note TEXT NOT NULL,
    what TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    fix TEXT NOT NULL DEFAULT '',  -- what ended it
    names TEXT NOT NULL DEFAULT '',  -- of files that came with the words
    PRIMARY KEY (number, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE pulse (            -- written to prove that the database can be written
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at REAL NOT NULL
) STRICT;

CREATE TABLE agent_sessions (
    id TEXT NOT NULL PRIMARY KEY,     -- made of what the browser keeps, and of no use without it
    sign_in TEXT NOT NULL UNIQUE,     -- the sign-in it came from: each opens one session
    name TEXT NOT NULL,
    object_id TEXT NOT NULL,
    expires_at REAL NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX agent_sessions_expire ON agent_sessions (expires_at);

CREATE TABLE cursors (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE on_call (
    channel TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,   -- '' when nobody is
    called TEXT NOT NULL,
    since REAL NOT NULL      -- when it was said
) STRICT, WITHOUT ROWID;

CREATE TABLE outcomes (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,        -- a whole hour
    body BLOB NOT NULL          -- nobody's name, words or key
) STRICT;
CREATE INDEX outcomes_at ON outcomes (at);

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
    content BLOB,
    target TEXT NOT NULL DEFAULT ''  -- where it is to be put, a secret; '' before and after
) STRICT;
CREATE INDEX files_of ON files (conversation, number);
CREATE INDEX files_loose ON files (at) WHERE number = '';
