import Elasticsearch
import Messages
import Runtime
import Sessions

/// The data streams that a restore makes.
///
/// A stream that is filled through its name is made, generation by generation, by an index template of this restore alone, which has the
/// generation's own settings and mappings and, in `_meta`, the session's mark: a backing index with the mark was made by this session, in the
/// request that made it. Documents name an empty pipeline of their generation, and are refused once it is gone: nobody writes to a generation, or
/// a stream, that is over.
struct StreamRestorer {
    let client: ElasticsearchClient
    let session: SessionID

    private static let mark = "sheaf-session"
    /// Above every priority that people give.
    private static let priority = 4_000_000_000_000_000_000

    /// Name of the pipeline, and of the template, of one index of the plan. The dot keeps both out of backups.
    func fence(_ position: Int) -> String { ".sheaf-\(session)-\(position)" }

    /// Makes the first generation of each stream. Safe to repeat.
    ///
    /// - Parameter checkEnded: called before anything is deleted or made; throws when the session was ended meanwhile.
    /// - Throws: `WorkerError(.refused)` when somebody else made the stream since the plan was made.
    func prepare(_ plan: PlanEntry, checkEnded: () throws -> Void) throws {
        for position in plan.indices.indices where plan.indices[position].appendsToStream {
            try checkEnded()
            try client.putFencePipeline(fence(position))
        }
        let filled = filledStreams(plan)
        for stream in adoptedStreams(plan) where stream.action == .overwrite {
            try checkEnded()
            try client.deleteDataStream(stream.targetName)
        }
        for (name, positions) in filled {
            try checkEnded()
            if let standing = try client.dataStream(name) {
                if try isOurs(standing) { continue }
                let isWanted = (plan.plannedObjects ?? []).contains {
                    $0.kind == .dataStreams && $0.targetName == name && $0.action == .overwrite
                }
                guard isWanted else { throw takenMeanwhile(name) }
                try client.deleteDataStream(name)
            }
            try putGeneration(positions[0], of: plan)
            if try !client.createDataStream(name) {
                guard let standing = try client.dataStream(name), try isOurs(standing) else { throw takenMeanwhile(name) }
            }
        }
        if !filled.isEmpty { try checkEnded() }
    }

    /// Makes sure that the stream's write index is the generation's, before its first document. Safe to repeat, also at the same time: the
    /// stream is only rolled over while its write index holds the generation before.
    ///
    /// - Throws: `WorkerError(.sessionEnded)` when the stream is gone.
    func rollOver(to generation: StreamGeneration, of plan: PlanEntry) throws {
        guard let positions = filledStreams(plan).first(where: { $0.name == generation.name })?.positions else { return }
        var lastCount = 0
        while true {
            guard let stream = try client.dataStream(generation.name) else {
                throw WorkerError(.sessionEnded, "data stream \(generation.name) is gone: the restore was ended")
            }
            let count = stream.indices.count
            guard count <= positions.count, count > 0 else {
                throw WorkerError(
                    .refused,
                    "data stream \(generation.name) has \(count) generations, the snapshot \(positions.count): something else rolled it over"
                )
            }
            if count > generation.ordinal { return }
            let before = plan.indices[positions[count - 1]]
            guard count > lastCount else {
                throw WorkerError(
                    .refused,
                    "data stream \(generation.name) cannot be rolled over: generation \(count) holds fewer than the \(before.documents) "
                        + "documents of index \(before.name)")
            }
            lastCount = count
            guard try isOurs(stream) else { throw takenMeanwhile(generation.name) }
            try client.deletePipeline(fence(positions[count - 1]))
            try client.refresh(generation.name)
            try putGeneration(positions[count], of: plan)
            _ = try client.rollOver(generation.name, whenHolding: before.documents)
        }
    }

    /// Ends what the restore made for itself, checks the documents of each generation, and gives back settings and mappings. Safe to repeat.
    ///
    /// - Returns: what had to be left out.
    /// - Throws: `WorkerError(.refused)` with all that went wrong.
    func settle(_ plan: PlanEntry) throws -> [String] {
        var notes: [String] = []
        var failures: [String] = []
        func collect(_ body: () throws -> [String]) throws {
            do {
                notes += try body()
            } catch  where FailureKind(error) == .permanent {
                failures.append("\(error)")
            }
        }
        for position in plan.indices.indices where plan.indices[position].appendsToStream {
            try client.deletePipeline(fence(position))
        }
        for (name, positions) in filledStreams(plan) {
            try collect {
                try rollOver(to: StreamGeneration(name: name, ordinal: positions.count - 1), of: plan)
                try client.deletePipeline(fence(positions[positions.count - 1]))
                guard let stream = try client.dataStream(name), stream.indices.count == positions.count else {
                    throw WorkerError(
                        .refused,
                        "data stream \(name) has not the snapshot's \(positions.count) generations: did something roll it over?")
                }
                var left: [String] = []
                for (position, backing) in zip(positions, stream.indices) {
                    left += try settle(backing.name, plan.indices[position])
                }
                for position in positions { try removeTemplate(position) }
                return left
            }
        }
        for stream in adoptedStreams(plan) { try collect { try adopt(stream, of: plan) } }
        guard failures.isEmpty else { throw WorkerError(.refused, failures.joined(separator: "; ")) }
        return notes
    }

