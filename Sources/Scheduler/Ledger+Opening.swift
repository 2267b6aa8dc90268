import FoundationEssentials
import Runtime

extension Ledger {
    /// Opens or creates the file. One that is damaged is kept under another name, and a new one takes its place, which is rebuilt.
    ///
    /// - Returns: with the ledger, what was wrong and where the damaged file is.
    /// - Throws: as `init`, for all but damage.
    static func opening(path: String, now: Timestamp) throws -> (ledger: Ledger, damage: (cause: String, keptAt: String)?) {
        do {
            return (try Ledger(path: path), nil)
        } catch let error as SchedulerError where error.code == .databaseDamaged {
            let kept = try setAside(path, now: now)
            return (try Ledger(path: path), (error.message, kept))
        }
    }

    /// With what sqlite keeps beside it: a log of another file would be taken for the new one's.
    private static func setAside(_ path: String, now: Timestamp) throws -> String {
        let digits = now.description.prefix(19).filter { $0 != "-" && $0 != ":" }
        var kept = "\(path).damaged-\(digits)Z"
        var number = 1
        while FileManager.default.fileExists(atPath: kept) {
            number += 1
            kept = "\(path).damaged-\(digits)Z-\(number)"
        }
        // The log first: the file that is damaged stays in its place until all else has gone.
        for suffix in ["-wal", "-shm", ""] where FileManager.default.fileExists(atPath: path + suffix) {
            try FileManager.default.moveItem(atPath: path + suffix, toPath: kept + suffix)
        }
        return kept
    }
}
