-- The second version of the store: status actions.

-- JSON: {"name", "option", "total", "currency", "preview"}; NULL for a change of fields.
ALTER TABLE entries ADD COLUMN action TEXT;
