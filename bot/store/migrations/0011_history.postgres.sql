-- works with: 1
-- What ended a case, so that the next one like it can be told; and how sessions ended, without whose they were.

ALTER TABLE case_log ADD COLUMN fix text NOT NULL DEFAULT '';   -- of an entry that closes it: what ended it
ALTER TABLE cases
    ADD COLUMN code text COLLATE "C" NOT NULL DEFAULT '',       -- the last one that came up
    ADD COLUMN reason text NOT NULL DEFAULT '',                 -- why it is closed
    ADD COLUMN fix text NOT NULL DEFAULT '';                    -- what ended it

-- As before, and the code: a trigger of its own, so that the version before fills it in too.
CREATE FUNCTION cases_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.code := coalesce(convert_from(NEW.file, 'UTF8')::json -> 'codes' ->> -1, '');
    RETURN NEW;
EXCEPTION WHEN data_exception THEN
    RETURN NEW;
END $$;
CREATE TRIGGER cases_code BEFORE INSERT OR UPDATE OF file ON cases
    FOR EACH ROW EXECUTE FUNCTION cases_code();
UPDATE cases SET
    file = file,
    reason = CASE WHEN status <> 'resolved' THEN '' ELSE coalesce((
        SELECT case_log.reason FROM case_log
        WHERE case_log.number = cases.number AND what = 'resolved' ORDER BY seq DESC LIMIT 1
    ), '') END;
CREATE INDEX cases_solved ON cases (code, opened_at) INCLUDE (reason, fix) WHERE status = 'resolved';

CREATE TABLE outcomes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at bigint NOT NULL,         -- a whole hour
    body bytea NOT NULL         -- nobody's name, words or key
);
CREATE INDEX outcomes_at ON outcomes (at);
