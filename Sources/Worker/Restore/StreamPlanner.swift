import Elasticsearch
import Messages
import Runtime
import Sessions

/// Decides how the data streams of a snapshot come back: through their names, or by adopting restored indices.
struct StreamPlanner {
    let client: ElasticsearchClient
    /// Of the snapshot.
    let streams: [DataStream]
    /// The new name of a data stream.
    let rename: (String) throws -> String
    let conflict: ConflictPolicy
    /// Streams whose backing indices come back as plain indices: `objects: all,-dataStreams`.
    let isLeftOut: (String) -> Bool

    struct Placement {
        /// Objects of kind `dataStreams`, one for each stream that has an index in the plan.
        var streams: [PlannedObject] = []
        var notes: [String] = []
        var problems: [String] = []
    }

    /// Gives the backing indices in the plan their new names and generations, and chains the slices of streams that are filled through their
    /// names: a generation begins when the one before is done. Other slices are sorted, largest first.
    func place(_ indices: inout [PlannedIndex], _ slices: inout [Slice]) throws -> Placement {
        var placement = Placement()
        var skipped: Set<Int> = []
        var inStreams: Set<Int> = []
        let inPlan = streams.filter { stream in indices.contains { index in stream.indices.contains { $0.name == index.name } } }
        guard !inPlan.isEmpty else {
            slices = Self.chained(slices, indices)
            return placement
        }
        let capabilities = try client.capabilities()
        // Whoever has _modify has _migrate, which makes a stream of an alias's indices.
        let adopts = capabilities.hasDataStreamModify == true
        for stream in inPlan {
            let positions = stream.indices.compactMap { backing in indices.firstIndex { $0.name == backing.name } }
            if isLeftOut(stream.name) {
                placement.notes.append("data stream \(stream.name) is not made: its backing indices come back as plain indices")
                continue
            }
            guard capabilities.hasDataStreams != false else {
                placement.problems.append(
                    "the target has no data streams, so \(stream.name) cannot be made; restore its backing indices as plain indices with "
                        + "objects: all,-dataStreams")
                continue
            }
            let name = try rename(stream.name)
            inStreams.formUnion(positions)
            let action = try self.action(name, &placement)
            placement.streams.append(
                PlannedObject(kind: .dataStreams, name: stream.name, targetName: name, action: action ?? .create))
            switch action {
            case nil: break
            case .skip: skipped.formUnion(positions)
            case .create, .overwrite, .unchanged, .unsupported:
                for (ordinal, position) in positions.enumerated() {
                    if adopts {
                        indices[position].targetName = Self.backingName(indices[position].name, of: stream.name, renamed: name)
                    } else {
                        indices[position].targetName = name
                        indices[position].stream = StreamGeneration(name: name, ordinal: ordinal)
                    }
                }
                if !adopts, stream.allowsCustomRouting {
                    placement.notes.append(
                        "data stream \(name): documents with a routing of their own will be refused, the target's streams take none"
                    )
                }
            }
        }
        placement.problems += try Self.sharedNames(placement.streams, indices, inStreams)
        Self.leaveOut(skipped, &indices, &slices)
        slices = Self.chained(slices, indices)
        return placement
    }

    /// - Returns: nil where the restore is refused.
    private func action(_ name: String, _ placement: inout Placement) throws -> PlannedObject.Action? {
        guard try client.indexExists(name) else { return .create }
        guard try client.dataStream(name) != nil else {
            placement.problems.append("\(name) is there already, and no data stream; delete it or rename the data stream")
            return nil
        }
        switch conflict {
        case .fail:
            placement.problems.append(
                "data stream \(name) is there already; delete or rename it, or choose conflict: skip or overwrite")
            return nil
        case .swapAlias:
            placement.problems.append("data stream \(name) is there already, and has no alias that could be swapped; rename it")
            return nil
        case .skip:
            placement.notes.append("data stream \(name) is there already and is left as it is (conflict: skip)")
            return .skip
        case .append:
            // The same document would be taken again by each new write index: a stream knows an _id in its write index alone.
            placement.problems.append(
                "data stream \(name) is there already, and nothing can be appended to a data stream without the risk of documents that are "
                    + "there twice; restore it under another name (renamePattern, prefix, suffix), or choose conflict: skip or overwrite"
            )
            return nil
        case .overwrite: return .overwrite
        }
    }

