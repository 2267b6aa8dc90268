package import Messages
package import Runtime

/// How a snapshot is named: by its id, a part of one that no other has, `latest`, or a time.
package enum SnapshotSelector: Hashable, Sendable {
    case named(String)
    /// The newest.
    case latest
    /// The newest that was begun then or before.
    case at(Timestamp)

    /// `latest`, an RFC 3339 time, else an id or a part of one.
    package init(_ text: String) {
        if text == "latest" {
            self = .latest
        } else if let time = Self.time(text) {
            self = .at(time)
        } else {
            self = .named(text)
        }
    }

    private static func time(_ text: String) -> Timestamp? {
        do { return try Timestamp(parsing: text) } catch { return nil }
    }

    /// Among whose snapshots `latest` and a time choose: never across targets.
    package enum Scope: Hashable, Sendable {
        /// Those of the one target that the repository has.
        case onlyTarget
        case target(SnapshotSource)
        /// Those of this target; where there are none, those of the one other that the repository has.
        case preferred(SnapshotSource)
    }

    /// A snapshot that was chosen, and what is to be said of the choice.
    package struct Choice<Element> {
        package var element: Element
        package var notes: [String] = []
    }

    /// - Parameters:
    ///   - all: oldest first.
    ///   - allowPartial: `latest` and a time may mean a snapshot that misses documents.
    ///   - place: the repository, for messages.
    /// - Throws: `.notFound` where there is none, `.refused` where there are several.
    package func choose<Element>(
        from all: [Element], in scope: Scope, allowPartial: Bool, place: String, summary: (Element) -> SnapshotSummary
    ) throws(SnapshotError) -> Choice<Element> {
        let time: Timestamp?
        switch self {
        case .named(let name):
            return Choice(element: try Self.only(of: all, named: name, in: place) { summary($0).id })
        case .latest: time = nil
        case .at(let moment): time = moment
        }
        guard !all.isEmpty else { throw SnapshotError(.notFound, "there is no snapshot in \(place) yet; run a backup first") }
        let own = try within(scope, all, place: place, summary)
        let early = own.filter { element in time.map { summary(element).time <= $0 } ?? true }
        if early.isEmpty, let oldest = own.first.map(summary) {
            throw SnapshotError(
                .notFound, "no snapshot of \(oldest.source) in \(place) is of \(self) or before; the oldest is of \(oldest.time)")
        }
        let passed = allowPartial ? [] : early.reversed().prefix { summary($0).isPartial }
        guard let chosen = early.dropLast(passed.count).last else {
            throw SnapshotError(
                .refused,
                "every snapshot that \"\(self)\" could be misses documents; name one by its id, or give the task parameter allowPartial"
            )
        }
        return Choice(
            element: chosen, notes: passed.map { "\(self) passed over snapshot \(summary($0).id), which misses documents" })
    }

    private func within<Element>(_ scope: Scope, _ all: [Element], place: String, _ summary: (Element) -> SnapshotSummary)
        throws(SnapshotError) -> [Element]
    {
        let sources = Set(all.map { summary($0).source })
        func of(_ source: SnapshotSource) -> [Element] { all.filter { summary($0).source == source } }
        let names = sources.map(\.description).sorted().joined(separator: ", ")
        switch scope {
        case .target(let source):
            guard sources.contains(source) else {
                throw SnapshotError(.notFound, "no snapshot in \(place) is of \(source), but of \(names)")
            }
            return of(source)
        case .preferred(let source):
            if sources.contains(source) { return of(source) }
            guard sources.count == 1 else {
                throw SnapshotError(
                    .refused, "no snapshot in \(place) is of \(source), but of \(names); name the snapshot by its id")
            }
        case .onlyTarget:
            guard sources.count == 1 else {
                throw SnapshotError(
                    .refused,
                    "\"\(self)\" could be of \(names) in \(place): choose one with --target, or name the snapshot by its id")
            }
        }
        return all
    }

    /// The one that has this id, or whose id alone has this part.
    package static func only<Element>(
        of all: [Element], named name: String, in place: String, id: (Element) -> SnapshotID
    ) throws(SnapshotError) -> Element {
        if let exact = all.first(where: { id($0).text == name }) { return exact }
        let found = name.isEmpty ? [] : all.filter { id($0).text.contains(name) }
        guard let first = found.first else {
            let time = name.contains(":") ? " (a time has a date and a zone, as in 2026-11-26T02:00:00Z)" : ""
            throw SnapshotError(.notFound, "there is no snapshot \"\(name)\" in \(place)\(time); list them with: sheaf snapshots")
        }
        // A copy in another repository has the same id.
        guard found.contains(where: { id($0) != id(first) }) else { return first }
        throw SnapshotError(
            .refused,
            "\"\(name)\" names \(found.count) snapshots in \(place), \(id(first)) among them; give more of the id")
    }
}

extension SnapshotSelector: CustomStringConvertible {
    package var description: String {
        switch self {
        case .named(let name): name
        case .latest: "latest"
        case .at(let time): time.description
        }
    }
}

/// What a snapshot is of: an AppBinding.
package struct SnapshotSource: Hashable, Sendable, CustomStringConvertible {
    package var namespace: String
    package var target: String

    package init(namespace: String, target: String) {
        self.namespace = namespace
        self.target = target
    }

    package var description: String { "\(namespace)/\(target)" }
}

extension SnapshotSummary {
    package var source: SnapshotSource { SnapshotSource(namespace: namespace, target: target) }
}
