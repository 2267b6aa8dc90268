import Elasticsearch
import Messages
import Runtime
import Sessions

extension StreamRestorer {
    /// Ends what the restore made for itself, gives back settings and mappings, and checks the documents of each generation. Safe to repeat.
    ///
    /// Whatever the counts say, no stream keeps a pipeline, a template, a setting or a mark of the session: a stream whose counts are wrong stays,
    /// for people to look at, and works like any other.
    /// - Returns: what had to be left out.
    /// - Throws: `WorkerError(.refused)` with all that went wrong.
    func settle(_ plan: PlanEntry, expected: [Int]) throws -> [String] {
        var notes: [String] = []
        var failures: [String] = []
        func attempt(_ body: () throws -> Void) throws {
            do {
                try body()
            } catch  where FailureKind(error) == .permanent {
                failures.append("\(error)")
            }
        }
        for (name, positions) in filledStreams(plan) {
            var wrong: [String] = []
            do {
                try rollOver(to: StreamGeneration(name: name, ordinal: positions.count - 1), of: plan)
            } catch  where FailureKind(error) == .permanent {
                wrong.append("\(error)")
            } catch let error as WorkerError where error.code == .sessionEnded {
                // Here it is the stream that is gone: the session is being finished.
                wrong.append("data stream \(name) is gone: somebody deleted it while the restore ran")
            }
            for position in positions { try attempt { try client.deletePipeline(fence(position)) } }
            try attempt { notes += try removeTemplates(positions, of: name, in: plan) }
            guard let stream = try client.dataStream(name) else {
                failures += wrong
                continue
            }
            if wrong.isEmpty { wrong = try wrongCounts(of: stream, positions, of: plan, expected: expected) }
            if !wrong.isEmpty {
                failures.append(
                    wrong.joined(separator: "; ")
                        + "; data stream \(name) stays as it is: look at it and delete it, or restore again "
                        + "with conflict: overwrite")
            }
            // Neither mark nor documents of the session: somebody else's stream of the same name.
            guard try wrong.isEmpty || isOurs(stream) else { continue }
            for (ordinal, backing) in stream.indices.enumerated() {
                let index = plan.indices[positions[min(ordinal, positions.count - 1)]]
                try attempt { notes += try rest(backing.name, index) }
            }
        }
        for stream in adoptedStreams(plan) { try attempt { try adopt(stream, of: plan) } }
        guard failures.isEmpty else { throw WorkerError(.refused, failures.joined(separator: "; ")) }
        return notes
    }

    /// - Returns: a sentence for each generation that has not its documents.
    private func wrongCounts(
        of stream: DataStream, _ positions: [Int], of plan: PlanEntry, expected: [Int]
    ) throws -> [String] {
        guard stream.indices.count == positions.count else {
            return [
                "data stream \(stream.name) has \(stream.indices.count) generations, the snapshot \(positions.count): did something "
                    + "roll it over?"
            ]
        }
        return try zip(positions, stream.indices).compactMap { position, backing in
            try client.refresh(backing.name)
            let count = try client.count(backing.name)
            guard count != expected[position] else { return nil }
            return "index \(backing.name) of data stream \(stream.name) has \(count) documents after the restore, index "
                + "\(plan.indices[position].name) of the snapshot \(expected[position]): did something else write to it?"
        }
    }

    /// Gives a backing index the settings and the mapping's `_meta` of the snapshot's; the mark goes when all else is done.
    private func rest(_ backing: String, _ index: PlannedIndex) throws -> [String] {
        let definition = try definition(of: index)
        let rest = IndexRest(client: client, name: backing, definition: definition)
        try rest.liftBlocks()
        let notes = try rest.missingSettings() + rest.restoreSettings()
        try client.setMappingMeta(definition.mappings["_meta"] ?? [:], of: backing)
        return try notes + rest.setBlocks()
    }

    /// Makes a stream of the restored indices: an alias on them, which `_migrate` turns into the stream with just these generations.
    private func adopt(_ stream: PlannedObject, of plan: PlanEntry) throws {
        let members = try plan.indices.filter { index in
            try index.stream == nil && definition(of: index).dataStream == stream.name
        }.map(\.targetName)
        if let standing = try client.dataStream(stream.targetName) {
            guard Set(members).isSubset(of: standing.indices.map(\.name)) else { throw takenMeanwhile(stream.targetName) }
            return
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
    }
}
