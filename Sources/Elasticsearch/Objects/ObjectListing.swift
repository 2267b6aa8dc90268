import Runtime

/// What servers answer when they are asked for all objects of a kind, taken apart. Pure.
enum ObjectListing {
    /// - Returns: nil when the reply has not the kind's shape.
    static func objects(of kind: ObjectKind, in reply: JSONValue) -> [ClusterObject]? {
        switch kind {
        case .clusterSettings:
            guard let settings = reply["persistent"] else { return nil }
            return IndexSettings.leaves(of: settings).filter { !$0.name.hasPrefix("archived.") }
                .map { entry(kind, $0.name, $0.value) }
        case .ilmPolicies:
            return named(reply, kind) { value in value["policy"].map { (["policy": $0], $0) } }
        case .ismPolicies:
            return listed(reply["policies"], name: "_id") { element in
                element["policy"].map { entry(kind, element["_id"]?.string ?? "", ["policy": withoutServerState($0)]) }
            }
        case .scripts:
            return named(reply[path: ["metadata", "stored_scripts"]] ?? [:], kind) { (["script": $0], $0) }
        case .ingestPipelines, .searchPipelines:
            return named(reply, kind) { (without($0, dates), $0) }
        case .componentTemplates:
            return templates(reply, kind, list: "component_templates", member: "component_template")
        case .indexTemplates:
            return templates(reply, kind, list: "index_templates", member: "index_template")
        case .legacyTemplates:
            return named(reply, kind) { ($0, $0) }
        case .dataStreams:
            return listed(reply["data_streams"], name: "name") { element in
                DataStream(listed: element)?.object
            }
        }
    }

    /// Members that the server sets when an object is put, and refuses to be given.
    private static let dates: Set<String> = [
        "created_date", "created_date_millis", "modified_date", "modified_date_millis",
    ]

    private static func entry(_ kind: ObjectKind, _ name: String, _ body: JSONValue, meta: JSONValue? = nil) -> ClusterObject {
        var object = ClusterObject(kind: kind, name: name, json: body)
        object.isSystem = name.hasPrefix(".") || meta?[path: ["_meta", "managed"]]?.bool == true
        return object
    }

    /// Objects by name, as most lists have them.
    private static func named(
        _ reply: JSONValue, _ kind: ObjectKind, _ body: (JSONValue) -> (body: JSONValue, meta: JSONValue)?
    ) -> [ClusterObject]? {
        guard let members = reply.members else { return nil }
        var objects: [ClusterObject] = []
        for member in members {
            guard member.value.members != nil, let found = body(member.value) else { return nil }
            objects.append(entry(kind, member.name, found.body, meta: found.meta))
        }
        return objects
    }

    private static func templates(_ reply: JSONValue, _ kind: ObjectKind, list: String, member: String) -> [ClusterObject]? {
        listed(reply[list], name: "name") { element in
            element[member].map { entry(kind, element["name"]?.string ?? "", without($0, dates), meta: $0) }
        }
    }

    private static func listed(_ list: JSONValue?, name: String, _ entry: (JSONValue) -> ClusterObject?) -> [ClusterObject]? {
        guard let elements = list?.array else { return nil }
        var objects: [ClusterObject] = []
        for element in elements {
            guard element[name]?.string?.isEmpty == false, let found = entry(element) else { return nil }
            objects.append(found)
        }
        return objects
    }

    private static func withoutServerState(_ policy: JSONValue) -> JSONValue {
        var policy = without(policy, ["policy_id", "last_updated_time", "schema_version", "user"])
        if let templates = policy["ism_template"]?.array {
            policy["ism_template"] = .array(templates.map { without($0, ["last_updated_time"]) })
        }
        return policy
    }

    private static func without(_ value: JSONValue, _ names: Set<String>) -> JSONValue {
        guard let members = value.members else { return value }
        return .object(members.filter { !names.contains($0.name) })
    }
}
