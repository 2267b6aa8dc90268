extension LedgerSchema {
    /// The last events, for followers that come back; `epoch` tells the places of one ledger from those of another. And the ends of sessions by
    /// their time, for the strips of plans.
    static let eventLog = """
        CREATE TABLE event_log (place INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, session TEXT, event BLOB NOT NULL);
        CREATE TABLE event_log_epoch (epoch TEXT NOT NULL);
        INSERT INTO event_log_epoch SELECT lower(hex(randomblob(4)));
        CREATE INDEX sessions_by_finish ON sessions (finished_at, phase, invoker_kind, namespace, invoker_name)
            WHERE finished_at IS NOT NULL;
        """
}
