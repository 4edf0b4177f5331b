-- works with: 1
-- Each kind of messages is claimed by itself; attempts that do not count, and leases that ran out, are numbers.

ALTER TABLE outbox
    ADD COLUMN excused bigint NOT NULL DEFAULT 0,   -- attempts that are none of its tries
    ADD COLUMN lapsed bigint NOT NULL DEFAULT 0;    -- leases in a row that ran out without a word

-- As outbox_due, which it replaces: what can be claimed and nothing else. The version before reads it whole.
CREATE INDEX outbox_due_by_kind ON outbox (kind COLLATE "C", due_at, id) WHERE due_at IS NOT NULL;
DROP INDEX outbox_due;

CREATE INDEX outbox_parked_since ON outbox (created_at) WHERE state = 'parked';
