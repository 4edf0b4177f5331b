-- works with: 1
-- Files of the helpdesk on their way to the person: which came with what words, and where the person wants them.

ALTER TABLE case_log ADD COLUMN names TEXT NOT NULL DEFAULT '';  -- of files that came with the words
ALTER TABLE files ADD COLUMN target TEXT NOT NULL DEFAULT '';    -- where it is to be put, a secret; '' before and after
