import Messages
import Sessions

extension OutcomeEntry.Abort {
    /// Why a session is Failed although it is committed: documents are missing, as `allowPartial` lets it. Nil when all are there.
    init?(partOf commit: OutcomeEntry.Commit, _ kind: SessionKind) {
        let missing = commit.summary.indices.compactMap { index in index.missing.map { "index \(index.name): \($0)" } }
        guard !missing.isEmpty else { return nil }
        let shown = missing.prefix(5).joined(separator: "; ") + (missing.count > 5 ? "; and \(missing.count - 5) more" : "")
        let kept = kind == .backup ? "the snapshot can be used" : "the restored indices stay"
        self.init(condition: "PartiallyCompleted", message: "documents are missing (\(shown)); \(kept) without them")
    }
}
