import Runtime

/// The order in which objects can be put: kinds as they stand in `ObjectKind`, pipelines behind those that they call. Pure.
package enum ObjectOrder {
    /// - Returns: the objects, and a sentence for each pipeline that calls itself on a way round: those have no right order.
    package static func sorted(
        _ objects: [ClusterObject]
    ) throws(ElasticsearchError) -> (objects: [ClusterObject], notes: [String]) {
        var result: [ClusterObject] = []
        var notes: [String] = []
        for kind in ObjectKind.allCases {
            let group = objects.filter { $0.kind == kind }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            guard kind == .ingestPipelines else {
                result += group
                continue
            }
            var calls: [String: Set<String>] = [:]
            for pipeline in group { calls[pipeline.name] = Self.calls(of: try pipeline.json()) }
            var state: [String: Bool] = [:]
            func visit(_ pipeline: ClusterObject) {
                guard state[pipeline.name] == nil else {
                    if state[pipeline.name] == false {
                        notes.append("\(pipeline) calls itself through other pipelines: it is put before one of those it calls")
                    }
                    return
                }
                state[pipeline.name] = false
                let called = calls[pipeline.name] ?? []
                for other in group where called.contains(other.name) { visit(other) }
                state[pipeline.name] = true
                result.append(pipeline)
            }
            group.forEach(visit)
        }
        return (result, notes)
    }

    /// Names in every `{"pipeline": {"name": …}}`, at whatever depth: in loops and failure handlers too.
    private static func calls(of value: JSONValue) -> Set<String> {
        switch value {
        case .object(let members):
            var found: Set<String> = []
            for member in members {
                if member.name == "pipeline", let name = member.value["name"]?.string { found.insert(name) }
                found.formUnion(calls(of: member.value))
            }
            return found
        case .array(let elements): return elements.reduce(into: []) { $0.formUnion(calls(of: $1)) }
        default: return []
        }
    }
}

/// What index templates say of data streams and of the templates that they are made of. Pure.
package enum StreamTemplates {
    /// Component templates that an index template names, in its order, without those that may be missing.
    package static func components(of template: ClusterObject) throws(ElasticsearchError) -> [String] {
        let body = try template.json()
        let optional = Set((body["ignore_missing_component_templates"]?.array ?? []).compactMap(\.string))
        return (body["composed_of"]?.array ?? []).compactMap(\.string).filter { !optional.contains($0) }
    }

    /// Whether a stream of that name can be made by the template.
    package static func covers(_ template: ClusterObject, _ stream: String) throws(ElasticsearchError) -> Bool {
        guard try matches(template, stream) else { return false }
        return try template.json()["data_stream"] != nil
    }

    private static func matches(_ template: ClusterObject, _ name: String) throws(ElasticsearchError) -> Bool {
        guard template.kind == .indexTemplates else { return false }
        let body = try template.json()
        let patterns = body["index_patterns"]?.array ?? body["index_patterns"].map { [$0] } ?? []
        return patterns.compactMap(\.string).contains { NamePattern.matches($0, name) }
    }

    /// The template that counts for a name: the one of the highest priority that matches it, whether or not it makes data streams.
    package static func effective(
        for name: String, among objects: [ClusterObject]
    ) throws(ElasticsearchError) -> ClusterObject? {
        var best: (priority: Int, template: ClusterObject)?
        for template in objects where try matches(template, name) {
            let priority = try priority(of: template)
            if priority > best?.priority ?? -1 { best = (priority, template) }
        }
        return best?.template
    }

    package static func priority(of template: ClusterObject) throws(ElasticsearchError) -> Int {
        try template.json()["priority"]?.int ?? 0
    }

    /// The template that a stream was made by: the one that it names, else the one of the highest priority that covers it.
    package static func template(
        of stream: DataStream, among objects: [ClusterObject]
    ) throws(ElasticsearchError) -> ClusterObject? {
        if let name = stream.template {
            return objects.first { $0.kind == .indexTemplates && $0.name == name }
        }
        var best: (priority: Int, template: ClusterObject)?
        for template in objects where try covers(template, stream.name) {
            let priority = try priority(of: template)
            if priority > best?.priority ?? -1 { best = (priority, template) }
        }
        return best?.template
    }

    /// The template for one stream alone, under the stream's name.
    package static func copy(of template: ClusterObject, for stream: String) throws(ElasticsearchError) -> ClusterObject {
        var body = try template.json()
        body["index_patterns"] = [.string(stream)]
        return ClusterObject(kind: .indexTemplates, name: stream, json: body)
    }
}
