-- name: load
-- What a turn needs: the conversation, its version, what the sender was told if the event was taken before, and
-- whether messages wait for the person to come back.
SELECT state, address, lines, turns,
    (SELECT reply FROM taken WHERE conversation = :conversation AND event = :event),
    EXISTS (SELECT 1 FROM outbox WHERE conversation = :conversation AND state = 'parked')
FROM conversations WHERE key = :conversation

-- name: lock
-- After a lost race: hold the conversation until the commit, so that the race cannot be lost again.
SELECT 1 FROM conversations WHERE key = :conversation FOR NO KEY UPDATE

-- name: keep
-- A whole turn in one statement, if nobody else has kept one since it was read: then `kept` has a row, and only
-- then is anything written. The address stays when none is given; a message's key that is in use is left out.
WITH kept AS (
    INSERT INTO conversations (key, state, address, turns, lines)
    VALUES (:conversation, :state, :address, 1, :lines + cardinality(:line_bodies::bytea[]))
    ON CONFLICT (key) DO UPDATE SET
        state = excluded.state,
        address = coalesce(excluded.address, conversations.address),
        turns = conversations.turns + 1,
        lines = excluded.lines
    WHERE conversations.turns = :turns
    RETURNING key
), taken_now AS (
    INSERT INTO taken (conversation, event, at, reply)
    SELECT key, :event, extract(epoch FROM now()), :reply FROM kept
), ended AS (
    UPDATE outbox SET state = :state_of_ended, receipt = coalesce(nullif(:receipt::text, ''), receipt), error = :error,
        due_at = CASE WHEN :state_of_ended::text = 'ready' THEN :due_at::float8 END,
        settled_at = CASE WHEN :state_of_ended::text IN ('done', 'dead') THEN extract(epoch FROM now()) END,
        kind = coalesce(nullif(:kind::text, ''), kind), excused = excused + :excused, lapsed = 0
    FROM kept WHERE id = :ended AND attempt = :attempt AND outbox.state = 'leased'
), said AS (
    INSERT INTO lines (conversation, seq, who, at, session, body)
    SELECT key, :lines + n, who, at, session, body
    FROM kept, unnest(:line_whos::text[], :line_ats::bigint[], :line_sessions::bigint[], :line_bodies::bytea[])
        WITH ORDINALITY AS line (who, at, session, body, n)
), entered AS MATERIALIZED (  -- lanes in one order, so that turns never wait for each other crosswise
    SELECT count(pg_advisory_xact_lock(18514, lane)) FROM (
        SELECT hashtext(lane) FROM kept, unnest(:lanes::text[]) AS lane
        UNION SELECT hashtext(lane) FROM kept, outbox WHERE id = :ended
        ORDER BY 1
    ) AS sorted (lane)
), sent AS (
    INSERT INTO outbox (key, lane, kind, conversation, names, body, state, attempt, created_at, error, receipt)
    SELECT message.key, lane, kind, conversation, names, body, 'ready', 0, extract(epoch FROM now()), '', ''
    FROM kept, entered, unnest(:keys::text[], :lanes::text[], :kinds::text[], :conversations::text[], :names::bytea[],
        :bodies::bytea[]) WITH ORDINALITY AS message (key, lane, kind, conversation, names, body, n)
    ORDER BY n
    ON CONFLICT (key) DO NOTHING
)
SELECT 1 FROM kept

-- name: conversation
-- One conversation as it is stored.
SELECT state, address FROM conversations WHERE key = :conversation

-- name: lines
-- The transcript behind a line.
SELECT seq, session, who, at, body FROM lines
WHERE conversation = :conversation AND seq > :after ORDER BY seq LIMIT :limit

-- name: add_case
-- A new case with the first entries of its log; a number in use is an error.
WITH added AS (
    INSERT INTO cases
        (number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file, severity,
            entries)
    VALUES (:number, :conversation, :status, :opened_at, :changed_at, :agent, :reference, :zone, :person, :file,
        :severity, cardinality(:log_ats::bigint[]))
    RETURNING number
)
INSERT INTO case_log (number, seq, at, status, agent, note, what)
SELECT number, n, at, status, agent, note, what
FROM added, unnest(:log_ats::bigint[], :log_statuses::text[], :log_agents::text[], :log_notes::text[], :log_whats::text[])
    WITH ORDINALITY AS entry (at, status, agent, note, what, n)

