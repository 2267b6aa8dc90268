import Archive
import Messages
import Runtime

/// Outcomes from the newest to the oldest, though stores list the other way.
///
/// Their names begin with the second at which the session began, so a list can begin at any moment: a span is widened until it has
/// outcomes, and narrowed until one list has them all. A few lists, however many outcomes there are. Blocking.
struct OutcomeSearch {
    /// Keys of one list.
    private static let most = 1_000
    private static let day = 86_400

    let store: RepositoryStore

    /// - Parameter before: all that are found are below it.
    /// - Returns: the newest first, and whether there are none below them; `found` is empty only then.
    func newest(before: SnapshotID?) throws -> (found: [SnapshotID], areLast: Bool) {
        // Those of a clock that is ahead are found all the same.
        let end = before?.time ?? .now()
        // Within so many seconds before `end` there is none.
        var empty = 0
        var tooMany: Int?
        var seconds = Self.day
        while true {
            let start =
                seconds < Int(end.secondsSinceEpoch)
                ? try ObjectKey("outcomes/\(SnapshotID.prefix(at: end + .seconds(-seconds)))") : nil
            var objects = try store.list("outcomes/", after: start, limit: Self.most)
            let isCut = objects.count == Self.most && objects.last.flatMap(Self.snapshot).map { isBelow($0, before) } ?? true
            if objects.count == Self.most, isCut {
                guard seconds - empty <= 1 else {
                    tooMany = seconds
                    seconds = (empty + seconds) / 2
                    continue
                }
                objects = try all(after: start, before: before)
            }
            let found = objects.compactMap(Self.snapshot).filter { isBelow($0, before) }
            if !found.isEmpty || start == nil { return (found.reversed(), start == nil) }
            empty = seconds
            seconds = tooMany.map { (seconds + $0 + 1) / 2 } ?? seconds * 8
        }
    }

    private func isBelow(_ snapshot: SnapshotID, _ limit: SnapshotID?) -> Bool { limit.map { snapshot < $0 } ?? true }

    private static func snapshot(_ object: ObjectInfo) -> SnapshotID? {
        if case .outcome(let snapshot)? = CollectorObject(object.key) { snapshot } else { nil }
    }

    /// Of one second, of which one list has not all.
    private func all(after start: ObjectKey?, before: SnapshotID?) throws(ArchiveError) -> [ObjectInfo] {
        var (objects, last): ([ObjectInfo], ObjectKey?) = ([], start)
        while true {
            let page = try store.list("outcomes/", after: last, limit: Self.most)
            objects += page
            guard page.count == Self.most, let end = page.last, Self.snapshot(end).map({ isBelow($0, before) }) ?? true else {
                return objects
            }
            last = end.key
        }
    }
}

extension SnapshotID {
    /// What names of that second begin with; below all of them.
    fileprivate static func prefix(at time: Timestamp) -> String {
        "\(time.description.prefix(19).filter { $0 != "-" && $0 != ":" })Z"
    }
}
