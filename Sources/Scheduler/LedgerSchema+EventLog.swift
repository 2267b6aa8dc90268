extension LedgerSchema {
    /// The last events, for followers that come back; `epoch` tells the places of one ledger from those of another.
    static let eventLog = """
        CREATE TABLE event_log (place INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, session TEXT, event BLOB NOT NULL);
        CREATE TABLE event_log_epoch (epoch TEXT NOT NULL);
        INSERT INTO event_log_epoch SELECT lower(hex(randomblob(4)));
        """
}
