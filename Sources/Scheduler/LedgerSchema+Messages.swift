extension LedgerSchema {
    /// The messages of sessions in a table of their own: they may have a mebibyte each, and lists of sessions want none of them.
    static let messages = """
        CREATE TABLE messages (session TEXT PRIMARY KEY, message BLOB NOT NULL);
        INSERT INTO messages SELECT id, message FROM sessions WHERE message IS NOT NULL;
        ALTER TABLE sessions DROP COLUMN message;
        """
}
