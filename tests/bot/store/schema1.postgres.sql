-- What the version with schema 1 asks of the outbox, as it did then. Never edited.

-- name: load
-- What a turn needs: the conversation, its version, and what the sender was told if the event was taken before.
SELECT state, address, lines, turns,
    (SELECT reply FROM taken WHERE conversation = :conversation AND event = :event)
FROM conversations WHERE key = :conversation

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
    UPDATE outbox SET state = :state_of_ended, receipt = :receipt, error = :error,
        due_at = CASE WHEN :state_of_ended::text = 'ready' THEN :due_at::float8 END,
        settled_at = CASE WHEN :state_of_ended::text IN ('done', 'dead') THEN extract(epoch FROM now()) END
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

-- name: claim
-- Lease what is due, never tried ones first, then whoever has waited longest; what another replica is taking at
-- this moment is passed over. The attempt is counted before anything is tried.
WITH due AS MATERIALIZED (
    SELECT id, due_at FROM outbox WHERE due_at <= :now ORDER BY due_at, id LIMIT :limit
    FOR NO KEY UPDATE SKIP LOCKED
), leased AS (
    UPDATE outbox SET state = 'leased', attempt = attempt + 1, due_at = :until
    FROM due WHERE outbox.id = due.id
    RETURNING outbox.id, key, lane, kind, conversation, body, state, attempt, created_at, outbox.due_at, error,
        receipt, names, due.due_at AS was_due_at
)
SELECT id, key, lane, kind, conversation, body, state, attempt, created_at, due_at, error, receipt, names
FROM leased ORDER BY was_due_at, id

-- name: settle
-- The end of an attempt; only its holder may write it.
UPDATE outbox SET state = :state_of_ended, receipt = :receipt, error = :error,
    due_at = CASE WHEN :state_of_ended::text = 'ready' THEN :due_at::float8 END,
    settled_at = CASE WHEN :state_of_ended::text IN ('done', 'dead') THEN extract(epoch FROM now()) END
WHERE id = :ended AND attempt = :attempt AND state = 'leased'
RETURNING id

-- name: message
-- One message by its key.
SELECT id, key, lane, kind, conversation, body, state, attempt, created_at, due_at, error, receipt, names
FROM outbox WHERE key = :key

-- name: unpark
-- The person is back. A parked message is always the first of its lane, so it is due.
UPDATE outbox SET state = 'ready', due_at = :now WHERE conversation = :conversation AND state = 'parked'
RETURNING id

-- name: next_due
-- When the next message can be claimed.
SELECT min(due_at) FROM outbox WHERE due_at IS NOT NULL

-- name: depth
-- How many messages are in each state; the done ones are not counted.
SELECT state, count(*) FROM outbox WHERE state IN ('ready', 'leased', 'parked', 'dead') GROUP BY state

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
