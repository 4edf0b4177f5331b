-- works with: 1
-- Which ticket desk was asked to file a case; '' before one was, and in cases of older versions.
ALTER TABLE cases ADD COLUMN desk text NOT NULL DEFAULT '';
