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

    /// Member of `_meta` that holds the id of the session that made a mapping or a template.
    static let mark = "sheaf-session"

    /// Makes the first generation of each stream. Safe to repeat.
    ///
    /// - Parameter checkEnded: called before anything is deleted or made; throws when the session was ended meanwhile.
    /// - Throws: `WorkerError(.refused)` when somebody else made the stream since the plan was made, another restore is at work on it, or it would
    ///   have no index template when this one has gone.
    func prepare(_ plan: PlanEntry, checkEnded: () throws -> Void) throws {
        let filled = filledStreams(plan)
        let adopted = adoptedStreams(plan)
        var begun: Set<String> = []
        for (name, _) in filled {
            if let standing = try client.dataStream(name), try isOurs(standing) { begun.insert(name) }
        }
        let leftovers = try leftovers(
            naming: (filled.map(\.name) + adopted.map(\.targetName)).filter { !begun.contains($0) })
        for stream in adopted where stream.action == .overwrite {
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
            for template in leftovers[name] ?? [] { try client.deleteIndexTemplate(template) }
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
            // The new one first: a session without a pipeline is taken for one that has ended.
            try client.putFencePipeline(fence(positions[count]))
            try client.deletePipeline(fence(positions[count - 1]))
            try client.refresh(generation.name)
            try putGeneration(positions[count], of: plan)
            _ = try client.rollOver(generation.name, whenHolding: before.documents)
        }
    }

    /// Deletes what this session alone made: streams with its mark, and its templates and pipelines.
    func drop(_ plan: PlanEntry) throws {
        for position in plan.indices.indices where plan.indices[position].stream != nil {
            try client.deletePipeline(fence(position))
        }
        for (name, positions) in filledStreams(plan) {
            if let stream = try client.dataStream(name), try isOurs(stream) { try client.deleteDataStream(name) }
            // Without the stream, every template can go.
            _ = try removeTemplates(positions, of: name, in: plan)
        }
    }

    func isOurs(_ stream: DataStream) throws -> Bool {
        for index in stream.indices where try client.mappingMeta(of: index.name)[Self.mark] == .string(session.text) {
            return true
        }
        return false
    }

    func definition(of index: PlannedIndex) throws -> IndexDefinition {
        guard let definition = IndexDefinition(json: try JSONValue(parsing: Array(index.definition.utf8))) else {
            throw WorkerError(.refused, "the snapshot's definition of index \(index.name) lacks settings, mappings or aliases")
        }
        return definition
    }

    func takenMeanwhile(_ name: String) -> WorkerError {
        WorkerError(.refused, "data stream \(name) was made by somebody else while the restore ran; delete or rename it")
    }

    /// Streams that are filled through their names, and the positions of their generations in the plan, oldest first.
    func filledStreams(_ plan: PlanEntry) -> [(name: String, positions: [Int])] {
        var streams: [String: [Int]] = [:]
        for (position, index) in plan.indices.enumerated() {
            if let generation = index.stream { streams[generation.name, default: []].append(position) }
        }
        return streams.sorted { $0.key < $1.key }.map { name, positions in
            (name, positions.sorted { (plan.indices[$0].stream?.ordinal ?? 0) < (plan.indices[$1].stream?.ordinal ?? 0) })
        }
    }

    func adoptedStreams(_ plan: PlanEntry) -> [PlannedObject] {
        let filled = Set(filledStreams(plan).map(\.name))
        return (plan.plannedObjects ?? []).filter {
            $0.kind == .dataStreams && [.create, .overwrite].contains($0.action) && !filled.contains($0.targetName)
        }
    }
}
