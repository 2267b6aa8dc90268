import Runtime

extension Ledger {
    /// One event as it came over the broker.
    struct LoggedEvent: Sendable, Equatable {
        /// Nil for what is not kept.
        var place: Int?
        /// The last but one word of the message's type: `status`, `progress`, `repository`, `heartbeat`.
        var type: String
        var session: String?
        /// A CloudEvent in JSON.
        var event: [UInt8]
    }

    /// Events that are kept, the last.
    static let eventLogLimit = 10_000

    /// Appends an event, and forgets those before the last ten thousand.
    ///
    /// - Returns: the event with its place.
    func log(_ event: LoggedEvent) throws(SchedulerError) -> LoggedEvent {
        let place =
            try database.query(
                "INSERT INTO event_log (type, session, event) VALUES (?, ?, ?) RETURNING place",
                [.text(event.type), SQLiteValue(event.session), .blob(event.event)]
            ) { $0["place"].integer ?? 0 }.first ?? 0
        if place % 256 == 0 {
            try database.run("DELETE FROM event_log WHERE place <= ?", .integer(place - Self.eventLogLimit))
        }
        var logged = event
        logged.place = place
        return logged
    }

    /// The epoch of the log, and its first and last place; the same where it is empty.
    func eventLogBounds() throws(SchedulerError) -> (epoch: String, first: Int, last: Int) {
        let epoch = try database.query("SELECT epoch FROM event_log_epoch") { $0["epoch"].text ?? "" }.first ?? ""
        // The highest that ever was: the log may be empty after all were forgotten.
        let last = try database.query("SELECT seq FROM sqlite_sequence WHERE name = 'event_log'") { $0["seq"].integer ?? 0 }
        let first = try database.query("SELECT min(place) AS place FROM event_log") { $0["place"].integer }
        return (epoch, (first.first ?? nil) ?? (last.first ?? 0), last.first ?? 0)
    }

    /// What follows a place, oldest first.
    func loggedEvents(after place: Int, limit: Int) throws(SchedulerError) -> [LoggedEvent] {
        try database.query("SELECT * FROM event_log WHERE place > ? ORDER BY place LIMIT ?", [.integer(place), .integer(limit)]) {
            LoggedEvent(
                place: $0["place"].integer, type: $0["type"].text ?? "", session: $0["session"].text,
                event: $0["event"].blob ?? [])
        }
    }
}
