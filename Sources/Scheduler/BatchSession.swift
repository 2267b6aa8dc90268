package import Messages
package import Runtime

/// The whole session of a batch, made of its members: a pure value, so that it can neither be lost nor disagree with them.
package struct BatchSession: Equatable, Sendable {
    package let id: SessionID
    /// Those that are known, in the order of the manifest.
    package let members: [LedgerSession]
    /// How many there are to be.
    package let count: Int
    /// Whether its time is over, so that a member that is not known never will be.
    let isOver: Bool

    /// Takes the first that names a parent for the batch's, and leaves aside what is no member of it.
    ///
    /// - Returns: nil without any member.
    package init?(members: [LedgerSession], now: Timestamp) {
        guard let parent = members.lazy.compactMap({ $0.identity?.parent }).first else { return nil }
        id = parent.id
        count = parent.count
        self.members = members.filter { parent.isSibling(of: $0.identity?.parent) }.sorted {
            ($0.identity?.parent?.place ?? 0, $0.id) < ($1.identity?.parent?.place ?? 0, $1.id)
        }
        isOver = Self.isOver(
            deadline: members.compactMap(\.deadline).max(), requestedAt: members.map(\.createdAt).max(), now: now)
    }

    /// Where a batch stands by its members' phases, in any order.
    ///
    /// It has ended when all `count` members have: Failed when one of them failed, or some were skipped and others not; else as they did.
    /// Before, it is Pending until a member has begun. Members that are not known when its time is over count as Failed: a ledger that was
    /// lost does not learn anew of those without a journal (docs/ledger.md).
    package static func phase(of members: [Phase], count: Int, isOver: Bool) -> Phase {
        let unknown = isOver ? Array(repeating: Phase.failed, count: max(count - members.count, 0)) : []
        let members = members + unknown
        guard members.count >= count, members.allSatisfy(\.isFinal) else {
            return members.allSatisfy { $0 == .pending || $0 == .skipped } ? .pending : .running
        }
        let found = Set(members)
        return found.count == 1 ? found.first ?? .failed : .failed
    }

    package var phase: Phase { Self.phase(of: members.map(\.phase), count: count, isOver: isOver) }

    /// - Parameters:
    ///   - deadline: nil where none is known: a ledger that was rebuilt has none of sessions that have ended.
    ///   - requestedAt: of the member that was asked for last.
    static func isOver(deadline: Timestamp?, requestedAt: Timestamp?, now: Timestamp) -> Bool {
        guard let end = deadline ?? requestedAt.map({ $0 + .seconds(24 * 3_600) }) else { return false }
        return end < now
    }

    /// Names, places and sums: the batch as one session, for whatever counts a batch as a whole. Its target is all of them.
    package var session: LedgerSession? {
        guard let first = members.first, var identity = first.identity else { return nil }
        identity.name = members.compactMap(\.identity?.name).min() ?? identity.name
        identity.target = members.compactMap(\.identity?.target).joined(separator: ", ")
        identity.parent = nil
        let phase = phase
        let failures = members.filter { $0.phase == .failed || phase == .failed && $0.phase == .skipped }
        var whole = first
        (whole.id, whole.identity, whole.phase) = (id.text, identity, phase)
        // No better known than the member of which least is known for sure.
        whole.source = members.map(\.source).min() ?? first.source
        whole.createdAt = members.map(\.createdAt).min() ?? first.createdAt
        whole.startedAt = members.compactMap(\.startedAt).min()
        whole.finishedAt = phase.isFinal ? members.compactMap(\.finishedAt).max() : nil
        whole.lastProgressAt = members.compactMap(\.lastProgressAt).max()
        whole.deadline = members.compactMap(\.deadline).max()
        whole.snapshot = nil
        whole.documents = members.reduce(0) { $0 + $1.documents }
        whole.totalDocuments = members.reduce(0) { $0 + $1.totalDocuments }
        whole.bytes = members.reduce(0) { $0 + $1.bytes }
        whole.storedBytes = members.reduce(0) { $0 + $1.storedBytes }
        whole.error = phase == .skipped ? first.error : error(of: failures)
        whole.conditions = phase == .skipped ? first.conditions : failures.flatMap(\.conditions)
        whole.retryLeft = members.compactMap(\.retryLeft).min()
        whole.nextRetry = members.compactMap(\.nextRetry).max()
        whole.retriedAs = members.compactMap(\.retriedAs).first
        whole.publishedAt = members.compactMap(\.publishedAt).min()
        whole.isWaitingForTarget = members.contains(where: \.isWaitingForTarget)
        return whole
    }

    private func error(of failures: [LedgerSession]) -> String? {
        var sentences = failures.map { one in
            let member = one.identity?.parent.map { "member \($0.position) (\(one.identity?.target ?? ""))" } ?? one.id
            return "\(member): \(one.error ?? "no reason was given; see the workers' log")"
        }
        if phase == .failed, members.count < count {
            sentences.append("of \(count) members \(count - members.count) are not known, and the batch's time is over")
        }
        return sentences.isEmpty ? nil : sentences.joined(separator: "; ")
    }
}
