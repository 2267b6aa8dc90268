extension LedgerSchema {
    /// What keeps frequent questions cheap, and decisions once made from being made anew.
    ///
    /// - `turn_at`: since when a session's turn has come, so that nothing else of its target is published beside it.
    /// - `retry_noted_at`: when `next_retry` was told last.
    /// - `to_push`: whether a session's end has to be pushed; of a group, `ended_at` and `session` name the last end that was.
    /// - `gone_since`: when a plan was first missed. `heard_at`: when a worker was heard, by this machine's clock.
    static let upkeep = """
        ALTER TABLE sessions ADD COLUMN turn_at INTEGER;
        ALTER TABLE sessions ADD COLUMN retry_noted_at INTEGER;

        ALTER TABLE sessions ADD COLUMN to_push INTEGER NOT NULL DEFAULT 0;
        UPDATE sessions SET to_push = 1 WHERE phase IN ('Succeeded', 'Failed') AND kind IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM pushes WHERE pushes.session = sessions.id AND is_settled = 1 AND pushes.source >= sessions.source);
        CREATE INDEX sessions_to_push ON sessions (finished_at, id) WHERE to_push = 1;
        DROP INDEX sessions_by_end;
        ALTER TABLE push_groups ADD COLUMN ended_at INTEGER;
        ALTER TABLE push_groups ADD COLUMN session TEXT;
        UPDATE push_groups SET (ended_at, session) = (
            SELECT s.finished_at, s.id FROM sessions AS s JOIN pushes ON pushes.session = s.id
            WHERE s.namespace = push_groups.namespace AND s.invoker_kind = push_groups.invoker_kind
                AND s.invoker_name = push_groups.name AND is_settled = 1 AND pushes.error IS NULL
            ORDER BY s.finished_at DESC, s.id DESC LIMIT 1);

        CREATE INDEX sessions_by_outcome ON sessions (namespace, invoker_kind, invoker_name, phase, created_at);

        ALTER TABLE schedules ADD COLUMN gone_since INTEGER;
        ALTER TABLE workers ADD COLUMN heard_at INTEGER NOT NULL DEFAULT 0;
        UPDATE workers SET heard_at = at;
        """
}