-- name: change_case
-- News of a case; what is NULL or empty stays, and what ended it goes with the status that says so. Its log gets an entry, with the status the case has now.
WITH changed AS (
    UPDATE cases SET
        status = coalesce(:status, status),
        severity = coalesce(:severity, severity),
        changed_at = :at,
        agent = CASE WHEN :owner::text = '' THEN agent ELSE :owner END,
        reference = CASE WHEN :reference::text = '' THEN reference ELSE :reference END,
        reason = CASE WHEN :status::text IS NULL THEN reason ELSE :reason END,
        fix = CASE WHEN :status::text IS NULL THEN fix ELSE :fix END,
        entries = entries + 1
    WHERE number = :number
    RETURNING number, entries, status
)
INSERT INTO case_log (number, seq, at, status, agent, note, what, reason, fix, names)
SELECT number, entries, :at, status, :agent, :note, :what, :reason, :fix, :names FROM changed
RETURNING 1

-- name: ask_desk
-- Which ticket desk is asked to file a case.
UPDATE cases SET desk = :desk WHERE number = :number

-- name: case
-- One case with its log.
SELECT number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file, desk, severity,
    ARRAY(SELECT (at, status, agent, note, what, reason, fix, names) FROM case_log WHERE case_log.number = cases.number ORDER BY seq)
FROM cases WHERE number = :number

-- name: cases
-- The newest cases with their logs.
SELECT number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file, desk, severity,
    ARRAY(SELECT (at, status, agent, note, what, reason, fix, names) FROM case_log WHERE case_log.number = cases.number ORDER BY seq)
FROM cases ORDER BY opened_at DESC, number DESC LIMIT :limit

-- name: cases_by_status
-- The newest cases of some statuses with their logs: of each status by its index, then the newest of all.
SELECT number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file, desk, severity,
    ARRAY(SELECT (at, status, agent, note, what, reason, fix, names) FROM case_log WHERE case_log.number = newest.number ORDER BY seq)
FROM unnest(:statuses::text[]) AS wanted, LATERAL (
    SELECT * FROM cases WHERE status = wanted ORDER BY opened_at DESC, number DESC LIMIT :limit
) AS newest
ORDER BY opened_at DESC, number DESC LIMIT :limit

-- name: find_newest
-- The newest cases of some statuses that fit, with their logs, behind the last one that was shown; '' stands for
-- whatever. Of each status by its index, then the first of all.
SELECT number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file, desk, severity,
    ARRAY(SELECT (at, status, agent, note, what, reason, fix, names) FROM case_log WHERE case_log.number = fitting.number ORDER BY seq)
FROM unnest(:statuses::text[]) AS wanted, LATERAL (
    SELECT * FROM cases
    WHERE status = wanted AND (opened_at, number) < (:opened_at::bigint, :number::text COLLATE "C")
        AND (:severity::text = '' OR severity = :severity)
        AND (:queue::text = '' OR queue = :queue) AND (:language::text = '' OR language = :language)
        AND (:code::text = '' OR strpos(codes, :code) > 0) AND (:agent::text = '' OR agent = :agent)
        AND (:words::text = '' OR number ILIKE :words OR reference ILIKE :words OR called ILIKE :words)
    ORDER BY opened_at DESC, number DESC LIMIT :limit
) AS fitting
ORDER BY opened_at DESC, number DESC LIMIT :limit

-- name: find_oldest
-- The oldest cases of some statuses that fit, with their logs, behind the last one that was shown; '' stands for
-- whatever. Of each status by its index, then the first of all.
SELECT number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file, desk, severity,
    ARRAY(SELECT (at, status, agent, note, what, reason, fix, names) FROM case_log WHERE case_log.number = fitting.number ORDER BY seq)
