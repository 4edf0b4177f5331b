-- name: before
-- What the sender of this event was told if it was taken before; whether something is parked; the conversation.
-- They are one question because each costs a change of threads.
SELECT (SELECT reply FROM taken WHERE conversation = :key AND event = :event),
    EXISTS (SELECT 1 FROM outbox WHERE conversation = :key AND state = 'parked'),
    state, address, lines
FROM (SELECT 1) LEFT JOIN conversations ON key = :key

-- name: take
-- From now on this event is a repeat.
INSERT INTO taken (conversation, event, at, reply) VALUES (:conversation, :event, :now, :reply)

-- name: conversation
-- One conversation as it is stored.
SELECT state, address, lines FROM conversations WHERE key = :key

-- name: keep_conversation
-- A conversation after a turn; the address stays when none is given.
INSERT INTO conversations (key, state, address, turns, lines) VALUES (:key, :state, :address, 1, :lines)
ON CONFLICT (key) DO UPDATE SET
    state = excluded.state,
    address = coalesce(excluded.address, address),
    turns = turns + 1,
    lines = excluded.lines

-- name: add_line
-- A line of the transcript.
INSERT INTO lines (conversation, seq, session, who, at, body)
VALUES (:conversation, :seq, :session, :who, :at, :body)

-- name: lines
-- The transcript behind a line.
SELECT seq, session, who, at, body FROM lines
WHERE conversation = :conversation AND seq > :after ORDER BY seq LIMIT :limit

-- name: add_case
-- A new case; nothing is added when its number is in use.
INSERT INTO cases (number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file, queue,
    language, codes, code, called, severity)
VALUES (:number, :conversation, :status, :opened_at, :changed_at, :agent, :reference, :zone, :person, :file, :queue,
    :language, :codes, :code, :called, :severity)
ON CONFLICT (number) DO NOTHING

-- name: change_case
-- News of a case; what is NULL or empty stays, and what ended it goes with the status that says so.
UPDATE cases SET
    status = coalesce(:status, status),
    severity = coalesce(:severity, severity),
    changed_at = :at,
    agent = CASE WHEN :owner = '' THEN agent ELSE :owner END,
    reference = CASE WHEN :reference = '' THEN reference ELSE :reference END,
    reason = CASE WHEN :status IS NULL THEN reason ELSE :reason END,
    fix = CASE WHEN :status IS NULL THEN fix ELSE :fix END
WHERE number = :number

-- name: log_case
-- The next entry of a case's log; without a status of its own it gets the one the case has now.
INSERT INTO case_log (number, seq, at, status, agent, note, what, reason, fix, names)
SELECT number, 1 + coalesce((SELECT max(seq) FROM case_log WHERE number = :number), 0),
    :at, coalesce(:status, status), :agent, :note, :what, :reason, :fix, :names
FROM cases WHERE number = :number

-- name: ask_desk
-- Which ticket desk is asked to file a case.
UPDATE cases SET desk = :desk WHERE number = :number

-- name: case
-- One case.
SELECT number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file, desk, severity
FROM cases WHERE number = :number

-- name: cases
-- The newest cases.
SELECT number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file, desk, severity
FROM cases ORDER BY opened_at DESC, number DESC LIMIT :limit

-- name: cases_by_status
-- The newest cases of one status.
SELECT number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file, desk, severity
FROM cases WHERE status = :status ORDER BY opened_at DESC, number DESC LIMIT :limit

