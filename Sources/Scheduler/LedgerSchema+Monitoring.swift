extension LedgerSchema {
    /// What monitoring remembers of workers, Repositories and pushes.
    static let monitoring = """
        CREATE TABLE workers (name TEXT PRIMARY KEY, at INTEGER NOT NULL, heartbeat BLOB NOT NULL) WITHOUT ROWID;

        CREATE TABLE repositories (
            namespace TEXT NOT NULL, name TEXT NOT NULL,
            at INTEGER, session TEXT, event BLOB, is_pushed INTEGER NOT NULL DEFAULT 1,
            checked_at INTEGER NOT NULL, is_up INTEGER NOT NULL,
            PRIMARY KEY (namespace, name)
        ) WITHOUT ROWID;

        CREATE TABLE pushes (
            session TEXT PRIMARY KEY, source INTEGER NOT NULL, at INTEGER NOT NULL, is_settled INTEGER NOT NULL, error TEXT
        ) WITHOUT ROWID;
        CREATE TABLE push_groups (
            job TEXT PRIMARY KEY, invoker_kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE push_results (result TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;

        CREATE INDEX sessions_by_end ON sessions (finished_at) WHERE finished_at IS NOT NULL;
        """
}
