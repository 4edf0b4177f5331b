-- Attempts that do not count: a message that is tried again at an operator's word gets the whole schedule anew,
-- while `attempt` only rises, or a late settlement could meet a stranger.
ALTER TABLE outbox ADD COLUMN excused INTEGER NOT NULL DEFAULT 0;
