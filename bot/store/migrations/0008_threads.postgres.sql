-- works with: 1
-- Which case the thread below a card is about.
CREATE INDEX outbox_threads ON outbox (receipt COLLATE "C") WHERE kind = 'handoff';
