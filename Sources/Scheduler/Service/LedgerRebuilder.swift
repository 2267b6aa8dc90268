import Manifests
import Messages
import Runtime

/// Asks workers for the sessions that repositories remember, after the ledger was lost or when told to (docs/ledger.md).
///
/// Each Repository by itself, page by page from the newest session on: one that is out of reach is tried again with a growing pause and
/// keeps no other from being read. Where it stands is in the ledger, so that a restart goes on from there.
struct LedgerRebuilder: Sendable {
    /// Sessions of an answer at most.
    private static let pageSessions = 200
    /// Repositories that are read at once.
    private static let readers = 16

    let folder: ResourceFolder
    let ledger: Ledger
    let source: String
    let logger: Logger
    let ask: @Sendable (Query) async throws -> Reply

    /// - Throws: only for cancellation; what fails is logged and looked at again.
    func run() async throws {
        var settled: (askedAt: Timestamp, repositories: Set<ResourceKey>)?
        while true {
            do {
                if let askedAt = try await ledger.rebuildAskedAt() {
                    let repositories = await folder.resources().repositories.map(\.value)
                    let keys = Set(repositories.map(\.key))
                    if settled?.askedAt != askedAt || settled?.repositories != keys {
                        settled = try await turn(askedAt, repositories) ? (askedAt, keys) : nil
                    }
                }
            } catch let error as SchedulerError {
                logger.error("the ledger's rebuild is tried again", metadata: ["error": .string(error.message)])
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// Reads what is due.
    ///
    /// - Returns: whether all is read.
    func turn(_ askedAt: Timestamp, _ repositories: [Repository]) async throws -> Bool {
        var readings = try await ledger.rebuild().readings
        if Set(readings.keys) != Set(repositories.map(\.key)) {
            try await ledger.beginReadings(of: repositories.map(\.key), askedAt: askedAt)
            readings = try await ledger.rebuild().readings
        }
        let due = repositories.filter { readings[$0.key].map { $0.doneAt == nil && $0.tryAt <= .now() } ?? false }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, repository) in due.enumerated() {
                if number >= Self.readers { try await group.next() }
                group.addTask { try await read(repository) }
            }
            try await group.waitForAll()
        }
        return try await ledger.rebuild().readings.values.allSatisfy { $0.doneAt != nil }
    }

    private func read(_ repository: Repository) async throws {
        while let reading = try await ledger.rebuild().readings[repository.key], reading.doneAt == nil {
            do {
                let reply = try await ask(.finals(repository: repository, before: reading.next, limit: Self.pageSessions))
                guard case .finals(let page) = reply, page.next == nil || page.next != reading.next else {
                    throw InquiryError(
                        .refused(.failed), "the answer does not fit the question; are all programs of one version?")
                }
                try await ledger.take(page, for: reading, source: source, now: .now())
                for damage in page.damages {
                    logger.warning(
                        "a session of a repository cannot be read",
                        metadata: ["repository": .string("\(repository.key)"), "error": .string(damage)])
                }
                guard page.next == nil else { continue }
                logger.notice(
                    "the sessions of a repository were read",
                    metadata: [
                        "repository": .string("\(repository.key)"),
                        "sessions": .string("\(reading.sessions + page.statuses.count + page.begun.count)"),
                    ])
            } catch let error as InquiryError {
                let isAbsent = error.code == .refused(.notFound)
                try await ledger.noteFailure(of: reading, error.message, isAbsent: isAbsent, now: .now())
                logger.log(
                    level: isAbsent ? .info : .warning, "the sessions of a repository could not be read and are asked for again",
                    metadata: [
                        "repository": .string("\(repository.key)"), "error": .string(error.message),
                        "retryIn": .string(Rebuild.pause(after: reading.failures + 1).shortText),
                    ])
                return
            }
        }
    }
}
