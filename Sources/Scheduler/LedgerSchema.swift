/// The tables of the ledger. Times are milliseconds since 1970.
enum LedgerSchema {
    /// One entry a version, each leading from the one before. Never edited once released, only appended to.
    static let migrations = [
        """
        CREATE TABLE sessions (
            id TEXT PRIMARY KEY,
            kind TEXT, name TEXT, namespace TEXT, invoker_kind TEXT, invoker_name TEXT, repository TEXT, target TEXT,
            created_at INTEGER NOT NULL,
            requested_at INTEGER, first_event_at INTEGER NOT NULL,
            started_at INTEGER, progress_at INTEGER, rescue_at INTEGER, deadline INTEGER,
            message BLOB,
            phase TEXT NOT NULL, source INTEGER NOT NULL, status_at INTEGER NOT NULL,
            finished_at INTEGER, snapshot TEXT, error TEXT, conditions TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX sessions_by_time ON sessions (created_at, id);
        CREATE INDEX sessions_by_invoker ON sessions (namespace, invoker_kind, invoker_name, created_at);
        CREATE INDEX sessions_unfinished ON sessions (phase) WHERE phase NOT IN ('Succeeded', 'Failed', 'Skipped');

        CREATE TABLE indices (
            session TEXT NOT NULL, name TEXT NOT NULL,
            planned_documents INTEGER NOT NULL DEFAULT 0,
            final_documents INTEGER, final_total INTEGER, final_bytes INTEGER, final_stored_bytes INTEGER,
            PRIMARY KEY (session, name)
        ) WITHOUT ROWID;

        CREATE TABLE parts (
            session TEXT NOT NULL, slice INTEGER NOT NULL, epoch INTEGER NOT NULL, number INTEGER NOT NULL,
            index_name TEXT NOT NULL,
            is_stored INTEGER NOT NULL, at INTEGER NOT NULL,
            documents INTEGER NOT NULL, bytes INTEGER NOT NULL, stored_bytes INTEGER NOT NULL,
            PRIMARY KEY (session, slice, epoch, number)
        ) WITHOUT ROWID;

        CREATE TABLE schedules (
            namespace TEXT NOT NULL, name TEXT NOT NULL,
            rule TEXT NOT NULL, known_since INTEGER NOT NULL, handled_until INTEGER NOT NULL, last_slot INTEGER, is_paused INTEGER NOT NULL,
            PRIMARY KEY (namespace, name)
        ) WITHOUT ROWID;
        """,
        // A session with a message that was not published waits for its turn.
        """
        ALTER TABLE sessions ADD COLUMN target_namespace TEXT;
        ALTER TABLE sessions ADD COLUMN published_at INTEGER;
        ALTER TABLE sessions ADD COLUMN not_after INTEGER;
        ALTER TABLE sessions ADD COLUMN retry_left INTEGER;
        ALTER TABLE sessions ADD COLUMN next_retry INTEGER;
        ALTER TABLE sessions ADD COLUMN retried_as TEXT;
        UPDATE sessions SET published_at = ifnull(requested_at, first_event_at) WHERE message IS NOT NULL;
        CREATE INDEX sessions_to_retry ON sessions (id) WHERE phase = 'Failed' AND retry_left > 0 AND retried_as IS NULL;
        """,
        monitoring,
        upkeep,
        messages,
        rebuild,
        eventLog,
    ]
}