    /// Deletes what this session alone made: streams with its mark, and its templates and pipelines.
    func drop(_ plan: PlanEntry) throws {
        for position in plan.indices.indices where plan.indices[position].stream != nil {
            try client.deletePipeline(fence(position))
        }
        for (name, positions) in filledStreams(plan) {
            if let stream = try client.dataStream(name), try isOurs(stream) { try client.deleteDataStream(name) }
            for position in positions { try removeTemplate(position) }
        }
    }

    private func settle(_ backing: String, _ index: PlannedIndex) throws -> [String] {
        let definition = try definition(of: index)
        try client.refresh(backing)
        let count = try client.count(backing)
        guard count == index.documents else {
            throw WorkerError(
                .refused,
                "index \(backing) of data stream \(index.targetName) has \(count) documents after the restore, index \(index.name) of the "
                    + "snapshot \(index.documents): did something else write to it?")
        }
        try client.setMappingMeta(definition.mappings["_meta"] ?? [:], of: backing)
        var notes: [String] = []
        if let made = try client.currentDefinition(of: backing) {
            let missing = (definition.creationSettings.members ?? []).map(\.name).filter { made.settings[$0] == nil }
                .filter { $0 != "index.number_of_routing_shards" }
            if !missing.isEmpty { notes.append("index \(backing): left out \(missing.joined(separator: ", "))") }
        }
        return notes
            + (try SettingsRestorer(client: client).restore(definition.finishingSettings, of: backing))
    }

    /// Makes a stream of the restored indices: an alias on them, which `_migrate` turns into the stream with just these generations.
    private func adopt(_ stream: PlannedObject, of plan: PlanEntry) throws -> [String] {
        let members = try plan.indices.filter { index in
            try index.stream == nil && definition(of: index).dataStream == stream.name
        }.map(\.targetName)
        if let standing = try client.dataStream(stream.targetName) {
            guard Set(members).isSubset(of: standing.indices.map(\.name)) else { throw takenMeanwhile(stream.targetName) }
            return []
        }
        try client.updateAliases(
            members.enumerated().map { place, index in
                [
                    "add": [
                        "index": .string(index), "alias": .string(stream.targetName),
                        "is_write_index": JSONValue(place == members.count - 1),
                    ]
                ]
            })
        try client.migrateToDataStream(alias: stream.targetName)
        return []
    }

    /// The pipeline and the template of one generation.
    private func putGeneration(_ position: Int, of plan: PlanEntry) throws {
        let index = plan.indices[position]
        guard let generation = index.stream else { return }
        let definition = try definition(of: index)
        var settings = definition.creationSettings
        for member in ElasticsearchClient.loadOverrides.members ?? [] { settings[member.name] = member.value }
        var mappings = definition.mappings
        // The server's own: it says that the index belongs to a stream.
        mappings["_data_stream_timestamp"] = nil
        mappings[path: ["_meta", Self.mark]] = .string(session.text)
        let body: JSONValue = [
            "index_patterns": [.string(generation.name)], "data_stream": [:],
            "priority": JSONValue(Self.priority + generation.ordinal), "template": ["settings": settings, "mappings": mappings],
        ]
        try client.putFencePipeline(fence(position))
        _ = try client.put(ClusterObject(kind: .indexTemplates, name: fence(position), body: body.serialized()))
    }

    /// A template that matches a stream is in use and cannot be deleted, even where another one would take its place: so it is made to match
    /// nothing first.
    private func removeTemplate(_ position: Int) throws {
        let body: JSONValue = ["index_patterns": [.string(fence(position))], "priority": JSONValue(Self.priority)]
        _ = try client.put(ClusterObject(kind: .indexTemplates, name: fence(position), body: body.serialized()))
        try client.deleteIndexTemplate(fence(position))
    }

    private func isOurs(_ stream: DataStream) throws -> Bool {
        for index in stream.indices where try client.mappingMeta(of: index.name)[Self.mark] == .string(session.text) {
            return true
        }
        return false
    }

    private func definition(of index: PlannedIndex) throws -> IndexDefinition {
        guard let definition = IndexDefinition(json: try JSONValue(parsing: Array(index.definition.utf8))) else {
            throw WorkerError(.refused, "the snapshot's definition of index \(index.name) lacks settings, mappings or aliases")
        }
        return definition
    }

    private func takenMeanwhile(_ name: String) -> WorkerError {
        WorkerError(.refused, "data stream \(name) was made by somebody else while the restore ran; delete or rename it")
    }

    /// Streams that are filled through their names, and the positions of their generations in the plan, oldest first.
    private func filledStreams(_ plan: PlanEntry) -> [(name: String, positions: [Int])] {
        var streams: [String: [Int]] = [:]
        for (position, index) in plan.indices.enumerated() where !index.appendsToStream {
            if let generation = index.stream { streams[generation.name, default: []].append(position) }
        }
        return streams.sorted { $0.key < $1.key }.map { name, positions in
            (name, positions.sorted { (plan.indices[$0].stream?.ordinal ?? 0) < (plan.indices[$1].stream?.ordinal ?? 0) })
        }
    }

    private func adoptedStreams(_ plan: PlanEntry) -> [PlannedObject] {
        let filled = Set(filledStreams(plan).map(\.name))
        return (plan.plannedObjects ?? []).filter {
            $0.kind == .dataStreams && [.create, .overwrite].contains($0.action) && !filled.contains($0.targetName)
        }
    }
}

extension PlannedIndex {
    /// Its documents go into a data stream that was there before.
    var appendsToStream: Bool { stream != nil && placement == .append }
}
