import Messages
import Runtime
import Sessions

/// What a final status says of documents that the target refused: where they are and how to get at them, then the first ones each.
struct RefusalConditions {
    /// Rejections that a status lists, of all indices together.
    private static let listed = 10
    /// Segments that the command names; it may be called with the others of the journal.
    private static let namedSegments = 50

    private let refusals: [Refusals]
    private let repository: ResourceKey

    init(_ refusals: [Refusals], repository: ResourceKey) {
        self.refusals = refusals
        self.repository = repository
    }

    /// By a restore's abort, or by the journal of one that was committed all the same.
    init(_ command: SessionCommand, _ outcome: OutcomeEntry, _ plan: PlanEntry?, _ journal: any Journal) throws {
        var refusals: [Refusals] = []
        switch outcome.verdict {
        case .abort(let abort): refusals = abort.refusals.map { [$0] } ?? []
        case .commit(let commit):
            if command.kind == .restore, commit.summary.isPartial, let plan {
                refusals = try SessionResults(journal: journal, plan: plan).refusals
            }
        }
        self.init(refusals, repository: command.repository.key)
    }

    func conditions(at time: Timestamp) -> [Condition] {
        let rejected = refusals.flatMap { refusal in refusal.rejections.map { (refusal.index, $0) } }.prefix(Self.listed)
        let head = kept.map {
            [Condition(type: "Kept", reason: "Rejected", message: $0, lastTransitionTime: time)]
        }
        return (head ?? [])
            + rejected.map { index, rejection in
                Condition(
                    type: "Rejected", reason: rejection.type,
                    message: "index \(index), _id \(rejection.id): \(rejection.reason) (status \(rejection.status))",
                    lastTransitionTime: time)
            }
    }

    /// Nil where no segment holds them.
    private var kept: String? {
        let segments = refusals.flatMap(\.segments)
        guard !segments.isEmpty else { return nil }
        let named = segments.prefix(Self.namedSegments).map { " --segment \($0)" }.joined()
        let others = segments.count - Self.namedSegments
        return "the refused documents can be written as lines for sheaf import with: sheaf export --repository "
            + "\(repository.namespace)/\(repository.name)\(named)"
            + (others > 0 ? " (\(others) segments more are named by the parts in the session's journal)" : "")
    }
}