    /// Indices, aliases and data streams have their names in common.
    ///
    /// - Parameter inStreams: positions of indices that become a part of one of the streams.
    /// - Returns: a sentence for each name of a stream that something else of the restore would have too.
    private static func sharedNames(
        _ streams: [PlannedObject], _ indices: [PlannedIndex], _ inStreams: Set<Int>
    ) throws -> [String] {
        var owners: [String: [String]] = [:]
        for stream in streams { owners[stream.targetName, default: []].append("data stream \(stream.name)") }
        for (position, index) in indices.enumerated() {
            var names = [(index.targetName, "index \(index.name)")]
            if inStreams.contains(position) { names = [] }
            let aliases = try JSONValue(parsing: index.definition)["aliases"]?.members ?? []
            names += aliases.map { ($0.name, "alias \($0.name) of index \(index.name)") }
            for (name, owner) in names where owners[name] != nil { owners[name]?.append(owner) }
        }
        return owners.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map { name, owners in
            "\(owners.joined(separator: " and ")) would have the same name, \(name); rename them apart"
        }
    }

    /// `.ds-<stream>-…` under the stream's new name; an index that was adopted under another name keeps it behind the new one's.
    static func backingName(_ index: String, of stream: String, renamed name: String) -> String {
        guard name != stream else { return index }
        let prefix = ".ds-\(stream)-"
        guard index.hasPrefix(prefix) else { return ".ds-\(name)-\(index.drop { $0 == "." })" }
        return ".ds-\(name)-\(index.dropFirst(prefix.count))"
    }

    private static func leaveOut(_ skipped: Set<Int>, _ indices: inout [PlannedIndex], _ slices: inout [Slice]) {
        guard !skipped.isEmpty else { return }
        let kept = indices.indices.filter { !skipped.contains($0) }
        var place: [Int: Int] = [:]
        for (new, old) in kept.enumerated() { place[old] = new }
        indices = kept.map { indices[$0] }
        slices = slices.compactMap { slice in
            guard let index = place[slice.index] else { return nil }
            var slice = slice
            slice.index = index
            return slice
        }
    }

    /// Largest first; those that come after another stand last, in the order of their streams' generations.
    static func chained(_ slices: [Slice], _ indices: [PlannedIndex]) -> [Slice] {
        func generation(_ slice: Slice) -> StreamGeneration? {
            indices[slice.index].stream
        }
        var chains: [String: [Slice]] = [:]
        var free: [(slice: Slice, chain: String?)] = []
        for slice in slices {
            if let stream = generation(slice)?.name {
                chains[stream, default: []].append(slice)
            } else {
                free.append((slice, nil))
            }
        }
        for (stream, chain) in chains {
            let ordered = chain.sorted { one, other in
                (generation(one)?.ordinal ?? 0, one.segments?.lowerBound ?? 0)
                    < (generation(other)?.ordinal ?? 0, other.segments?.lowerBound ?? 0)
            }
            chains[stream] = Array(ordered.dropFirst())
            free.append((ordered[0], stream))
        }
        free.sort { ($0.slice.bytes, $0.slice.documents, $0.chain ?? "") > ($1.slice.bytes, $1.slice.documents, $1.chain ?? "") }
        var result = free.map(\.slice)
        for (first, entry) in free.enumerated() {
            guard let stream = entry.chain else { continue }
            var before = first
            for slice in chains[stream] ?? [] {
                var slice = slice
                slice.after = before
                before = result.count
                result.append(slice)
            }
        }
        return result
    }
}
