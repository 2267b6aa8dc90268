import Runtime

/// The one form of an object that two servers, or a server and a snapshot, write differently. Pure.
///
/// Members are in the order of their names, numbers in one spelling, settings flat and text (servers keep them so), defaults that servers
/// add left out.
enum ObjectForm {
    static func canonical(_ object: ClusterObject) throws(ElasticsearchError) -> JSONValue {
        var body = try object.json()
        switch object.kind {
        case .clusterSettings: return setting(body)
        case .componentTemplates, .indexTemplates: body = composable(body)
        case .legacyTemplates:
            body = templateParts(body)
            if body["order"]?.int == 0 { body["order"] = nil }
            listPatterns(&body)
        case .ilmPolicies: body = lifecycle(body)
        case .ismPolicies: body = withoutNulls(body)
        case .scripts, .ingestPipelines, .searchPipelines, .dataStreams: break
        }
        return ordered(body)
    }

    private static func composable(_ body: JSONValue) -> JSONValue {
        var body = body
        if let template = body["template"] { body["template"] = templateParts(template) }
        listPatterns(&body)
        if let stream = body["data_stream"] {
            body["data_stream"] = .object(
                (stream.members ?? []).filter { member in
                    !(member.value.bool == false || (member.name == "timestamp_field" && member.value["name"] == "@timestamp"))
                })
        }
        for name in ["composed_of", "ignore_missing_component_templates"] where body[name]?.array?.isEmpty == true {
            body[name] = nil
        }
        if body["deprecated"]?.bool == false { body["deprecated"] = nil }
        if body["template"]?.members?.isEmpty == true { body["template"] = nil }
        return body
    }

    /// Settings, mappings and aliases, those that are empty left out.
    private static func templateParts(_ template: JSONValue) -> JSONValue {
        var template = template
        if let settings = template["settings"] {
            let members = (IndexSettings.flattened(settings).members ?? []).filter { !$0.value.isNull }
            template["settings"] = .object(members.map { JSONValue.Member(name: $0.name, value: setting($0.value)) })
        }
        if let mappings = template["mappings"]?["_doc"], template["mappings"]?.members?.count == 1 {
            template["mappings"] = mappings
        }
        if let aliases = template["aliases"]?.members {
            template["aliases"] = .object(aliases.map { JSONValue.Member(name: $0.name, value: alias($0.value)) })
        }
        for name in ["settings", "mappings", "aliases"] where template[name]?.members?.isEmpty == true { template[name] = nil }
        return template
    }

    /// `routing` stands for both routings.
    private static func alias(_ value: JSONValue) -> JSONValue {
        guard let routing = value["routing"] else { return value }
        var alias = value
        alias["routing"] = nil
        for name in ["index_routing", "search_routing"] where alias[name] == nil { alias[name] = routing }
        return alias
    }

    private static func listPatterns(_ body: inout JSONValue) {
        if let pattern = body["index_patterns"], pattern.string != nil { body["index_patterns"] = .array([pattern]) }
    }

    /// As servers keep a setting: text, or a list of texts.
    private static func setting(_ value: JSONValue) -> JSONValue {
        switch value {
        case .number(let text): .string(text)
        case .bool(let flag): .string(flag ? "true" : "false")
        case .array(let elements): .array(elements.map(setting))
        default: value
        }
    }

    private static func lifecycle(_ body: JSONValue) -> JSONValue {
        var body = body
        for phase in body[path: ["policy", "phases"]]?.members ?? [] {
            let path = ["policy", "phases", phase.name]
            if phase.value["min_age"] == "0ms" { body[path: path + ["min_age"]] = nil }
            if phase.value[path: ["actions", "delete", "delete_searchable_snapshot"]]?.bool == true {
                body[path: path + ["actions", "delete", "delete_searchable_snapshot"]] = nil
            }
        }
        return body
    }

    private static func withoutNulls(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(
                members.filter { !$0.value.isNull }.map { JSONValue.Member(name: $0.name, value: withoutNulls($0.value)) })
        case .array(let elements): .array(elements.map(withoutNulls))
        default: value
        }
    }

    private static func ordered(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(
                members.map { JSONValue.Member(name: $0.name, value: ordered($0.value)) }
                    .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
        case .array(let elements): .array(elements.map(ordered))
        case .number(let text): .number(number(text))
        default: value
        }
    }

    /// Digits without zeros at either end, and the power of ten of the last one: `1.50`, `15e-1` and `1.5` are one number.
    static func number(_ text: String) -> String {
        var mantissa = Substring(text)
        var power = 0
        if let mark = text.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            mantissa = text[..<mark]
            guard let exponent = Int(text[text.index(after: mark)...].drop { $0 == "+" }), exponent.magnitude < 1_000_000 else {
                return text
            }
            power = exponent
        }
        let isNegative = mantissa.hasPrefix("-")
        if isNegative { mantissa.removeFirst() }
        if let point = mantissa.firstIndex(of: ".") {
            power -= mantissa.distance(from: point, to: mantissa.endIndex) - 1
        }
        var digits = Substring(mantissa.filter { $0 != "." }).drop { $0 == "0" }
        while digits.last == "0" {
            digits.removeLast()
            power += 1
        }
        return digits.isEmpty ? "0" : "\(isNegative ? "-" : "")\(digits)e\(power)"
    }
}

extension ClusterObject {
    /// Whether both make the same object, whatever servers make of their spelling.
    package func means(theSameAs other: ClusterObject) throws(ElasticsearchError) -> Bool {
        guard kind == other.kind else { return false }
        let (own, others) = (try ObjectForm.canonical(self), try ObjectForm.canonical(other))
        return own == others
    }
}