FROM unnest(:statuses::text[]) AS wanted, LATERAL (
    SELECT * FROM cases
    WHERE status = wanted AND (opened_at, number) > (:opened_at::bigint, :number::text COLLATE "C")
        AND (:severity::text = '' OR severity = :severity)
        AND (:queue::text = '' OR queue = :queue) AND (:language::text = '' OR language = :language)
        AND (:code::text = '' OR strpos(codes, :code) > 0) AND (:agent::text = '' OR agent = :agent)
        AND (:words::text = '' OR number ILIKE :words OR reference ILIKE :words OR called ILIKE :words)
    ORDER BY opened_at ASC, number ASC LIMIT :limit
) AS fitting
ORDER BY opened_at ASC, number ASC LIMIT :limit

-- name: latest_changes
-- Those cases that changed last, and how many entries their logs have.
SELECT number, changed_at, status, agent, reference, entries
FROM cases ORDER BY changed_at DESC, number DESC LIMIT :limit

-- name: claim
-- Lease what is due, each kind by its own range of the index, never tried ones first, then whoever has waited
-- longest; what another replica is taking at this moment is passed over. The attempt is counted before anything
-- is tried, and a lease that ran out is noted; after two of them in a row leases are longer, so that a message
-- which takes replicas down leaves time for all others, each by another part, so that it soon is alone when it
-- does. The first column says when the next message falls due; the others are NULL in the only row when nothing
-- was leased.
WITH due AS MATERIALIZED (
    SELECT found.id, found.due_at AS was_due_at
    FROM unnest(:kinds::text[], :limits::bigint[]) AS pool (kind, most), LATERAL (
        SELECT id, due_at FROM outbox WHERE kind = pool.kind COLLATE "C" AND due_at <= :now
        ORDER BY due_at, id LIMIT pool.most FOR NO KEY UPDATE SKIP LOCKED
    ) AS found
), leased AS (
    UPDATE outbox SET state = 'leased', attempt = attempt + 1, lapsed = lapsed + (state = 'leased')::int,
        due_at = :until + CASE WHEN lapsed + (state = 'leased')::int < 2 THEN 0.0::float8
            ELSE (1 << least(lapsed + (state = 'leased')::int, 6)::int)
                * (1 + (id * (lapsed + (state = 'leased')::int) % 101) / 100.0::float8) END
    WHERE id = ANY (ARRAY(SELECT id FROM due))  -- no join: however many are expected, each is found by its id
    RETURNING id, key, lane, kind, conversation, body, state, attempt, created_at, due_at, error, receipt, excused,
        lapsed, names
), later AS (
    SELECT least((SELECT min(due_at) FROM leased), min(found.due_at)) AS next_due
    FROM unnest(:kinds::text[]) AS pool (kind), LATERAL (
        SELECT due_at FROM outbox WHERE kind = pool.kind COLLATE "C" AND due_at > :now ORDER BY due_at, id LIMIT 1
    ) AS found
)
SELECT next_due, id, key, lane, kind, conversation, body, state, attempt, created_at, due_at, error, receipt,
    excused, lapsed, names
FROM later LEFT JOIN (leased JOIN due USING (id)) ON true ORDER BY was_due_at, id

-- name: settle
-- The end of an attempt, which only its holder may write; or of a message that is still as an operator saw it.
UPDATE outbox SET state = :state_of_ended, receipt = coalesce(nullif(:receipt::text, ''), receipt), error = :error,
    due_at = CASE WHEN :state_of_ended::text = 'ready' THEN :due_at::float8 END,
    settled_at = CASE WHEN :state_of_ended::text IN ('done', 'dead') THEN extract(epoch FROM now()) END,
    kind = coalesce(nullif(:kind::text, ''), kind), excused = excused + :excused, lapsed = 0
WHERE id = :ended AND attempt = :attempt AND state = :found
RETURNING id

-- name: message
-- One message by its key.
SELECT id, key, lane, kind, conversation, body, state, attempt, created_at, due_at, error, receipt, excused,
    lapsed, names
FROM outbox WHERE key = :key

-- name: thread
-- The message that began a thread: its receipt is the thread, a stroke, and the first activity in it.
SELECT key FROM outbox
WHERE kind = 'handoff' AND receipt COLLATE "C" > :thread::text || '|' AND receipt COLLATE "C" < :thread::text || '}'
LIMIT 1

