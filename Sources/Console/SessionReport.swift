package import Messages
package import Runtime

/// What is said of a session in sentences, and in the JSON lines of `--output json`.
///
/// The JSON fields are documented in docs/command-line.md; they are only ever added.
package enum SessionReport {
    /// The last line of a session that was waited for.
    package static func summary(_ status: StatusEvent) -> String {
        let took =
            seconds(status).map { " \(status.phase == .succeeded ? "in" : "after") \(Duration.seconds($0).shortText)" } ?? ""
        guard status.phase == .succeeded else {
            let reason = status.error ?? "no reason was given; see the workers' log"
            return "\(status.phase.rawValue.lowercased())\(took): \(DeadLetterTable.harmless(reason, width: .max))"
        }
        let documents = status.indices.reduce(0) { $0 + $1.documents }
        let bytes = status.indices.reduce(0) { $0 + $1.bytes }
        var parts = [FigureText.indices(status.indices.count), FigureText.documents(documents)]
        switch status.kind {
        case .backup:
            parts.append("\(ByteCount(status.indices.reduce(0) { $0 + $1.storedBytes })) stored (\(ByteCount(bytes)) read)")
        case .restore: parts.append("\(ByteCount(bytes)) loaded")
        }
        if let seconds = seconds(status), seconds > 0, documents > 0 {
            parts.append("\(FigureText.exact(Int(Double(documents) / seconds))) docs/s")
        }
        if let snapshot = status.snapshot { parts.append("snapshot \(snapshot)") }
        return "done\(took): \(parts.joined(separator: ", "))"
    }

    /// Lines of detail under the summary: what the conditions say and who did the work.
    package static func details(_ status: StatusEvent) -> [String] {
        var lines = status.conditions.filter { $0.message != status.error && !$0.message.isEmpty }.map {
            // A server's reason may quote a document.
            " \($0.type.isEmpty ? "note" : $0.type): \(DeadLetterTable.harmless($0.message, width: .max))"
        }
        if !status.partsByWorker.isEmpty {
            let parts = status.partsByWorker.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            lines.append(" parts by worker: \(parts.joined(separator: ", "))")
        }
        return lines
    }

    /// A `session` line: the whole state of one session.
    package static func session(_ status: StatusEvent) -> JSONValue {
        var members = head("session", status)
        members += [
            ("indices", .array(status.indices.map(index))),
            ("documents", JSONValue(status.indices.reduce(0) { $0 + $1.documents })),
            ("expectedDocuments", JSONValue(status.indices.reduce(0) { $0 + $1.expectedDocuments })),
            ("bytes", JSONValue(status.indices.reduce(0) { $0 + $1.bytes })),
            ("storedBytes", JSONValue(status.indices.reduce(0) { $0 + $1.storedBytes })),
            ("seconds", seconds(status).map { JSONValue($0) } ?? .null),
            ("partsByWorker", object(status.partsByWorker.sorted { $0.key < $1.key }.map { ($0.key, JSONValue($0.value)) })),
            ("conditions", .array(status.conditions.map(condition))), ("error", status.error.map(JSONValue.string) ?? .null),
            ("retried", status.retried.map { .bool($0) } ?? .null), ("nextRetry", time(status.nextRetry)),
            ("parent", parent(status.parent)),
        ]
        return object(members)
    }

    /// The `session` line of one that was only asked for: nothing else is known yet.
    package static func accepted(_ id: SessionID, kind: SessionKind, invoker: Invoker, namespace: String) -> JSONValue {
        object([
            ("type", "session"), ("id", .string(id.text)), ("kind", .string(kind.rawValue)), ("name", .null),
            ("namespace", .string(namespace)), ("invoker", self.invoker(invoker)), ("target", .null), ("repository", .null),
            ("phase", .string(Phase.pending.rawValue)), ("snapshot", .null), ("requestedAt", .null), ("startedAt", .null),
            ("finishedAt", .null), ("indices", []), ("documents", 0), ("expectedDocuments", 0), ("bytes", 0), ("storedBytes", 0),
            ("seconds", .null), ("partsByWorker", [:]), ("conditions", []), ("error", .null), ("retried", .null),
            ("nextRetry", .null), ("parent", .null),
        ])
    }

    /// A `status` line: the phase has changed.
    package static func status(_ status: StatusEvent) -> JSONValue {
        object(head("status", status) + [("error", status.error.map(JSONValue.string) ?? .null)])
    }

    /// A `progress` line: how far all indices are.
    package static func progress(_ progress: SessionProgress, now: Timestamp, at time: Duration) -> JSONValue {
        var total = figures(progress.total(at: time))
        // Before the plan is known nothing is done of nothing.
        if progress.indices(at: time).isEmpty { total[0].1 = 0 }
        let indices = progress.indices(at: time).map { index in object([("name", .string(index.name))] + figures(index)) }
        return object(
            [
                ("type", "progress"), ("id", .string(progress.session.text)), ("kind", .string(progress.kind.rawValue)),
                ("time", .string(now.description)),
            ] + total + [("indices", .array(indices))])
    }

    private static func head(_ type: String, _ status: StatusEvent) -> [(String, JSONValue)] {
        [
            ("type", .string(type)), ("id", .string(status.session.text)), ("kind", .string(status.kind.rawValue)),
            ("name", .string(status.name)), ("namespace", .string(status.namespace)), ("invoker", invoker(status.invoker)),
            ("target", .string(status.target)), ("repository", .string(status.repository)),
            ("phase", .string(status.phase.rawValue)),
            ("snapshot", status.snapshot.map { .string($0.text) } ?? .null), ("requestedAt", time(status.requestedAt)),
            ("startedAt", time(status.startedAt)), ("finishedAt", time(status.finishedAt)),
        ]
    }

    private static func figures(_ index: IndexProgress) -> [(String, JSONValue)] {
        [
            ("percent", JSONValue(index.percent)), ("documents", JSONValue(index.documents)),
            ("expectedDocuments", JSONValue(index.expectedDocuments)), ("bytes", JSONValue(index.bytes)),
            ("storedBytes", JSONValue(index.storedBytes)), ("documentsPerSecond", rounded(index.rate?.documents)),
            ("bytesPerSecond", rounded(index.rate?.bytes)), ("secondsLeft", rounded(index.timeLeft?.seconds)),
        ]
    }

    private static func index(_ index: IndexResult) -> JSONValue {
        object([
            ("name", .string(index.name)), ("documents", JSONValue(index.documents)),
            ("expectedDocuments", JSONValue(index.expectedDocuments)), ("bytes", JSONValue(index.bytes)),
            ("storedBytes", JSONValue(index.storedBytes)),
        ])
    }

    private static func condition(_ condition: Condition) -> JSONValue {
        object([
            ("type", .string(condition.type)), ("status", .string(condition.status)), ("reason", .string(condition.reason)),
            ("message", .string(condition.message)), ("lastTransitionTime", time(condition.lastTransitionTime)),
        ])
    }

    package static func invoker(_ invoker: Invoker) -> JSONValue {
        object([("kind", .string(invoker.kind)), ("name", .string(invoker.name))])
    }

    private static func parent(_ parent: ParentSession?) -> JSONValue {
        guard let parent else { return .null }
        return object([
            ("id", .string(parent.id.text)), ("batch", .string(parent.batch)), ("place", JSONValue(parent.place)),
            ("count", JSONValue(parent.count)), ("order", .string(parent.order.rawValue)),
        ])
    }

    private static func time(_ time: Timestamp?) -> JSONValue { time.map { .string($0.description) } ?? .null }

    private static func rounded(_ value: Double?) -> JSONValue {
        value.map { JSONValue(($0 * 10).rounded() / 10) } ?? .null
    }

    /// From the begin to the end; nil as long as one is not known.
    package static func seconds(_ status: StatusEvent) -> Double? {
        guard let started = status.startedAt, let finished = status.finishedAt else { return nil }
        return (finished - started).seconds
    }

    static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { JSONValue.Member(name: $0.0, value: $0.1) })
    }
}
