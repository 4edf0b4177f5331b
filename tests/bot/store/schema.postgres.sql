-- The whole schema, as the migrations build it: to be read, and to be compared with what they do.
-- Times are seconds since 1970, UTC. What is bytea is JSON.
-- COLLATE "C": names are compared byte by byte, so no index depends on a locale of the system.

CREATE TABLE migrations (
    number integer PRIMARY KEY,
    applied_at double precision NOT NULL,
    oldest integer              -- the oldest schema whose version can work with the database after this step
);

CREATE TABLE conversations (
    key text COLLATE "C" PRIMARY KEY,
    state bytea NOT NULL,
    address bytea,              -- how to reach the person; NULL until it is known
    turns bigint NOT NULL,      -- how many were kept; a turn is kept only if this is still what it has read
    lines bigint NOT NULL       -- how many lines of the transcript there are
) WITH (fillfactor = 80);       -- room for the next state beside this one

CREATE TABLE taken (            -- events that took effect, and what their sender was told
    conversation text COLLATE "C" NOT NULL REFERENCES conversations (key),
    event text COLLATE "C" NOT NULL,
    at double precision NOT NULL,
    reply bytea NOT NULL,
    PRIMARY KEY (conversation, event)
);
CREATE INDEX taken_at ON taken (at);

