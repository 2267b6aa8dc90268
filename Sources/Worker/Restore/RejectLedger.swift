import Archive
import Crypto
import Elasticsearch
import Runtime
import Sessions
import Snapshots

/// Keeps the documents that the target refused, with its errors, in segments of the repository; or by id alone where these cannot be
/// written. For all clients of one unit.
final class RejectLedger: Sendable {
    struct Result {
        var segments: [StoredSegment] = []
        var rejections: [Rejection] = []
        /// Why the documents themselves are not kept.
        var unkept: ArchiveError?
    }

    private struct State {
        var result = Result()
        var writer: SegmentWriter?
        var failure: (any Error)?
    }

    /// Refused documents that are listed: the first ones where all of them are kept, more where the list is all there is.
    static let listed = 10
    static let listedAlone = 200
    /// Characters of a reason that are kept in the list.
    static let reasonLength = 300

    private let store: RepositoryStore
    private let spool: Spool
    private let settings: SegmentSettings
    /// Names the pins of the segments: the session's id, where it is known.
    private let name: String
    private let state = Lock(State())

    init(store: RepositoryStore, spool: Spool, settings: SegmentSettings, name: String = "rejects") {
        self.store = store
        self.spool = spool
        self.name = name
        self.settings = settings
    }

    /// Takes one document; what goes wrong is told by `finish`.
    ///
    /// - Parameter action: `{"index":{…}}` or `{"create":{…}}`.
    func take(_ rejection: BulkRejection, action: UnsafeRawBufferPointer, source: UnsafeRawBufferPointer) {
        state.withLock { state in
            guard state.failure == nil else { return }
            if state.result.rejections.count < Self.listedAlone {
                state.result.rejections.append(
                    Rejection(
                        id: rejection.id, status: rejection.status, type: rejection.type,
                        reason: String(rejection.reason.prefix(Self.reasonLength))))
            }
            guard state.result.unkept == nil else { return }
            do {
                let writer = try state.writer ?? SegmentWriter(store: store, spool: spool, kind: .exact, settings: settings)
                state.writer = writer
                try Self.line(rejection, action: action).withUnsafeBytes { try writer.append($0, source) }
                if writer.isFull { try store(&state) }
            } catch {
                record(error, in: &state)
            }
        }
    }

    /// Stores what is left. To be called once, when no client is at work any more.
    ///
    /// - Throws: what may be over later, such as a store that does not answer.
    func finish() throws -> Result {
        try state.withLock { state in
            if state.failure == nil, state.result.unkept == nil {
                do { try store(&state) } catch { record(error, in: &state) }
            }
            if let failure = state.failure { throw failure }
            if state.result.unkept == nil {
                state.result.rejections.removeLast(max(0, state.result.rejections.count - Self.listed))
            }
            return state.result
        }
    }

    /// What cannot be written for lack of rights or room is no reason to end a restore.
    private func record(_ error: any Error, in state: inout State) {
        state.writer = nil
        if let error = error as? ArchiveError, error.code == .accessDenied || error.code == .noSpace {
            state.result.unkept = error
        } else {
            state.failure = error
        }
    }

    private func store(_ state: inout State) throws {
        guard let segment = try state.writer?.finish() else { return }
        // No manifest names it, so a pin must, before it is there.
        try Pins(store).put(
            .keeping([segment.id]), name: name, for: Pins.rejects, reason: "documents that a restore's target refused")
        _ = try store.upload(contentsOf: segment.file.path, at: .segment(segment.id))
        state.result.segments.append(
            StoredSegment(
                id: segment.id.description, kind: "rejects", documents: segment.documents, bytes: segment.plainBytes,
                storedBytes: segment.storedBytes))
    }

    /// The action as an `index` one, with the error beside it.
    private static func line(_ rejection: BulkRejection, action: UnsafeRawBufferPointer) -> [UInt8] {
        let parsed = try? JSONValue(parsing: Array(action))
        let target = parsed?.members?.first?.value ?? ["_id": .string(rejection.id)]
        let error: JSONValue = [
            "status": JSONValue(rejection.status), "type": .string(rejection.type), "reason": .string(rejection.reason),
        ]
        return JSONValue.object([.init(name: "index", value: target), .init(name: "rejected", value: error)]).serializedBytes()
    }
}
