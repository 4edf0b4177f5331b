-- What the version with schema 1 asks of the outbox, as it did then. Never edited.

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