-- due_at says when a message may next be claimed (of a leased one: when its lease ends) and is NULL while it
-- may not be: done, dead, parked, or waiting behind an earlier message of its lane. So the index
-- outbox_due_by_kind holds what can be claimed and nothing else, however long the history. The two triggers
-- below keep it so.
CREATE SEQUENCE outbox_ids;     -- never used again: a late settlement must not meet a stranger
CREATE TABLE outbox (
    id bigint PRIMARY KEY,
    key text COLLATE "C" NOT NULL UNIQUE,
    lane text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    conversation text COLLATE "C" NOT NULL,
    names bytea,                -- key, lane and conversation in full, if one cannot stand in its column
    body bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('ready', 'leased', 'done', 'parked', 'dead')),
    attempt bigint NOT NULL,
    created_at double precision NOT NULL,
    due_at double precision,
    settled_at double precision, -- when it became done or dead
    error text NOT NULL,
    receipt text NOT NULL,
    excused bigint NOT NULL DEFAULT 0,  -- attempts that are none of its tries
    lapsed bigint NOT NULL DEFAULT 0,   -- leases in a row that ran out without a word
    CHECK (due_at IS NULL OR state IN ('ready', 'leased'))
) WITH (fillfactor = 80);
CREATE INDEX outbox_due_by_kind ON outbox (kind COLLATE "C", due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_lane ON outbox (lane, id) WHERE state IN ('ready', 'leased', 'parked');
CREATE INDEX outbox_parked ON outbox (conversation) WHERE state = 'parked';
CREATE INDEX outbox_parked_since ON outbox (created_at) WHERE state = 'parked';
CREATE INDEX outbox_open ON outbox (state) WHERE state IN ('ready', 'leased', 'parked', 'dead');
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE receipt = '' AND settled_at IS NOT NULL;
CREATE INDEX outbox_receipts ON outbox (settled_at) WHERE receipt <> '' AND settled_at IS NOT NULL;
CREATE INDEX outbox_threads ON outbox (receipt COLLATE "C") WHERE kind = 'handoff';

-- Whoever enters or leaves a lane holds its lock until the commit. Each statement of such a function sees
-- what was committed before it began, so behind the lock it sees the lane as it is: no two messages of a lane
-- are ever due at once, and none is left waiting behind a message that has just gone.
CREATE FUNCTION outbox_enter_lane() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(18514, hashtext(NEW.lane));
    NEW.id := nextval('outbox_ids');  -- behind the lock: the ids of a lane rise in the order of its commits
    NEW.due_at := CASE WHEN EXISTS (
        SELECT FROM outbox WHERE lane = NEW.lane AND state IN ('ready', 'leased', 'parked')
    ) THEN NULL ELSE 0.0 END;
    RETURN NEW;
END $$;
CREATE TRIGGER outbox_enter_lane BEFORE INSERT ON outbox
    FOR EACH ROW EXECUTE FUNCTION outbox_enter_lane();

CREATE FUNCTION outbox_leave_lane() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(18514, hashtext(OLD.lane));
    UPDATE outbox SET due_at = 1.0
    WHERE id = (
        SELECT id FROM outbox
        WHERE lane = OLD.lane AND state IN ('ready', 'leased', 'parked') ORDER BY id LIMIT 1
    ) AND state = 'ready' AND NOT EXISTS (
        SELECT FROM outbox WHERE lane = OLD.lane AND state IN ('ready', 'leased', 'parked')
            AND (due_at IS NOT NULL OR state = 'parked')
    );
    RETURN NULL;
END $$;
CREATE TRIGGER outbox_leave_lane AFTER UPDATE OF state ON outbox
    FOR EACH ROW WHEN (OLD.state IN ('ready', 'leased', 'parked') AND NEW.state IN ('done', 'dead'))
    EXECUTE FUNCTION outbox_leave_lane();

CREATE TABLE lines (            -- the transcript
    conversation text COLLATE "C" NOT NULL REFERENCES conversations (key),
    seq bigint NOT NULL,
    session bigint NOT NULL,
    who text NOT NULL,
    at bigint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (conversation, seq)
);

CREATE TABLE cases (
    number text COLLATE "C" PRIMARY KEY,
    conversation text COLLATE "C" NOT NULL,
    status text NOT NULL,
    opened_at bigint NOT NULL,
    changed_at bigint NOT NULL,
    agent text NOT NULL,
    reference text NOT NULL,
    zone text NOT NULL,
    person bytea NOT NULL,
    file bytea NOT NULL,
    entries bigint NOT NULL,    -- how many entries its log has
    queue text NOT NULL DEFAULT '',
    language text NOT NULL DEFAULT '',  -- the person's
    codes text NOT NULL DEFAULT '',     -- ',1000002,53003,'
    called text NOT NULL DEFAULT '',    -- the person's name, and what they call themselves
    desk text NOT NULL DEFAULT '',      -- which ticket desk was asked to file it
    severity text NOT NULL DEFAULT 'normal',
    code text COLLATE "C" NOT NULL DEFAULT '',       -- the last one that came up
    reason text NOT NULL DEFAULT '',     -- why it is closed
    fix text NOT NULL DEFAULT ''         -- what ended it
);
CREATE INDEX cases_opened ON cases (opened_at, number);
CREATE INDEX cases_wanted ON cases (status, opened_at, number)
    INCLUDE (queue, language, codes, agent, reference, called, severity);
CREATE INDEX cases_changed ON cases (changed_at, number);
CREATE INDEX cases_solved ON cases (code, opened_at) INCLUDE (reason, fix) WHERE status = 'resolved';

-- What a case is looked for by, out of its file, which never changes.
CREATE FUNCTION cases_facets() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    what json;
BEGIN
    what := convert_from(NEW.file, 'UTF8')::json;
    NEW.queue := coalesce(what ->> 'queue', '');
    NEW.language := coalesce(what ->> 'language', '');
    NEW.codes := translate(coalesce(what ->> 'codes', ''), '[]', ',,');
    NEW.called := left(coalesce(convert_from(NEW.person, 'UTF8')::json ->> 'name', '') || ' '
        || coalesce(what ->> 'contact', ''), 300);
    RETURN NEW;
EXCEPTION WHEN data_exception THEN
    RETURN NEW;
END $$;
CREATE TRIGGER cases_facets BEFORE INSERT OR UPDATE OF file ON cases
    FOR EACH ROW EXECUTE FUNCTION cases_facets();
CREATE FUNCTION cases_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.code := coalesce(convert_from(NEW.file, 'UTF8')::json -> 'codes' ->> -1, '');
    RETURN NEW;
EXCEPTION WHEN data_exception THEN
    RETURN NEW;
END $$;
CREATE TRIGGER cases_code BEFORE INSERT OR UPDATE OF file ON cases
    FOR EACH ROW EXECUTE FUNCTION cases_code();

CREATE TABLE case_log (
    number text COLLATE "C" NOT NULL REFERENCES cases (number),
    seq bigint NOT NULL,
    at bigint NOT NULL,
    status text NOT NULL,
    agent text NOT NULL,
    note text NOT NULL,
    what text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    fix text NOT NULL DEFAULT '',  -- what ended it
    names text NOT NULL DEFAULT '',  -- of files that came with the words
    PRIMARY KEY (number, seq)
);

CREATE TABLE pulse (            -- written to prove that the database can be written
    id integer PRIMARY KEY CHECK (id = 1),
    at double precision NOT NULL
);

CREATE TABLE replicas (         -- those that are alive, so that they can share what Teams allows
    id text COLLATE "C" PRIMARY KEY,
    heard_at double precision NOT NULL  -- by the database's clock
) WITH (fillfactor = 50);

CREATE TABLE agent_sessions (
    id text COLLATE "C" PRIMARY KEY,              -- made of what the browser keeps, and of no use without it
    sign_in text COLLATE "C" NOT NULL UNIQUE,     -- the sign-in it came from: each opens one session
    name text NOT NULL,
    object_id text NOT NULL,
    expires_at double precision NOT NULL,
    ended boolean NOT NULL DEFAULT false
);
CREATE INDEX agent_sessions_expire ON agent_sessions (expires_at);

CREATE TABLE cursors (
    name text COLLATE "C" PRIMARY KEY,
    value text NOT NULL,
    held_until double precision NOT NULL  -- by the database's clock
);

CREATE TABLE on_call (
    channel text COLLATE "C" PRIMARY KEY,
    user_id text NOT NULL,            -- '' when nobody is
    called text NOT NULL,
    since double precision NOT NULL   -- when it was said
);

CREATE TABLE outcomes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at bigint NOT NULL,         -- a whole hour
    body bytea NOT NULL         -- nobody's name, words or key
);
CREATE INDEX outcomes_at ON outcomes (at);

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
    content bytea,
    target text NOT NULL DEFAULT ''  -- where it is to be put, a secret; '' before and after
);
ALTER TABLE files ALTER COLUMN content SET STORAGE EXTERNAL;  -- pictures do not get smaller
CREATE INDEX files_of ON files (conversation, number);
CREATE INDEX files_loose ON files (at) WHERE number = '';
