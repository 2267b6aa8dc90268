extension LedgerSchema {
    /// What is left to read of sessions that the ledger does not know (docs/ledger.md). One that holds no session yet was made anew, so that
    /// all is to be read.
    ///
    /// - `rebuild`: when a rebuild was asked for last.
    /// - `readings`: of each Repository for which rebuild, how far, and what hinders.
    static let rebuild = """
        CREATE TABLE rebuild (id INTEGER PRIMARY KEY CHECK (id = 1), asked_at INTEGER NOT NULL);
        INSERT INTO rebuild SELECT 1, CAST(strftime('%s', 'now') AS INTEGER) * 1000 WHERE NOT EXISTS (SELECT 1 FROM sessions);

        CREATE TABLE readings (
            namespace TEXT NOT NULL, name TEXT NOT NULL,
            asked_at INTEGER NOT NULL, next TEXT, pages INTEGER NOT NULL DEFAULT 0, sessions INTEGER NOT NULL DEFAULT 0,
            done_at INTEGER, is_absent INTEGER NOT NULL DEFAULT 0,
            error TEXT, failures INTEGER NOT NULL DEFAULT 0, try_at INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (namespace, name)
        ) WITHOUT ROWID;
        """
}