-- name: find_newest
-- The newest cases of one status that fit, behind the last one that was shown; '' stands for whatever.
SELECT number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file, desk, severity
FROM cases JOIN (
    SELECT number AS found FROM cases
    WHERE status = :status AND (opened_at, number) < (:opened_at, :number)
        AND (:severity = '' OR severity = :severity)
        AND (:queue = '' OR queue = :queue) AND (:language = '' OR language = :language)
        AND (:code = '' OR instr(codes, :code)) AND (:agent = '' OR agent = :agent)
        AND (:words = '' OR number LIKE :words ESCAPE '\' OR reference LIKE :words ESCAPE '\'
            OR called LIKE :words ESCAPE '\')
    ORDER BY opened_at DESC, number DESC LIMIT :limit
) ON number = found
ORDER BY opened_at DESC, number DESC

-- name: find_oldest
-- The oldest cases of one status that fit, behind the last one that was shown; '' stands for whatever.
SELECT number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file, desk, severity
FROM cases JOIN (
    SELECT number AS found FROM cases
    WHERE status = :status AND (opened_at, number) > (:opened_at, :number)
        AND (:severity = '' OR severity = :severity)
        AND (:queue = '' OR queue = :queue) AND (:language = '' OR language = :language)
        AND (:code = '' OR instr(codes, :code)) AND (:agent = '' OR agent = :agent)
        AND (:words = '' OR number LIKE :words ESCAPE '\' OR reference LIKE :words ESCAPE '\'
            OR called LIKE :words ESCAPE '\')
    ORDER BY opened_at ASC, number ASC LIMIT :limit
) ON number = found
ORDER BY opened_at ASC, number ASC

-- name: latest_changes
-- Those cases that changed last, and how many entries their logs have.
SELECT number, changed_at, status, agent, reference, (SELECT max(seq) FROM case_log WHERE case_log.number = cases.number)
FROM cases ORDER BY changed_at DESC, number DESC LIMIT :limit

-- name: case_log
-- A case's log, oldest first.
SELECT at, status, agent, note, what, reason, fix, names FROM case_log WHERE number = :number ORDER BY seq

-- name: add_message
-- An effect into the outbox, due at once unless its lane has something unsettled; the same key twice is once.
-- What is due is leased until :until, if that is given.
INSERT INTO outbox (key, lane, kind, conversation, body, state, attempt, created_at, due_at, error, receipt)
SELECT :key, :lane, :kind, :conversation, :body,
    CASE WHEN waits OR :until IS NULL THEN 'ready' ELSE 'leased' END,
    NOT waits AND :until IS NOT NULL,
    :now,
    CASE WHEN waits THEN NULL ELSE coalesce(:until, 0.0) END,
    '', ''
FROM (SELECT EXISTS (SELECT 1 FROM outbox WHERE lane = :lane AND state IN ('ready', 'leased', 'parked')) AS waits)
WHERE true
ON CONFLICT (key) DO NOTHING
RETURNING id, due_at, attempt

-- name: due
-- Messages of a kind that may be claimed, those that are new first, then what has waited in its lane, then whoever has waited longest.
SELECT due_at, id FROM outbox WHERE kind = :kind AND due_at <= :now ORDER BY due_at, id LIMIT :limit

-- name: lease
-- Claim one message; the attempt is counted before anything is tried, and a lease that ran out is noted.
-- After two of them in a row leases are longer.
UPDATE outbox SET state = 'leased', attempt = attempt + 1, lapsed = lapsed + (state = 'leased'),
    due_at = :until + CASE WHEN lapsed + (state = 'leased') < 2 THEN 0
        ELSE (1 << min(lapsed + (state = 'leased'), 6)) * (1 + (id * (lapsed + (state = 'leased')) % 101) / 100.0) END
WHERE id = :id
RETURNING id, key, lane, kind, conversation, body, state, attempt, created_at, due_at, error, receipt, excused,
    lapsed

-- name: unlease
-- A lease that nobody has heard of: nothing was tried, so it is none of the tries.
UPDATE outbox SET state = 'ready', excused = excused + 1, due_at = 0.0
WHERE id = :id AND attempt = :attempt AND state = 'leased' AND due_at = :until

-- name: settle
-- The end of an attempt; only its holder may write it. A receipt stays when none is given.
UPDATE outbox SET state = :state, receipt = coalesce(nullif(:receipt, ''), receipt), error = :error, due_at = :due_at, settled_at = :settled_at,
    kind = coalesce(nullif(:kind, ''), kind), excused = excused + :excused, lapsed = 0
WHERE id = :id AND attempt = :attempt AND state = :found
RETURNING lane

-- name: next_in_lane
-- The first of a lane; none if one has the lane: is leased, due, or parked.
SELECT id, kind FROM outbox
WHERE id = (SELECT id FROM outbox WHERE lane = :lane AND state IN ('ready', 'leased', 'parked') ORDER BY id LIMIT 1)
    AND state = 'ready' AND NOT EXISTS (
        SELECT 1 FROM outbox WHERE lane = :lane AND state IN ('ready', 'leased', 'parked')
            AND (due_at IS NOT NULL OR state = 'parked')
    )

-- name: let_go
-- It may go now, after what is new.
UPDATE outbox SET due_at = 1.0 WHERE id = :id

-- name: message
-- One message by its key.
SELECT id, key, lane, kind, conversation, body, state, attempt, created_at, due_at, error, receipt, excused,
    lapsed
FROM outbox WHERE key = :key

-- name: thread
-- The message that began a thread: its receipt is the thread, a stroke, and the first activity in it.
SELECT key FROM outbox WHERE kind = 'handoff' AND receipt > :thread || '|' AND receipt < :thread || '}' LIMIT 1

-- name: message_by_id
-- One message by its number.
SELECT id, key, lane, kind, conversation, body, state, attempt, created_at, due_at, error, receipt, excused,
    lapsed
FROM outbox WHERE id = :id

-- name: waiting
-- What is not done, oldest first; '' stands for every state and every kind, and a kind for those below it, too.
SELECT id, key, lane, kind, conversation, body, state, attempt, created_at, due_at, error, receipt, excused,
    lapsed
FROM outbox WHERE state IN ('ready', 'leased', 'parked', 'dead')
    AND (:state = '' OR state = :state) AND (:kind = '' OR kind = :kind OR substr(kind, 1, length(:kind) + 1) = :kind || '/')
ORDER BY +id LIMIT :limit

-- name: step_back
-- Before an older message of the lane comes back: who is due, and not on its way, waits behind it.
UPDATE outbox SET due_at = NULL
WHERE lane = :lane AND state IN ('ready', 'leased', 'parked') AND state = 'ready' AND id > :id
    AND due_at IS NOT NULL

-- name: bring_back
-- An operator wants it tried again: at its old place in the lane, with its tries forgotten.
UPDATE outbox SET state = 'ready', excused = attempt, lapsed = 0, due_at = NULL, settled_at = NULL, error = ''
WHERE id = :id AND state IN ('ready', 'parked', 'dead')

-- name: unpark
-- The person is back. A parked message has its lane, so it is due.
UPDATE outbox SET state = 'ready', due_at = :now WHERE conversation = :conversation AND state = 'parked'

-- name: release_leases
-- After a start nobody holds a lease: one process has the file.
-- What was under way when processes died again and again waits ever longer, each by another part: if it takes
-- them down, it leaves time for all others, and soon is alone when it does.
UPDATE outbox SET state = 'ready', lapsed = lapsed + 1,
    due_at = CASE WHEN lapsed < 2 THEN 0.0 ELSE :now + (1 << min(lapsed, 6)) * (1 + (id * lapsed % 101) / 100.0) END
WHERE due_at IS NOT NULL AND state = 'leased'

-- name: next_due
-- When the next message can be claimed, of whatever kind.
SELECT min(due_at) FROM outbox WHERE due_at IS NOT NULL

-- name: next_due_of
-- When the next message of a kind can be claimed, after a time.
SELECT min(due_at) FROM outbox WHERE kind = :kind AND due_at > :after

-- name: kinds_waiting
-- The kinds of what can be claimed, now or later: from one to the next in the index, however many wait of each.
WITH RECURSIVE waiting (kind) AS (
    SELECT min(kind) FROM outbox WHERE due_at IS NOT NULL
    UNION ALL
    SELECT (SELECT min(kind) FROM outbox WHERE due_at IS NOT NULL AND kind > waiting.kind)
    FROM waiting WHERE waiting.kind IS NOT NULL
)
SELECT kind FROM waiting WHERE kind IS NOT NULL

-- name: due_since
-- Since when the message that waits longest could have left.
SELECT min(max(due_at, created_at)) FROM outbox WHERE due_at <= :now

-- name: depth
-- How many messages are in each state; the done ones are not counted.
SELECT state, count(*) FROM outbox WHERE state IN ('ready', 'leased', 'parked', 'dead') GROUP BY state

-- name: bury_parked
-- Nobody came back for these; what waits behind one in its lane may go now.
UPDATE outbox SET state = 'dead', error = 'given up, nobody came back: ' || error, settled_at = :now
WHERE id IN (SELECT id FROM outbox WHERE state = 'parked' AND created_at < :before ORDER BY created_at LIMIT :limit)
RETURNING lane

-- name: prune_taken
-- Repeats come within minutes; after days an event id is forgotten.
DELETE FROM taken WHERE (conversation, event) IN
    (SELECT conversation, event FROM taken WHERE at < :before ORDER BY at LIMIT :limit)

-- name: prune_settled
-- Done and dead messages without a receipt: nobody asks for them any more.
DELETE FROM outbox WHERE id IN
    (SELECT id FROM outbox WHERE receipt = '' AND settled_at IS NOT NULL AND settled_at < :before
     ORDER BY settled_at LIMIT :limit)

-- name: prune_receipts
-- Done messages with a receipt: a card this old is not drawn again.
DELETE FROM outbox WHERE id IN
    (SELECT id FROM outbox WHERE receipt <> '' AND settled_at IS NOT NULL AND settled_at < :before
     ORDER BY settled_at LIMIT :limit)

-- name: pulse
-- A write of no meaning, to see whether one works.
INSERT INTO pulse (id, at) VALUES (1, :now) ON CONFLICT (id) DO UPDATE SET at = excluded.at

-- name: open_session
-- An agent has signed in; a sign-in opens one session, however often it is shown.
INSERT INTO agent_sessions (id, sign_in, name, object_id, expires_at)
VALUES (:id, :sign_in, :name, :object_id, :expires_at)
ON CONFLICT DO NOTHING

-- name: session
-- Who is signed in.
SELECT id, sign_in, name, object_id, expires_at FROM agent_sessions WHERE id = :id AND NOT ended

-- name: signed_in
-- The names of all whose sessions run.
SELECT DISTINCT name FROM agent_sessions WHERE expires_at > :now AND NOT ended ORDER BY name LIMIT 200

-- name: end_session
-- An agent has signed out. The row stays, so that its sign-in opens no other.
UPDATE agent_sessions SET ended = 1 WHERE id = :id

-- name: forget_sessions
-- Those that have run out.
DELETE FROM agent_sessions WHERE expires_at < :now

-- name: cursor
-- How far a source of news has been read; no row before its first time.
SELECT value FROM cursors WHERE name = :name

-- name: move_cursor
-- It has been read up to there.
INSERT INTO cursors (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value

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
) GROUP BY fix

-- name: past_cases
-- Cases in the order they were opened, behind one.
SELECT number, opened_at, status, code, reason, fix, file FROM cases
WHERE (opened_at, number) > (:opened_at, :number) ORDER BY opened_at, number LIMIT :limit

-- name: past_steps
-- What happened to these cases; words only where they are about how it went.
SELECT cases.number, at, what, case_log.status, CASE WHEN what IN ('rated', 'reviewed') THEN note ELSE '' END
FROM cases JOIN case_log ON case_log.number = cases.number
WHERE (opened_at, cases.number) > (:opened_at, :number) AND (opened_at, cases.number) <= (:last_at, :last)
ORDER BY cases.number, seq

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
UPDATE files SET media_type = :media_type, size = length(:content), content = :content, source = ''
WHERE id = :id AND size = 0

-- name: give_file
-- It is of a case from now on; what is of a case stays with it.
UPDATE files SET number = :number WHERE id = :id AND number = ''

-- name: drop_file
-- It is forgotten, unless a case has it.
DELETE FROM files WHERE id = :id AND number = ''

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
    (SELECT id FROM files WHERE number = '' AND size = 0 AND at < :before ORDER BY at LIMIT :limit)

-- name: prune_files
-- Files that were never handed over.
DELETE FROM files WHERE id IN
    (SELECT id FROM files WHERE number = '' AND at < :before ORDER BY at LIMIT :limit)
