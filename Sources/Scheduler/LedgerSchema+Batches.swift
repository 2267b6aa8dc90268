extension LedgerSchema {
    /// Members of batches, and plans of two kinds.
    ///
    /// `parent` names the whole session, of which no row is: it is made of its members (`BatchSession`).
    static let batches = """
        ALTER TABLE sessions ADD COLUMN parent TEXT;
        ALTER TABLE sessions ADD COLUMN parent_place INTEGER;
        ALTER TABLE sessions ADD COLUMN parent_count INTEGER;
        ALTER TABLE sessions ADD COLUMN parent_order TEXT;
        CREATE INDEX sessions_by_parent ON sessions (parent, phase) WHERE parent IS NOT NULL;
        CREATE INDEX sessions_of_batches ON sessions (
            namespace, invoker_kind, invoker_name, parent, phase, created_at, parent_count) WHERE parent IS NOT NULL;

        ALTER TABLE schedules RENAME TO schedules_of_configurations;
        CREATE TABLE schedules (
            kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
            rule TEXT NOT NULL, known_since INTEGER NOT NULL, handled_until INTEGER NOT NULL, last_slot INTEGER, is_paused INTEGER NOT NULL,
            gone_since INTEGER,
            PRIMARY KEY (kind, namespace, name)
        ) WITHOUT ROWID;
        INSERT INTO schedules SELECT 'BackupConfiguration', namespace, name, rule, known_since, handled_until, last_slot, is_paused, gone_since
            FROM schedules_of_configurations;
        DROP TABLE schedules_of_configurations;
        """
}
