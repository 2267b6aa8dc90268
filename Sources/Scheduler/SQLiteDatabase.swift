import CSQLite

/// The one owner of a sqlite handle and of its prepared statements.
///
/// Not `Sendable`: it belongs to one actor, whose thread may block on the disk. Write-ahead log with `synchronous=NORMAL`:
/// a crash of the program loses nothing, a power failure may lose the last transactions but never damages the file. That
/// is enough for a projection, whose events come again.
final class SQLiteDatabase {
    private let handle: OpaquePointer
    private let path: String
    private(set) var statements: [String: OpaquePointer] = [:]

    /// Opens or creates the file, checks it and brings it to the newest schema.
    ///
    /// - Parameters:
    ///   - path: a file on a local disk (the write-ahead log needs shared memory), or `:memory:`.
    ///   - migrations: the statements that lead from schema version 0 to 1, from 1 to 2 and so on. Append only.
    ///   - busyTimeout: milliseconds to wait for another program that holds the file.
    init(path: String, migrations: [String], busyTimeout: Int32 = 5_000) throws(SchedulerError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let result = sqlite3_open_v2(path, &opened, flags, nil)
        guard let opened, result == SQLITE_OK else {
            let error = Self.error(result, doing: "opening it", path: path, handle: opened)
            sqlite3_close_v2(opened)
            throw error
        }
        handle = opened
        self.path = path
        sqlite3_busy_timeout(handle, busyTimeout)
        try run("PRAGMA journal_mode = WAL")
        try run("PRAGMA synchronous = NORMAL")
        try checkIntegrity()
        try migrate(migrations)
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    /// Runs one statement that answers no rows that matter.
    func run(_ sql: String, _ values: SQLiteValue...) throws(SchedulerError) {
        try step(through: sql, values) { (_) throws(SchedulerError) in }
    }

    /// Runs one statement and reads each row.
    func query<Row>(
        _ sql: String, _ values: [SQLiteValue] = [], read: (SQLiteRow) throws(SchedulerError) -> Row
    ) throws(SchedulerError) -> [Row] {
        var columns: [String: Int]?
        var rows: [Row] = []
        try step(through: sql, values) { (statement) throws(SchedulerError) in
            let count = Int(sqlite3_column_count(statement))
            let names =
                columns
                ?? Dictionary(
                    (0..<count).map { (String(cString: sqlite3_column_name(statement, Int32($0))), $0) }, uniquingKeysWith: { $1 }
                )
            columns = names
            rows.append(try read(SQLiteRow(columns: names, values: (0..<count).map { value(of: statement, column: Int32($0)) })))
        }
        return rows
    }

    /// Runs the body between BEGIN IMMEDIATE and COMMIT; any error undoes all of it.
    func transaction<Result>(_ body: () throws(SchedulerError) -> Result) throws(SchedulerError) -> Result {
        try run("BEGIN IMMEDIATE")
        do throws(SchedulerError) {
            let result = try body()
            try run("COMMIT")
            return result
        } catch {
            // On a full disk sqlite may have rolled back by itself; then there is nothing to undo.
            if sqlite3_get_autocommit(handle) == 0 { try run("ROLLBACK") }
            throw error
        }
    }

    private func checkIntegrity() throws(SchedulerError) {
        let problems = try query("PRAGMA quick_check(1)") { $0["quick_check"].text ?? "" }
        guard problems == ["ok"] else {
            throw Self.damaged(path, problems.joined(separator: ", "))
        }
    }

    private func migrate(_ migrations: [String]) throws(SchedulerError) {
        // Read inside the transaction, since another Scheduler may be upgrading the same file right now.
        try transaction { () throws(SchedulerError) in
            let version = try query("PRAGMA user_version") { $0["user_version"].integer ?? 0 }.first ?? 0
            guard version <= migrations.count else {
                throw SchedulerError(
                    .databaseTooNew,
                    "database \(path) has schema \(version), this program knows \(migrations.count): "
                        + "run the newer version of sheaf that wrote it")
            }
            guard version < migrations.count else { return }
            for migration in migrations[version...] {
                let result = sqlite3_exec(handle, migration, nil, nil, nil)
                guard result == SQLITE_OK else { throw error(result, doing: migration) }
            }
            try run("PRAGMA user_version = \(migrations.count)")
        }
    }

    /// Binds, steps and resets; the reset frees the read lock and the bound bytes whatever happens.
    private func step(
        through sql: String, _ values: [SQLiteValue], row: (OpaquePointer) throws(SchedulerError) -> Void
    ) throws(SchedulerError) {
        let statement = try prepared(sql)
        defer {
            // The result repeats the error of the step, which is thrown already.
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() {
            let result = bind(value, to: statement, at: Int32(index + 1))
            guard result == SQLITE_OK else { throw error(result, doing: sql) }
        }
        while true {
            let result = sqlite3_step(statement)
            switch result {
            case SQLITE_ROW: try row(statement)
            case SQLITE_DONE: return
            default: throw error(result, doing: sql)
            }
        }
    }

    private func prepared(_ sql: String) throws(SchedulerError) -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        var statement: OpaquePointer?
        let result = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard result == SQLITE_OK, let statement else { throw error(result, doing: sql) }
        statements[sql] = statement
        return statement
    }

    private func bind(_ value: SQLiteValue, to statement: OpaquePointer, at index: Int32) -> Int32 {
        switch value {
        case .null: sqlite3_bind_null(statement, index)
        case .integer(let integer): sqlite3_bind_int64(statement, index, Int64(integer))
        case .real(let real): sqlite3_bind_double(statement, index, real)
        case .text(let text): sheaf_sqlite3_bind_text(statement, index, text, UInt64(text.utf8.count))
        case .blob(let bytes): sheaf_sqlite3_bind_blob(statement, index, bytes, UInt64(bytes.count))
        }
    }

    private func value(of statement: OpaquePointer, column: Int32) -> SQLiteValue {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: return .integer(Int(sqlite3_column_int64(statement, column)))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(statement, column))
        case SQLITE_TEXT:
            guard let text = sqlite3_column_text(statement, column) else { return .null }
            let bytes = UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(statement, column)))
            return .text(String(decoding: bytes, as: UTF8.self))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(statement, column)
            return .blob([UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))))
        default: return .null
        }
    }

    private func error(_ result: Int32, doing sql: String) -> SchedulerError {
        Self.error(result, doing: sql, path: path, handle: handle)
    }

    private static func error(_ result: Int32, doing: String, path: String, handle: OpaquePointer?) -> SchedulerError {
        let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(result))
        let statement = doing.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(300)
        switch result & 0xFF {
        case SQLITE_FULL:
            return SchedulerError(
                .diskFull, "database \(path): the disk is full (\(statement)): free space; nothing that was saved is lost")
        case SQLITE_BUSY, SQLITE_LOCKED:
            return SchedulerError(
                .databaseBusy, "database \(path): another program holds it (\(statement)): \(reason); one Scheduler, one file")
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            return damaged(path, reason)
        case SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM:
            return SchedulerError(
                .databaseFailed,
                "database \(path): \(reason) (\(statement)): check that its folder exists and this user may write to it")
        default:
            return SchedulerError(.databaseFailed, "database \(path): \(reason), code \(result) (\(statement))")
        }
    }

    private static func damaged(_ path: String, _ reason: String) -> SchedulerError {
        SchedulerError(
            .databaseDamaged,
            "database \(path) is damaged (\(reason)): move it away and start again; backups are not affected, "
                + "only the history of sessions shown here starts anew")
    }
}
