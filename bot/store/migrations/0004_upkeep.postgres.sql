-- works with: 1
-- As it was, and now with the last condition; and who has waited in a lane (1.0) goes after who is new (0.0). Whoever comes back into a lane may stand before the one that has
-- it (is leased, due, or parked), and whoever is dropped may stand behind it: then nobody else may go.
CREATE OR REPLACE FUNCTION outbox_leave_lane() RETURNS trigger LANGUAGE plpgsql AS $$
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
