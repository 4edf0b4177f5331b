-- name: taken
-- What the sender of an event that was taken before was told.
SELECT reply FROM taken WHERE conversation = :conversation AND event = :event

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
INSERT INTO cases (number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file)
VALUES (:number, :conversation, :status, :opened_at, :changed_at, :agent, :reference, :zone, :person, :file)
ON CONFLICT (number) DO NOTHING

-- name: change_case
-- News of a case; what is NULL or empty stays.
UPDATE cases SET
    status = coalesce(:status, status),
    changed_at = :at,
    agent = CASE WHEN :agent = '' THEN agent ELSE :agent END,
    reference = CASE WHEN :reference = '' THEN reference ELSE :reference END
WHERE number = :number

-- name: log_case
-- The next entry of a case's log; without a status of its own it gets the one the case has now.
INSERT INTO case_log (number, seq, at, status, agent, note)
SELECT number, 1 + coalesce((SELECT max(seq) FROM case_log WHERE number = :number), 0),
    :at, coalesce(:status, status), :agent, :note
FROM cases WHERE number = :number

-- name: case
-- One case.
SELECT number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file
FROM cases WHERE number = :number

-- name: cases
-- The newest cases.
SELECT number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file
FROM cases ORDER BY opened_at DESC, number DESC LIMIT :limit

-- name: cases_by_status
-- The newest cases of one status.
SELECT number, conversation, status, opened_at, changed_at, agent, reference, zone, person, file
FROM cases WHERE status = :status ORDER BY opened_at DESC, number DESC LIMIT :limit

-- name: case_log
-- A case's log, oldest first.
SELECT at, status, agent, note FROM case_log WHERE number = :number ORDER BY seq

-- name: add_message
-- An effect into the outbox, due at once unless its lane has something unsettled; the same key twice is once.
INSERT INTO outbox (key, lane, kind, conversation, body, state, attempt, created_at, due_at, error, receipt)
SELECT :key, :lane, :kind, :conversation, :body, 'ready', 0, :now,
    CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE lane = :lane AND state IN ('ready', 'leased', 'parked'))
    THEN NULL ELSE 0.0 END,
    '', ''
WHERE true
ON CONFLICT (key) DO NOTHING

-- name: due
-- Messages that may be claimed, those that were never tried first, then whoever has waited longest.
SELECT id FROM outbox WHERE due_at <= :now ORDER BY due_at, id LIMIT :limit

-- name: lease
-- Claim one message; the attempt is counted before anything is tried.
UPDATE outbox SET state = 'leased', attempt = attempt + 1, due_at = :until WHERE id = :id
RETURNING id, key, lane, kind, conversation, body, state, attempt, created_at, due_at, error, receipt

-- name: unlease
-- A lease that nobody has heard of: nothing was tried.
UPDATE outbox SET state = 'ready', attempt = attempt - 1, due_at = 0.0
WHERE id = :id AND attempt = :attempt AND state = 'leased'

-- name: settle
-- The end of an attempt; only its holder may write it.
UPDATE outbox SET state = :state, receipt = :receipt, error = :error, due_at = :due_at, settled_at = :settled_at
WHERE id = :id AND attempt = :attempt AND state = 'leased'
RETURNING lane

-- name: next_in_lane
-- What stood behind a message that is done or dead may go now.
UPDATE outbox SET due_at = 0.0
WHERE id = (SELECT id FROM outbox WHERE lane = :lane AND state IN ('ready', 'leased', 'parked') ORDER BY id LIMIT 1)
    AND state = 'ready' AND due_at IS NULL

-- name: message
-- One message by its key.
SELECT id, key, lane, kind, conversation, body, state, attempt, created_at, due_at, error, receipt
FROM outbox WHERE key = :key

-- name: unpark
-- The person is back. A parked message is always the first of its lane, so it is due.
UPDATE outbox SET state = 'ready', due_at = :now WHERE conversation = :conversation AND state = 'parked'

-- name: release_leases
-- After a start nobody holds a lease: one process has the file.
UPDATE outbox SET state = 'ready', due_at = 0.0
WHERE due_at IS NOT NULL AND state = 'leased'

-- name: next_due
-- When the next message can be claimed.
SELECT min(due_at) FROM outbox WHERE due_at IS NOT NULL

-- name: depth
-- How many messages are in each state; the done ones are not counted.
SELECT state, count(*) FROM outbox WHERE state IN ('ready', 'leased', 'parked', 'dead') GROUP BY state

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