-- name: message_by_id
-- One message by its number.
SELECT id, key, lane, kind, conversation, body, state, attempt, created_at, due_at, error, receipt, excused,
    lapsed, names
FROM outbox WHERE id = :id

-- name: waiting
-- What is not done, oldest first; '' stands for every state and every kind, and a kind for those below it, too.
SELECT id, key, lane, kind, conversation, body, state, attempt, created_at, due_at, error, receipt, excused,
    lapsed, names
FROM outbox WHERE state IN ('ready', 'leased', 'parked', 'dead')
    AND (:state::text = '' OR state = :state) AND (:kind::text = '' OR kind = :kind OR starts_with(kind, :kind || '/'))
ORDER BY id LIMIT :limit

-- name: enter_lane
-- Hold the lane of a message until the commit; its name as it stands in the column.
SELECT lane, pg_advisory_xact_lock(18514, hashtext(lane)) FROM outbox WHERE id = :id

-- name: step_back
-- Before an older message of the lane comes back: who is due, and not on its way, waits behind it.
UPDATE outbox SET due_at = NULL
WHERE lane = :lane AND state IN ('ready', 'leased', 'parked') AND state = 'ready' AND id > :id
    AND due_at IS NOT NULL

-- name: bring_back
-- An operator wants it tried again: at its old place in the lane, with its tries forgotten.
UPDATE outbox SET state = 'ready', excused = attempt, lapsed = 0, due_at = NULL, settled_at = NULL, error = ''
WHERE id = :id AND state IN ('ready', 'parked', 'dead')
RETURNING id

-- name: next_in_lane
-- The first of a lane may go now, after what is new; unless one has the lane: is leased, due, or parked.
UPDATE outbox SET due_at = 1.0
WHERE id = (SELECT id FROM outbox WHERE lane = :lane AND state IN ('ready', 'leased', 'parked') ORDER BY id LIMIT 1)
    AND state = 'ready' AND NOT EXISTS (
        SELECT FROM outbox WHERE lane = :lane AND state IN ('ready', 'leased', 'parked')
            AND (due_at IS NOT NULL OR state = 'parked')
    )

-- name: unpark
-- The person is back. A parked message has its lane, so it is due.
UPDATE outbox SET state = 'ready', due_at = :now WHERE conversation = :conversation AND state = 'parked'
RETURNING id

-- name: next_due
-- When the next message can be claimed, of whatever kind.
SELECT min(due_at) FROM outbox WHERE due_at IS NOT NULL

-- name: next_due_of
-- When the next message of some kinds can be claimed.
SELECT min(found.due_at) FROM unnest(:kinds::text[]) AS pool (kind), LATERAL (
    SELECT due_at FROM outbox WHERE kind = pool.kind COLLATE "C" AND due_at IS NOT NULL ORDER BY due_at, id LIMIT 1
) AS found

-- name: kinds_waiting
-- The kinds of what can be claimed, now or later.
SELECT DISTINCT kind FROM outbox WHERE due_at IS NOT NULL

-- name: due_for
-- For how many seconds the message that waits longest could have left.
SELECT coalesce(max(extract(epoch FROM now()) - greatest(due_at, created_at)), 0) FROM outbox
WHERE due_at <= extract(epoch FROM now())

-- name: depth
-- How many messages are in each state; the done ones are not counted.
SELECT state, count(*) FROM outbox WHERE state IN ('ready', 'leased', 'parked', 'dead') GROUP BY state

-- name: bury_parked
-- Nobody came back for these; the trigger lets what waits behind one in its lane go. Lanes in one order, as in
-- `keep`.
WITH old AS MATERIALIZED (
    SELECT id, lane FROM outbox WHERE state = 'parked' AND created_at < extract(epoch FROM now()) - :age::float8
    ORDER BY created_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
), entered AS MATERIALIZED (
    SELECT count(pg_advisory_xact_lock(18514, lane)) FROM (
        SELECT DISTINCT hashtext(lane) FROM old ORDER BY 1
    ) AS sorted (lane)
)
UPDATE outbox SET state = 'dead', error = 'given up, nobody came back: ' || error,
    settled_at = extract(epoch FROM now())
