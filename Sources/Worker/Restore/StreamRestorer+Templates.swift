import Crypto
import Elasticsearch
import Messages
import Runtime
import Sessions

/// The index templates that a session makes its generations by, and those that others left behind.
extension StreamRestorer {
    /// Of the names of all templates and pipelines of restores. The dot keeps them out of backups.
    static let ownPrefix = ".sheaf-"

    /// Name of the pipeline, and of the template, of one index of the plan.
    func fence(_ position: Int) -> String { "\(Self.ownPrefix)\(session)-\(position)" }

    /// Of a session's first generation; each later one has the next. Above every priority that people give, and another one for each session:
    /// the engines refuse two templates of one priority for one name.
    ///
    /// - Returns: from 4·10^18 to 4.5·10^18, a multiple of a million.
    static func priority(of session: SessionID) throws -> Int {
        let digest = try SHA256.digest(of: Array(session.text.utf8))
        let number = digest.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return 4_000_000_000_000_000_000 + Int(number % 500_000_000_000) * 1_000_000
    }

    /// The session whose fence has the name; nil when it is no fence's.
    static func session(ofFence name: String) -> SessionID? {
        guard name.hasPrefix(ownPrefix), let dash = name.lastIndex(of: "-"), Int(name[name.index(after: dash)...]) != nil else {
            return nil
        }
        return SessionID(String(name[..<dash].dropFirst(ownPrefix.count)))
    }

    /// Puts the pipeline and the template of one generation.
    func putGeneration(_ position: Int, of plan: PlanEntry) throws {
        let index = plan.indices[position]
        try client.putFencePipeline(fence(position))
        var template = try template(of: index)
        for member in ElasticsearchClient.loadOverrides.members ?? [] {
            template[path: ["template", "settings", member.name]] = member.value
        }
        template[path: ["template", "mappings", "_meta", Self.mark]] = .string(session.text)
        try putTemplate(position, template)
    }

    private func template(of index: PlannedIndex) throws -> JSONValue {
        let definition = try definition(of: index)
        var mappings = definition.mappings
        // The server's own: it says that the index belongs to a stream.
        mappings["_data_stream_timestamp"] = nil
        return [
            "index_patterns": [.string(index.targetName)], "data_stream": [:],
            "priority": JSONValue(try Self.priority(of: session) + (index.stream?.ordinal ?? 0)),
            "template": ["settings": definition.creationSettings, "mappings": mappings],
        ]
    }

    private func putTemplate(_ position: Int, _ body: JSONValue) throws {
        _ = try client.put(ClusterObject(kind: .indexTemplates, name: fence(position), body: body.serialized()))
    }

    /// Takes the templates of a stream's generations away. Safe to repeat.
    ///
    /// `prepare` has seen to it that the stream has another template. Where somebody has taken that away since, the server lets the last one of
    /// the session's not go: it then stays as a plain template with the settings of the snapshot.
    /// - Returns: a sentence about a template that stays.
    func removeTemplates(_ positions: [Int], of stream: String, in plan: PlanEntry) throws -> [String] {
        var notes: [String] = []
        for position in positions {
            do throws(ElasticsearchError) {
                try client.deleteIndexTemplate(fence(position))
            } catch {
                guard error.code == .badRequest else { throw error }
                try putTemplate(position, try template(of: plan.indices[position]))
                notes.append(
                    "data stream \(stream) has lost its index template while the restore ran, so it keeps one that the restore made, "
                        + "\(fence(position)): make one that covers \(stream) before you delete that")
            }
        }
        return notes
    }

    /// Looks whether the streams can be made.
    ///
    /// - Returns: for each name the templates that sessions which have ended left behind.
    /// - Throws: `WorkerError(.refused)` when another session is at work on one of the streams, or one would have no index template once this
    ///   session's have gone.
    func leftovers(naming streams: [String]) throws -> [String: [String]] {
        guard !streams.isEmpty else { return [:] }
        let catalog = try client.objects(of: [.indexTemplates], includesSystem: true)
        if let reason = catalog.unreadable[.indexTemplates] {
            throw WorkerError(.refused, "the index templates of the target could not be read: \(reason); give the right")
        }
        let people = catalog.objects.filter { !$0.name.hasPrefix(Self.ownPrefix) }
        var leftovers: [String: [String]] = [:]
        for stream in streams {
            let effective = try StreamTemplates.effective(for: stream, among: people)
            guard let effective, try StreamTemplates.covers(effective, stream) else {
                let reason =
                    effective.map { "of those that cover it \($0) counts, which makes no data streams" } ?? "none covers it"
                throw WorkerError(
                    .refused,
                    "data stream \(stream) would have no index template after the restore: \(reason); make one for it, with data_stream "
                        + "and the highest priority")
            }
            for template in catalog.objects where try StreamTemplates.covers(template, stream) {
                guard let other = Self.session(ofFence: template.name), other != session else { continue }
                try refuse(ifAtWork: other, on: stream)
                leftovers[stream, default: []].append(template.name)
            }
        }
        return leftovers
    }

    /// A session has a pipeline from before it makes a stream until it has written the last document.
    private func refuse(ifAtWork other: SessionID, on stream: String) throws {
        let pipelines = try client.pipelineNames("\(Self.ownPrefix)\(other)-*").filter { Self.session(ofFence: $0) == other }
        guard !pipelines.isEmpty else { return }
        throw WorkerError(
            .refused,
            "session \(other) is restoring data stream \(stream), or died of it: wait for its end, or cancel it; if it has ended, delete "
                + "its ingest pipelines (\(pipelines.sorted().joined(separator: ", "))) and restore again")
    }
}
