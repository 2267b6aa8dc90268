import Messages
import Runtime

@testable import Sessions

/// The simulated engine and store: what comes of the work that handlings ask for.
extension Simulation {
    mutating func perform(_ work: Handling.Work) -> Handling.Reply {
        nonces += 1
        switch work {
        case .plan:
            return .planned(simulatedPlan())
        case .run(let action, _, let end): return .ran(run(action, end))
        case .prepare: return .prepared
        case .dropIndices:
            hasIndices = false
            return .dropped
        case .openView(let slice) where terms.scrolls:
            var view = ViewEntry(
                nonce: "n\(nonces)", pointInTime: "", shards: 1, documents: shards[slice.shard ?? 0], openedAt: clock)
            view.scrolls = true
            return .opened(view)
        case .openView(let slice):
            let id = "pit\(nonces)"
            openViews.insert(id)
            mostOpenViews = max(mostOpenViews, openViews.count)
            // Somebody writes to the index all the time: every view holds other documents.
            let documents = max(0, shards[slice.shard ?? 0] + random.index(below: 9) - 4)
            return .opened(ViewEntry(nonce: "n\(nonces)", pointInTime: id, shards: 1, documents: documents, openedAt: clock))
        case .closeView(let view):
            openViews.remove(view.pointInTime)
            return .closed
        case .transfer(let slice, let position, let view):
            transfers += 1
            if let after = slice.after, journal[.done(slice: after, epoch: 0)] == nil { earlyBirds.append(after) }
            if view?.scrolls == true { return scroll(slice, position) }
            if let view {
                if random.chance(faults.lostView) { openViews.remove(view.pointInTime) }
                if !openViews.contains(view.pointInTime) { return .viewGone }
            }
            return .transferred(part(of: slice, position, view))
        case .compose(_, let epochs):
            let slices = epochs.enumerated().map { ComposedSlice(journal, kind: kind, slice: $0.offset, epoch: $0.element) }
            composed.append(slices)
            var summary = SnapshotSummary.simulated(documents: slices.reduce(0) { $0 + $1.documents })
            if slices.contains(where: { $0.isGivenUp || $0.rejected > 0 }) { summary.indices[0].missing = "some" }
            return .composed(OutcomeEntry.Commit(summary: summary, manifests: [], partsByWorker: [:]))
        case .finish(let outcome, _, _):
            if !outcome.isCommit {
                // No others are known to whoever finishes.
                openViews.subtract(knownViews)
                hasIndices = false
            }
            var isWhole = outcome.isCommit
            if case .commit(let commit) = outcome.verdict, commit.summary.isPartial { isWhole = false }
            return .finished(FinalEntry(nonce: "n\(nonces)", status: .simulated(kind: kind, succeeded: isWhole)))
        }
    }

    /// The next few documents of a view, or of a run of segments.
    mutating func part(of slice: Slice, _ position: UnitPosition, _ view: ViewEntry?) -> PartEntry {
        let begin = position.cursor.flatMap { Int($0) } ?? 0
        let total = view?.documents ?? slice.documents
        // Two workers that cut one unit cut it at different pages.
        var count = max(0, min(total - begin, 1 + random.index(below: 7)))
        let end = begin + count
        if count > 0, random.chance(faults.lostDocument) {
            count -= 1
            lostDocuments += 1
        }
        var rejected = 0
        if kind == .restore, count > 0, random.chance(faults.refusedDocument) {
            count -= 1
            rejected = 1
        }
        let segment = StoredSegment(
            id: "\(view?.pointInTime ?? "snapshot"):\(begin + rejected):\(begin + rejected + count)", kind: "bulk",
            documents: count,
            bytes: count, storedBytes: count)
        var part = PartEntry(
            nonce: "n\(nonces)", worker: "w\(nonces % 3)", begin: position.cursor, end: end < total ? String(end) : nil,
            documents: count, bytes: count, storedBytes: count, segments: [segment], finishedAt: clock)
        if rejected > 0 { (part.rejected, part.rejections) = (1, [Rejection(id: "x", status: 400, type: "t", reason: "r")]) }
        return part
    }

    private func simulatedPlan() -> PlanEntry {
        var slices = shards.enumerated().map { Slice(index: 0, shard: $0.offset, documents: $0.element, bytes: 0) }
        if terms.isChained {
            // A few chains behind the slices that stand alone, as a plan of data streams has them.
            let independent = (slices.count + 1) / 2
            for slice in independent..<slices.count { slices[slice].after = slice - independent }
        }
        var plan = PlanEntry(
            nonce: "n\(nonces)",
            indices: [
                PlannedIndex(
                    name: "i", targetName: "i", uuid: "u", shards: shards.count, documents: shards.reduce(0, +), definition: "{}")
            ], slices: slices, window: window, snapshot: nil, plannedAt: clock, notes: [])
        plan.allowPartial = terms.allowsPartial
        return plan
    }

    /// The next page or two of a scroll that the first unit opens. Its place is the server's, not the unit's.
    private mutating func scroll(_ slice: Slice, _ position: UnitPosition) -> Handling.Reply {
        var id = position.cursor ?? ""
        var total: Int?
        if position.cursor == nil {
            id = "scroll\(nonces)"
            total = max(0, shards[slice.shard ?? 0] + random.index(below: 9) - 4)
            scrolls[id] = (total ?? 0, 0)
        }
        if random.chance(faults.lostView) { scrolls[id] = nil }
        guard let scroll = scrolls[id] else { return .viewGone }
        let count = min(scroll.total - scroll.given, 1 + random.index(below: 7))
        let end = scroll.given + count
        scrolls[id]?.given = end
        let segment = StoredSegment(
            id: "\(id):\(scroll.given):\(end)", kind: "bulk", documents: count, bytes: count, storedBytes: count)
        var part = PartEntry(
            nonce: "n\(nonces)", worker: "w\(nonces % 3)", begin: position.cursor, end: end < scroll.total ? id : nil,
            documents: count,
            bytes: count, storedBytes: count, segments: [segment], finishedAt: clock)
        part.total = total
        return .transferred(part)
    }
}