FROM old, entered WHERE outbox.id = old.id RETURNING 1

-- name: prune_taken
-- Repeats come within minutes; after days an event id is forgotten.
WITH old AS MATERIALIZED (
    SELECT conversation, event FROM taken WHERE at < extract(epoch FROM now()) - :age::float8
    ORDER BY at LIMIT :limit FOR UPDATE SKIP LOCKED
)
DELETE FROM taken USING old WHERE taken.conversation = old.conversation AND taken.event = old.event RETURNING 1

-- name: prune_settled
-- Done and dead messages without a receipt: nobody asks for them any more.
WITH old AS MATERIALIZED (
    SELECT id FROM outbox
    WHERE receipt = '' AND settled_at IS NOT NULL AND settled_at < extract(epoch FROM now()) - :age::float8
    ORDER BY settled_at LIMIT :limit FOR UPDATE SKIP LOCKED
)
DELETE FROM outbox USING old WHERE outbox.id = old.id RETURNING 1

-- name: prune_receipts
-- Done messages with a receipt: a card this old is not drawn again.
WITH old AS MATERIALIZED (
    SELECT id FROM outbox
    WHERE receipt <> '' AND settled_at IS NOT NULL AND settled_at < extract(epoch FROM now()) - :age::float8
    ORDER BY settled_at LIMIT :limit FOR UPDATE SKIP LOCKED
)
DELETE FROM outbox USING old WHERE outbox.id = old.id RETURNING 1

-- name: pulse
-- A write of no meaning, to see whether one works.
INSERT INTO pulse (id, at) VALUES (1, extract(epoch FROM now())) ON CONFLICT (id) DO UPDATE SET at = excluded.at

-- name: clock
-- The database's time, which counts for all replicas.
SELECT extract(epoch FROM clock_timestamp())::float8

-- name: replicas
-- This replica is alive. How many are, with it; who has been silent for long is forgotten.
WITH alive AS (
    INSERT INTO replicas (id, heard_at) VALUES (:replica, extract(epoch FROM clock_timestamp()))
    ON CONFLICT (id) DO UPDATE SET heard_at = excluded.heard_at
), silent AS MATERIALIZED (
    SELECT id FROM replicas
    WHERE id <> :replica AND heard_at < extract(epoch FROM clock_timestamp()) - :age::float8
    FOR UPDATE SKIP LOCKED
), forgotten AS (
    DELETE FROM replicas USING silent WHERE replicas.id = silent.id
)
SELECT 1 + count(*) FROM replicas
WHERE id <> :replica AND heard_at >= extract(epoch FROM clock_timestamp()) - :age::float8

-- name: leave
-- This replica stops.
DELETE FROM replicas WHERE id = :replica

-- name: open_session
-- An agent has signed in; a sign-in opens one session, however often it is shown.
INSERT INTO agent_sessions (id, sign_in, name, object_id, expires_at)
VALUES (:id, :sign_in, :name, :object_id, :expires_at)
ON CONFLICT DO NOTHING
RETURNING 1

-- name: session
-- Who is signed in.
SELECT id, sign_in, name, object_id, expires_at FROM agent_sessions WHERE id = :id AND NOT ended

-- name: signed_in
-- The names of all whose sessions run.
SELECT DISTINCT name FROM agent_sessions WHERE expires_at > :now AND NOT ended ORDER BY name LIMIT 200

-- name: end_session
-- An agent has signed out. The row stays, so that its sign-in opens no other.
UPDATE agent_sessions SET ended = true WHERE id = :id

-- name: forget_sessions
-- Those that have run out.
DELETE FROM agent_sessions WHERE expires_at < :now

-- name: cursor
-- How far a source of news has been read, for one replica at a time; no row while another one reads.
INSERT INTO cursors (name, value, held_until)
VALUES (:source, '', extract(epoch FROM clock_timestamp()) + :lease::float8)
ON CONFLICT (name) DO UPDATE SET held_until = excluded.held_until
    WHERE cursors.held_until <= extract(epoch FROM clock_timestamp())
