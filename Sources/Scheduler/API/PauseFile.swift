import API
import FoundationEssentials
import Messages
import Runtime

/// Plans that were paused by the API, in a file beside the ledger: who and when.
final class PauseFile: Sendable {
    private struct Entry: Codable {
        var namespace: String
        var name: String
        var by: String
        var at: Timestamp
    }

    private let path: String
    private let pauses: Lock<[PlanName: Plan.Pause]>

    /// - Throws: `SchedulerError` when there is a file that cannot be read: a plan must not run since its pause was overlooked.
    init(path: String) throws(SchedulerError) {
        self.path = path
        guard FileManager.default.fileExists(atPath: path) else {
            pauses = Lock([:])
            return
        }
        do {
            let entries = try JSONDecoder().decode([Entry].self, from: try Data(contentsOf: URL(filePath: path)))
            pauses = Lock(
                Dictionary(
                    entries.map { (PlanName(namespace: $0.namespace, name: $0.name), Plan.Pause(by: $0.by, at: $0.at)) },
                    uniquingKeysWith: { first, _ in first }))
        } catch {
            throw SchedulerError(
                .fileFailed, "the file of pauses \(path) cannot be read: \(error); mend it, or move it away and pause again")
        }
    }

    var isEmpty: Bool { pauses.withLock(\.isEmpty) }

    subscript(_ plan: PlanName) -> Plan.Pause? { pauses.withLock { $0[plan] } }

    /// Nil takes the pause back. When it returns, the file says so.
    func set(_ pause: Plan.Pause?, of plan: PlanName) throws(SchedulerError) {
        try pauses.withLock { (pauses) throws(SchedulerError) in
            var changed = pauses
            changed[plan] = pause
            let entries = changed.map { Entry(namespace: $0.namespace, name: $0.name, by: $1.by, at: $1.at) }
                .sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
            do {
                let encoded = try MessageCoding.encode(entries)
                try TokenStore.write(String(decoding: encoded, as: UTF8.self) + "\n", to: path)
            } catch {
                throw SchedulerError(.fileFailed, "the pause of \(plan.key) cannot be kept: \(error)")
            }
            pauses = changed
        }
    }
}
