-- The first version of the store. Described for users in docs/journal.md.

-- Changes of customers. The intent is committed before the PUT leaves, the outcome after it. Text columns hold the document
-- byte for byte; times are UTC, "2026-11-30T09:14:38.123Z". `resolved` is 1 if a later reading told the outcome: then a request
-- may have been sent, even if nothing was written.
CREATE TABLE entries (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order in which intents were recorded, whatever the clock said
    entry    TEXT NOT NULL UNIQUE,
    time     TEXT NOT NULL,
    profile  TEXT NOT NULL,
    host     TEXT NOT NULL,
    command  TEXT NOT NULL,
    customer INTEGER NOT NULL,
    name     TEXT NOT NULL,
    outcome  TEXT,                               -- NULL while the change is unfinished
    ended    TEXT,
    resolved INTEGER NOT NULL DEFAULT 0,
    undoes   TEXT,
    run      TEXT,
    row      INTEGER,
    action   TEXT,                               -- of a status action, JSON: {"name", "option", "total", "currency", "preview"}
    after    BLOB NOT NULL,                      -- SHA-256 of the document that was to be sent
    edits    TEXT NOT NULL,                      -- JSON: [{"path", "before", "after"}], the tokens that replace others
    before   TEXT NOT NULL,                      -- the document that was read; long, so the columns that are read without it come first
    stored   TEXT                                -- the document that is stored, if it is not the one that was sent
);
CREATE INDEX entries_by_time ON entries(time);
CREATE INDEX entries_by_profile ON entries(profile);
CREATE INDEX entries_by_customer ON entries(customer);
CREATE INDEX entries_by_run ON entries(run) WHERE run IS NOT NULL;
CREATE INDEX entries_by_row ON entries(run, row) WHERE run IS NOT NULL;
CREATE INDEX entries_by_undone ON entries(undoes) WHERE undoes IS NOT NULL;
CREATE INDEX entries_written ON entries(profile, host) WHERE outcome IN ('written', 'differs');
CREATE INDEX entries_open ON entries(profile) WHERE outcome IS NULL OR outcome = 'unknown';

-- Which entries change a path, so that `history --field` need not read every entry.
CREATE TABLE changed (
    path  TEXT NOT NULL,
    entry INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
    PRIMARY KEY (path, entry)
) WITHOUT ROWID;
CREATE INDEX changed_by_entry ON changed(entry);

-- Runs over many customers.
CREATE TABLE runs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    run         TEXT NOT NULL UNIQUE,
    time        TEXT NOT NULL,
    kind        TEXT NOT NULL,                   -- update, apply, undo
    undoes      TEXT,                            -- the run that this one takes back
    profile     TEXT NOT NULL,
    host        TEXT NOT NULL,
    source      TEXT NOT NULL,
    new_fields  INTEGER NOT NULL,
    reads_again INTEGER NOT NULL,
    started     INTEGER NOT NULL DEFAULT 0       -- 0 while rows are checked; such a run is swept if its process died
);
CREATE INDEX runs_by_undone ON runs(undoes) WHERE undoes IS NOT NULL;

-- What a run does with each customer, and what became of it. `action` is a status action, JSON: {"action", "status", "total",
-- "currency", "refused"}; `agreed` is 1 if the user agreed to it at this price.
CREATE TABLE rows (
    run      INTEGER NOT NULL REFERENCES runs(id),
    row      INTEGER NOT NULL,
    line     INTEGER NOT NULL,
    customer INTEGER,                            -- NULL until it was looked up
    task     TEXT NOT NULL,
    action   TEXT,
    agreed   INTEGER NOT NULL DEFAULT 0,
    outcome  TEXT,                               -- NULL while the row was not reached
    changes  TEXT,
    error    TEXT,
    attempts INTEGER,
    entry    TEXT,
    PRIMARY KEY (run, row)
) WITHOUT ROWID;
CREATE UNIQUE INDEX rows_by_customer ON rows(run, customer) WHERE customer IS NOT NULL;
CREATE INDEX rows_by_outcome ON rows(run, outcome);
CREATE INDEX rows_by_action ON rows(run, row) WHERE action IS NOT NULL;
