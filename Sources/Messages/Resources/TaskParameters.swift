package import Runtime

/// What Sheaf reads from a task's parameters: which indices and objects, under which names, and how strict (docs/elasticsearch.md).
///
/// Two languages select indices: `args`, the multielasticdump arguments that Stash passes on, and `indices`, Sheaf's own.
package struct TaskParameters: Sendable, Equatable {
    /// A regular expression from `args: --match=REGEX`; an index must match it, without regard to case.
    package var match: String?
    /// Elasticsearch patterns from `indices`, such as `logs-*`; empty means all.
    package var include: [String] = []
    /// Patterns from `indices` that begin with `-`, here without it.
    package var exclude: [String] = []
    /// No index matches: a snapshot of nothing instead of a failed session.
    package var allowEmpty = false
    /// Also takes indices whose name begins with a dot.
    package var includeSystem = false
    /// Nil: all in a backup; in a restore see `restoredObjects`.
    package var objects: ObjectSelection?
    /// A query (JSON) that the documents of a backup must match; nil takes all.
    package var query: JSONValue?
    /// The session goes on where documents cannot be read or are refused, and keeps what it has; it is Failed all the same.
    package var allowPartial = false
    /// A closed index is saved without its documents instead of failing the session.
    package var savesClosedDefinitions = false
    /// Bound on the session's bytes of documents a second.
    package var maxBytesPerSecond: Int?
    package var restore = RestoreOptions()
    /// `args: --ignoreType=template`: none of the templates, but those of data streams.
    package internal(set) var leavesOutTemplates = false
    /// `waitTimeout`: how long a session waits for a cluster that does not answer, before it counts as a failed try.
    package var waitSeconds: Int?
    /// What Stash's add-on takes and Sheaf has no use for.
    package var remarks: [Remark] = []
    /// Parameters that neither Stash's Elasticsearch add-on nor Sheaf has.
    package var unknown: [String] = []
    /// What is wrong in a parameter that Sheaf reads, each a sentence.
    package var problems: [Problem] = []

    package struct Problem: Sendable, Equatable {
        package var parameter: String
        package var message: String
    }

    package init() {}

    package init(_ task: TaskRef?) {
        for param in task?.params ?? [] {
            switch param.name {
            case "args": readArguments(param.value)
            case "indices": readIndices(param.value)
            case "allowEmpty": allowEmpty = readFlag(param) ?? allowEmpty
            case "includeSystem": includeSystem = readFlag(param) ?? includeSystem
            case "allowPartial": allowPartial = readFlag(param) ?? allowPartial
            case "objects":
                objects = ObjectSelection(param.value) { problems.append(Problem(parameter: "objects", message: $0)) }
            case "query": readQuery(readObject(param), param.name)
            case "closedIndices":
                savesClosedDefinitions = readChoice(param, ["fail": false, "definition": true]) ?? savesClosedDefinitions
            case "maxBytesPerSecond": readRate(param)
            default:
                if !readRestoreOption(param), !readStashParameter(param) { unknown.append(param.name) }
            }
        }
        checkRenaming()
    }

    private mutating func readIndices(_ text: String) {
        for part in text.split(separator: ",") {
            let pattern = part.trimmed
            if pattern.hasPrefix("-") {
                exclude.append(String(pattern.dropFirst()))
            } else if !pattern.isEmpty {
                include.append(pattern)
            }
        }
        for pattern in include + exclude {
            // Elasticsearch refuses these characters in index names, so such a pattern can never match.
            guard let wrong = pattern.first(where: { $0.isWhitespace || "\\/?\"<>|#:".contains($0) || $0.isUppercase }) else {
                continue
            }
            problems.append(
                Problem(parameter: "indices", message: "pattern \(pattern) can match no index: names cannot have \"\(wrong)\""))
        }
        if exclude.contains("") {
            problems.append(Problem(parameter: "indices", message: "a \"-\" must be followed by a pattern to exclude"))
        }
    }

    private mutating func readRate(_ param: TaskRef.Param) {
        do throws(RuntimeError) {
            let rate = try ByteCount(parsing: param.value).bytes
            guard rate > 0 else { throw RuntimeError(code: .badFormat, message: "expected more than 0 bytes a second") }
            maxBytesPerSecond = rate
        } catch {
            problems.append(Problem(parameter: param.name, message: error.message))
        }
    }

    mutating func readChoice<Value>(_ param: TaskRef.Param, _ choices: [String: Value]) -> Value? {
        if let value = choices[param.value] { return value }
        let expected = choices.keys.sorted().joined(separator: ", ")
        problems.append(Problem(parameter: param.name, message: "expected one of \(expected), found \"\(param.value)\""))
        return nil
    }

    /// A query is evaluated anew for every page: what depends on the moment would match other documents on the last than on the first.
    private mutating func readQuery(_ query: JSONValue?, _ parameter: String) {
        guard let query else { return }
        self.query = query
        guard let moment = Self.movingBound(in: query, ofRange: false) else { return }
        let message = "\"\(moment)\" moves while documents are read; write the time itself, such as 2026-11-23T00:00:00Z"
        problems.append(Problem(parameter: parameter, message: message))
    }

    /// Date math from `now` in a range query.
    private static func movingBound(in value: JSONValue, ofRange: Bool) -> String? {
        if let text = value.string { return ofRange && text.hasPrefix("now") ? text : nil }
        for element in value.array ?? [] {
            if let found = movingBound(in: element, ofRange: ofRange) { return found }
        }
        for member in value.members ?? [] {
            if let found = movingBound(in: member.value, ofRange: ofRange || member.name == "range") { return found }
        }
        return nil
    }

    mutating func readObject(_ param: TaskRef.Param) -> JSONValue? {
        if let value = try? JSONValue(parsing: Array(param.value.utf8)), value.members != nil { return value }
        problems.append(Problem(parameter: param.name, message: "expected a JSON object, found \"\(param.value)\""))
        return nil
    }

    /// Of elasticdump's search body the query alone has a meaning here: every document is taken whole, in the index's order.
    mutating func readSearchBody(_ text: String) {
        guard let body = try? JSONValue(parsing: Array(text.utf8)), let members = body.members else {
            problems.append(
                Problem(
                    parameter: "args",
                    message: "--searchBody needs a JSON object without blanks (or use the parameter query), found \"\(text)\""))
            return
        }
        readQuery(body["query"], "args")
        remarks += members.filter { $0.name != "query" }.map {
            Remark(
                parameter: "args", argument: "\($0.name) in --searchBody",
                reason: "documents are taken whole, in the index's order")
        }
    }

    mutating func readFlag(_ param: TaskRef.Param) -> Bool? {
        switch param.value.lowercased() {
        case "true": return true
        case "false": return false
        default:
            problems.append(Problem(parameter: param.name, message: "expected true or false, found \"\(param.value)\""))
            return nil
        }
    }
}

extension TaskParameters {
    /// Whether the session was asked for some indices instead of all.
    package var choosesIndices: Bool { !include.isEmpty || !exclude.isEmpty || match != nil }

    /// The objects of a backup: what it says, or all.
    package var savedObjects: ObjectSelection { withoutTemplates(objects ?? .all) }

    /// The objects of a restore: what it says, or all but cluster settings where it takes every index, or none.
    package var restoredObjects: ObjectSelection {
        withoutTemplates(objects ?? (choosesIndices ? .none : .all.excluding(.clusterSettings)))
    }

    private func withoutTemplates(_ selection: ObjectSelection) -> ObjectSelection {
        guard leavesOutTemplates else { return selection }
        return selection.excluding(.legacyTemplates).excluding(.indexTemplates).excluding(.componentTemplates)
    }
}

extension Substring {
    fileprivate var trimmed: String {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
