import FoundationEssentials
import Messages
import Runtime
import Testing

@testable import Scheduler

/// Reading Repositories over workers that the test plays.
@Suite final class LedgerRebuilderTests {
    private let path: String
    private let ledger: Ledger
    private let folder: ResourceFolder
    private let logger = Logger(label: "test", level: .critical, handler: JSONLogHandler())
    private let start: Timestamp

    init() throws {
        start = try moment("2026-11-23T02:00:00Z")
        path = FileManager.default.temporaryDirectory.appending(path: "rebuilder-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        ledger = try Ledger(path: ":memory:")
        folder = try ResourceFolder(path: path, logger: logger)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private func repository(_ name: String) -> Repository {
        Repository(
            metadata: ObjectMeta(name: name, namespace: "demo"),
            spec: .init(backend: Backend(.local(.init(mountPath: "/srv/\(name)")))))
    }

    private func final(_ id: String, of repository: String) throws -> StatusEvent {
        let command = SessionCommand(
            kind: .backup, id: try #require(SessionID(id)), name: id, namespace: "demo", requestedAt: start,
            target: AppBinding(metadata: ObjectMeta(name: "es"), spec: .init(clientConfig: .init())),
            repository: self.repository(repository))
        return StatusEvent(of: command, phase: .succeeded, source: .final, startedAt: start, finishedAt: start + 60)
    }

    /// Plays the workers: pages of one session for `disk`; `away` cannot be reached; `new` is not there yet.
    private func rebuilder(asked: Lock<[String]>) throws -> LedgerRebuilder {
        let pages: [String?: FinalsPage] = [
            nil: FinalsPage(statuses: [try final("c", of: "disk")], next: "2"),
            "2": FinalsPage(statuses: [try final("b", of: "disk")], next: "1"),
            "1": FinalsPage(statuses: [try final("a", of: "disk")]),
        ]
        return LedgerRebuilder(folder: folder, ledger: ledger, source: "/sheaf/scheduler/test", logger: logger) { query in
            guard case .finals(let repository, let before, _) = query else { throw Missing() }
            asked.withLock { $0.append("\(repository.metadata.name) \(before ?? "-")") }
            switch repository.metadata.name {
            case "disk": return .finals(page: try #require(pages[before]))
            case "new": throw InquiryError(.refused(.notFound), "no repository")
            default: throw InquiryError(.noWorker, "no worker answered")
            }
        }
    }

    @Test func whatIsOutOfReachKeepsNoOtherFromBeingRead() async throws {
        let asked = Lock<[String]>([])
        let rebuilder = try rebuilder(asked: asked)
        let all = ["away", "disk", "new"].map { repository($0) }
        let askedAt = try #require(try await ledger.rebuildAskedAt())
        #expect(try await !rebuilder.turn(askedAt, all))
        #expect(Set(asked.withLock { $0 }) == ["away -", "disk -", "disk 2", "disk 1", "new -"])
        #expect(try await ledger.sessions(limit: 10).map(\.id).sorted() == ["a", "b", "c"])
        let readings = try await ledger.rebuild().readings
        #expect(readings[all[0].key]?.isOpen == true && readings[all[0].key]?.error == "no worker answered")
        #expect(readings[all[1].key]?.doneAt != nil && readings[all[1].key]?.sessions == 3)
        #expect(readings[all[2].key]?.isOpen == false && readings[all[2].key]?.doneAt == nil)

        // Neither what is read nor what is paused for is asked at once again.
        #expect(try await !rebuilder.turn(askedAt, all))
        #expect(asked.withLock { $0.count } == 5)
        // A Repository that is gone is not waited for.
        #expect(try await rebuilder.turn(askedAt, [all[1]]))

        let status = ResourceStatus.Finding(try #require(readings[all[0].key]))
        #expect(status.type == "SessionsRead" && status.isMet == false && status.reason == "Unreachable")
        #expect(ResourceStatus.Finding(try #require(readings[all[2].key])).reason == "NoRepository")
        #expect(ResourceStatus.Finding(try #require(readings[all[1].key])).isMet == true)
    }

    @Test func anAnswerThatLeadsNowhereIsAFailure() async throws {
        let rebuilder = LedgerRebuilder(folder: folder, ledger: ledger, source: "", logger: logger) { _ in
            .finals(page: FinalsPage(next: "1"))
        }
        let askedAt = try #require(try await ledger.rebuildAskedAt())
        #expect(try await !rebuilder.turn(askedAt, [repository("disk")]))
        let reading = try #require(try await ledger.rebuild().readings.values.first)
        #expect(reading.failures == 1 && reading.pages == 1 && reading.isOpen)
    }
}
