import Messages
import Runtime

@testable import Sessions

/// Entries of one small session, with every field set.
enum Samples {
    static let start = Timestamp(millisecondsSinceEpoch: 1_764_000_000_000)
    static let deadline = start + .seconds(3600)

    static let claimant = Claimant(message: "mine", patience: .seconds(60))

    static func claim(_ holder: String = "other", at time: Timestamp = start) -> ClaimEntry {
        ClaimEntry(nonce: "other", holder: holder, claimedAt: time, until: time + .seconds(60))
    }

    static func begin(digest: String = "d", nonce: String = "other") -> BeginEntry {
        BeginEntry(nonce: nonce, digest: digest, startedAt: start, deadline: deadline, command: .simulated(kind: .backup))
    }

    static func opening(
        digest: String = "d", notAfter: Timestamp? = nil, timeOutSeconds: Int? = 3600, kind: SessionKind = .backup,
        hooks: Bool = false, steps: Bool = false
    ) -> Opening {
        var command = hooks ? SessionCommand.hooked(kind, hasSteps: steps) : .simulated(kind: kind)
        command.notAfter = notAfter
        command.timeOutSeconds = timeOutSeconds
        return Opening(command, digest: digest)
    }

    /// `slices` slices of one index, with about 30 documents each: the views have 20.
    static func plan(slices: Int = 3, window: Int = 2, nonce: String = "other") -> PlanEntry {
        PlanEntry(
            nonce: nonce,
            indices: [
                PlannedIndex(
                    name: "logs", targetName: "logs", uuid: "u1", shards: slices, documents: 30 * slices,
                    definition: #"{"mappings":{}}"#,
                    pageLimit: 10_000, manifest: "ab12")
            ],
            slices: (0..<slices).map { Slice(index: 0, shard: $0, documents: 30, bytes: 2000) }, window: window,
            snapshot: SnapshotID(startedAt: start, session: SessionStatus.id), plannedAt: start, notes: ["one note"])
    }

    static func view(_ pointInTime: String = "pit", documents: Int = 20, nonce: String = "other") -> ViewEntry {
        ViewEntry(nonce: nonce, pointInTime: pointInTime, shards: 1, documents: documents, openedAt: start)
    }

    static func part(_ begin: String?, _ end: String?, documents: Int = 10, nonce: String = "other", worker: String = "w1")
        -> PartEntry
    {
        PartEntry(
            nonce: nonce, worker: worker, begin: begin, end: end, documents: documents, bytes: documents * 100,
            storedBytes: documents * 20,
            segments: [
                StoredSegment(id: "s1", kind: "bulk", documents: documents, bytes: documents * 100, storedBytes: documents * 20)
            ],
            finishedAt: start)
    }

    static func done(documents: Int = 20, nonce: String = "other") -> DoneEntry {
        DoneEntry(nonce: nonce, parts: 2, documents: documents, bytes: 2000, storedBytes: 400, partsByWorker: ["w1": 2])
    }

    static func commit(documents: Int = 60) -> OutcomeEntry.Commit {
        OutcomeEntry.Commit(summary: .simulated(documents: documents), manifests: ["ab12"], partsByWorker: ["w1": 6])
    }

    static func committed(nonce: String = "other") -> OutcomeEntry {
        OutcomeEntry(nonce: nonce, decidedAt: start, verdict: .commit(result: commit()))
    }

    static func aborted(_ condition: String = "Cancelled", nonce: String = "other") -> OutcomeEntry {
        OutcomeEntry(nonce: nonce, decidedAt: start, verdict: .abort(reason: .init(condition: condition, message: "enough")))
    }

    static func final(nonce: String = "other", succeeded: Bool = true) -> FinalEntry {
        FinalEntry(nonce: nonce, status: .simulated(kind: .backup, succeeded: succeeded))
    }

    private enum SessionStatus {
        static var id: SessionID { StatusEvent.simulated(kind: .backup, succeeded: true).session }
    }
}
