-- works with: 1
-- What happened, and why a case was closed. Entries of an older version say neither.
ALTER TABLE case_log ADD COLUMN what text NOT NULL DEFAULT '';
ALTER TABLE case_log ADD COLUMN reason text NOT NULL DEFAULT '';