RETURNING value

-- name: move_cursor
-- It has been read up to there, and the next one may read.
UPDATE cursors SET value = :value, held_until = 0 WHERE name = :source

-- name: on_call
-- The newest word about who is on call for a channel.
SELECT channel, user_id, called, since FROM on_call WHERE channel = :channel

-- name: set_on_call
-- Somebody said who is on call, or that nobody is. What was said before that changes nothing any more.
INSERT INTO on_call (channel, user_id, called, since) VALUES (:channel, :user_id, :called, :since)
ON CONFLICT (channel) DO UPDATE SET user_id = excluded.user_id, called = excluded.called, since = excluded.since
WHERE excluded.since >= on_call.since

-- name: solved
-- What ended the newest solved cases with a code, opened since then, and how many cases each ended.
SELECT fix, count(*) FROM (
    SELECT fix FROM cases
    WHERE status = 'resolved' AND code = :code AND opened_at >= :since
        AND reason NOT IN ('elsewhere', 'duplicate', 'silent')
    ORDER BY opened_at DESC LIMIT :limit
) AS newest GROUP BY fix

-- name: past_cases
-- Cases in the order they were opened, behind one, with what happened to them; words only where they are about
-- how it went.
SELECT number, opened_at, status, code, reason, fix, file,
    ARRAY(SELECT (at, what, status, CASE WHEN what IN ('rated', 'reviewed') THEN note ELSE '' END)
        FROM case_log WHERE case_log.number = cases.number ORDER BY seq)
FROM cases WHERE (opened_at, number) > (:opened_at::bigint, :number::text COLLATE "C")
ORDER BY opened_at, number LIMIT :limit

-- name: add_outcome
-- How a session ended.
INSERT INTO outcomes (at, body) VALUES (:at, :body)

-- name: outcomes
-- How sessions ended since then, behind one.
SELECT id, body FROM outcomes WHERE id > :after AND at >= :since ORDER BY id LIMIT :limit

-- name: add_file
-- A file that somebody sent; what is in it comes later. One that is there already stays as it is.
INSERT INTO files (id, conversation, name, agent, at, source)
VALUES (:id, :conversation, :name, :agent, :at, :source)
ON CONFLICT (id) DO NOTHING

-- name: keep_file
-- What is in it, once; from then on nobody needs to know where it came from.
UPDATE files SET media_type = :media_type, size = length(:content::bytea), content = :content, source = ''
WHERE id = :id AND size = 0

-- name: give_files
-- They are of a case from now on; what is of a case stays with it.
UPDATE files SET number = :number WHERE id = ANY(:ids::text[]) AND number = ''

-- name: drop_files
-- They are forgotten, unless a case has them.
DELETE FROM files WHERE id = ANY(:ids::text[]) AND number = ''

-- name: aim_file
-- Where it is to be put; '' once it has been, or cannot be.
UPDATE files SET target = :target WHERE id = :id

-- name: file
-- What is known of a file.
SELECT id, conversation, name, at, agent, source, number, media_type, size, target FROM files WHERE id = :id

-- name: file_content
-- What is in a file.
SELECT content FROM files WHERE id = :id

-- name: files
-- The files of a case, or those of a conversation that are of none ('').
SELECT id, conversation, name, at, agent, source, number, media_type, size, target
FROM files WHERE conversation = :conversation AND number = :number AND size > 0 ORDER BY at, name, id

-- name: prune_unfetched
-- Files that never came, or that no turn has taken.
DELETE FROM files WHERE id IN
    (SELECT id FROM files WHERE number = '' AND size = 0 AND at < extract(epoch FROM now()) - :age::float8
     ORDER BY at LIMIT :limit FOR UPDATE SKIP LOCKED)
RETURNING 1

-- name: prune_files
-- Files that were never handed over.
DELETE FROM files WHERE id IN
    (SELECT id FROM files WHERE number = '' AND at < extract(epoch FROM now()) - :age::float8
     ORDER BY at LIMIT :limit FOR UPDATE SKIP LOCKED)
RETURNING 1
