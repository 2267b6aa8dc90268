import Elasticsearch
import Messages
import Sessions

/// The index template of one restore alone: it has nothing, covers exactly the names of the indices that the restore makes, and stands above
/// all others. So the indices are made as the snapshot has them, whatever templates the target (or the snapshot itself) has.
struct SessionTemplate {
    enum Effect: Equatable {
        /// No other template has a say.
        case alone
        /// It could not be put, for this reason: each index is looked at after it was made.
        case shared(reason: String)
        /// Nothing is made of a snapshot: an import's index takes the target's templates.
        case unwanted
    }

    let client: ElasticsearchClient
    let session: SessionID

    /// The dot keeps it out of backups.
    var name: String { ".sheaf-\(session)" }

    /// Above every priority that people give and those of the session's data streams. Two templates of one priority must not cover the same
    /// name, so it is of the session's id (FNV-1a, which is the same on every worker).
    var priority: Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in session.text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return 4_000_000_000_001_000_000 + Int(hash % 1_000_000_000_000_000_000)
    }

    /// Names the trial of an index that is overwritten.
    func trialName(_ position: Int) -> String { "sheaf-trial-\(session)-\(position)" }

    func names(_ plan: PlanEntry) -> [String] {
        guard plan.snapshot != nil else { return [] }
        var names: [String] = []
        for (position, index) in plan.indices.enumerated() where index.stream == nil && index.placement != .append {
            names.append(index.targetName)
            if index.replaces != nil { names.append(trialName(position)) }
        }
        return names
    }

    /// Safe to repeat.
    func put(_ plan: PlanEntry) throws -> Effect {
        let names = names(plan)
        guard !names.isEmpty else { return .unwanted }
        return try client.putEmptyTemplate(name, over: names, priority: priority).map { .shared(reason: $0) } ?? .alone
    }

    /// Takes it away, and what a killed worker left of the trials. Safe to repeat, also where there is none.
    func remove(_ plan: PlanEntry) throws {
        guard !names(plan).isEmpty else { return }
        for (position, index) in plan.indices.enumerated() where index.replaces != nil {
            try client.deleteIndex(trialName(position))
        }
        try client.removeEmptyTemplate(name)
    }
}
