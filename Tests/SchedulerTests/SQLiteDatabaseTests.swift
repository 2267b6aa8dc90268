import FoundationEssentials
import Testing

@testable import Scheduler

/// A folder of its own, removed when the value goes.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "sheaf-scheduler-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { print("could not remove \(path): \(error)") }
    }
}

@Suite struct SQLiteDatabaseTests {
    private let migrations = ["CREATE TABLE things (id INTEGER PRIMARY KEY, value)"]

    @Test func everyKindOfValueComesBackAsItWent() throws {
        let database = try SQLiteDatabase(path: ":memory:", migrations: migrations)
        let values: [SQLiteValue] = [
            .null, .integer(.max), .integer(.min), .real(-0.5), .text(""), .text("naïve \u{0} 🗄"), .blob([]), .blob([0, 255]),
        ]
        for value in values { try database.run("INSERT INTO things (value) VALUES (?)", value) }
        #expect(try database.query("SELECT value FROM things ORDER BY id") { $0["value"] } == values)
    }

    @Test func valuesOfOneRunAreNotSeenByTheNext() throws {
        let database = try SQLiteDatabase(path: ":memory:", migrations: migrations)
        let sql = "INSERT INTO things (value) VALUES (?)"
        try database.run(sql, .text("a"))
        try database.run(sql)
        #expect(try database.query("SELECT value FROM things ORDER BY id") { $0["value"] } == [.text("a"), .null])
    }

    @Test func anErrorUndoesItsTransactionAndNamesTheStatement() throws {
        let database = try SQLiteDatabase(path: ":memory:", migrations: migrations)
        let error = #expect(throws: SchedulerError.self) {
            try database.transaction { () throws(SchedulerError) in
                try database.run("INSERT INTO things (id) VALUES (1)")
                try database.run("INSERT INTO things (id) VALUES (1)")
            }
        }
        #expect(error?.code == .databaseFailed)
        #expect(error?.message.contains("INSERT INTO things (id) VALUES (1)") == true)
        #expect(error?.message.contains("UNIQUE constraint failed: things.id") == true)
        #expect(try database.query("SELECT count(*) AS n FROM things") { $0["n"] } == [.integer(0)])
    }

    @Test func migrationsRunOnceAndInOrder() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/a.db"
        _ = try SQLiteDatabase(path: file, migrations: migrations)
        let later = migrations + ["ALTER TABLE things ADD COLUMN extra DEFAULT 7", "INSERT INTO things (id) VALUES (1)"]
        for _ in 0..<2 {
            let database = try SQLiteDatabase(path: file, migrations: later)
            #expect(try database.query("SELECT * FROM things") { $0["extra"] } == [.integer(7)])
            #expect(try database.query("PRAGMA user_version") { $0["user_version"] } == [.integer(3)])
        }
        let error = #expect(throws: SchedulerError.self) { try SQLiteDatabase(path: file, migrations: migrations) }
        #expect(error?.code == .databaseTooNew)
    }

    @Test func aMigrationThatFailsLeavesTheOldSchema() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/a.db"
        #expect(throws: SchedulerError.self) {
            try SQLiteDatabase(path: file, migrations: migrations + ["CREATE TABLE others (id); CREATE TABLE things (id)"])
        }
        let database = try SQLiteDatabase(path: file, migrations: migrations)
        #expect(try database.query("SELECT name FROM sqlite_master") { $0["name"] } == [.text("things")])
    }

    @Test func aFileThatIsNoDatabaseOrIsDamagedIsTold() throws {
        let folder = try TemporaryFolder()
        try Data("certainly not a database, but long enough to be looked at".utf8).write(
            to: URL(filePath: folder.path + "/text.db"))
        let text = #expect(throws: SchedulerError.self) {
            try SQLiteDatabase(path: folder.path + "/text.db", migrations: migrations)
        }
        #expect(text?.code == .databaseDamaged)

        let file = folder.path + "/a.db"
        do {
            let database = try SQLiteDatabase(path: file, migrations: migrations)
            for _ in 0..<2_000 {
                try database.run("INSERT INTO things (value) VALUES (?)", .text(String(repeating: "x", count: 100)))
            }
        }
        var bytes = try Data(contentsOf: URL(filePath: file))
        bytes.replaceSubrange(8_192..<40_960, with: Data(repeating: 0xA5, count: 32_768))
        try bytes.write(to: URL(filePath: file))
        let damaged = #expect(throws: SchedulerError.self) { try SQLiteDatabase(path: file, migrations: migrations) }
        #expect(damaged?.code == .databaseDamaged)
    }

    @Test func aFolderThatIsMissingIsToldWithThePath() {
        let error = #expect(throws: SchedulerError.self) {
            try SQLiteDatabase(path: "/nonexistent/ledger.db", migrations: migrations)
        }
        #expect(error?.message.contains("/nonexistent/ledger.db") == true)
        #expect(error?.message.contains("folder") == true)
    }

    @Test func aFullDiskIsToldAsSuchAndLosesNothing() throws {
        let database = try SQLiteDatabase(path: ":memory:", migrations: migrations)
        try database.run("INSERT INTO things (value) VALUES ('kept')")
        let pages = try database.query("PRAGMA page_count") { $0["page_count"].integer ?? 0 }.first ?? 0
        try database.run("PRAGMA max_page_count = \(pages + 2)")
        let error = #expect(throws: SchedulerError.self) {
            try database.transaction { () throws(SchedulerError) in
                for _ in 0..<100 {
                    try database.run("INSERT INTO things (value) VALUES (?)", .blob([UInt8](repeating: 1, count: 4_000)))
                }
            }
        }
        #expect(error?.code == .diskFull)
        #expect(error?.isRetryable == true)
        #expect(try database.query("SELECT value FROM things") { $0["value"] } == [.text("kept")])
    }

    @Test func aFileThatAnotherHoldsIsBusyAndRetryable() throws {
        let folder = try TemporaryFolder()
        let first = try SQLiteDatabase(path: folder.path + "/a.db", migrations: migrations)
        let second = try SQLiteDatabase(path: folder.path + "/a.db", migrations: migrations, busyTimeout: 10)
        try first.transaction { () throws(SchedulerError) in
            let error = #expect(throws: SchedulerError.self) { try second.run("INSERT INTO things (id) VALUES (1)") }
            #expect(error?.code == .databaseBusy)
            #expect(error?.isRetryable == true)
        }
        try second.run("INSERT INTO things (id) VALUES (1)")
    }
}
