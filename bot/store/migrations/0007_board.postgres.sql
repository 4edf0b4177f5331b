-- works with: 1
-- The helpdesk's board: what cases are looked for by, out of what is stored of them, and who is signed in.

ALTER TABLE cases
    ADD COLUMN queue text NOT NULL DEFAULT '',
    ADD COLUMN language text NOT NULL DEFAULT '',   -- the person's
    ADD COLUMN codes text NOT NULL DEFAULT '',      -- ',1000002,53003,'
    ADD COLUMN called text NOT NULL DEFAULT '';     -- the person's name, and what they call themselves

-- The file of a case never changes. A trigger, so that the version before fills them in too. What cannot be read
-- as text here is kept all the same; it is only not found by it.
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
UPDATE cases SET file = file;

-- As cases_status, which it replaces; a search reads this index and not the files.
CREATE INDEX cases_board ON cases (status, opened_at, number)
    INCLUDE (queue, language, codes, agent, reference, called);
DROP INDEX cases_status;
CREATE INDEX cases_changed ON cases (changed_at, number);

CREATE TABLE agent_sessions (
    id text COLLATE "C" PRIMARY KEY,              -- made of what the browser keeps, and of no use without it
    sign_in text COLLATE "C" NOT NULL UNIQUE,     -- the sign-in it came from: each opens one session
    name text NOT NULL,
    object_id text NOT NULL,
    expires_at double precision NOT NULL,
    ended boolean NOT NULL DEFAULT false
);
CREATE INDEX agent_sessions_expire ON agent_sessions (expires_at);
