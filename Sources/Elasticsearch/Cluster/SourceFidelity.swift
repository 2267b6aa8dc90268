package import Runtime

/// What of an index's documents a dump cannot read as it was written, by its mapping and settings alone.
///
/// A server gives `_source` back byte for byte where it stores it whole; the rules here name every case in which it does not.
package struct SourceFidelity: Sendable, Equatable {
    package enum Flaw: Sendable, Equatable {
        /// Documents have no `_source` at all.
        case disabled
        /// Fields that the mapping leaves out of `_source`, by its own patterns.
        case filtered(includes: [String], excludes: [String])
        /// `_source` is made up from the fields when it is read: equal in meaning, not in bytes. Says which setting does it.
        case synthetic(by: String)
        /// Fields whose vectors the server does not give back.
        case withoutVectors([String])
        /// Fields whose vectors are put back into `_source` when it is read: their numbers may be written otherwise.
        case derivedVectors([String])
    }

    package var flaws: [Flaw] = []

    /// - Parameters:
    ///   - mappings: as the server gives them.
    ///   - settings: flat, by full name; what the server leaves at its default need not be among them.
    ///   - sendsVectors: the server gives vectors back when it is asked to.
    package init(mappings: JSONValue, settings: JSONValue, sendsVectors: Bool) {
        let source = mappings["_source"]
        let sourceMode = source?["mode"]?.string ?? Self.text(settings, "index.mapping.source.mode")
        if source?["enabled"]?.isFalse == true || sourceMode == "disabled" {
            flaws = [.disabled]
            return
        }
        let (includes, excludes) = (Self.patterns(source?["includes"]), Self.patterns(source?["excludes"]))
        if !includes.isEmpty || !excludes.isEmpty { flaws.append(.filtered(includes: includes, excludes: excludes)) }
        if let cause = Self.synthesis(sourceMode: sourceMode, settings: settings) { flaws.append(.synthetic(by: cause)) }
        let vectors = Self.vectors(in: mappings)
        guard !vectors.isEmpty else { return }
        if Self.isOn(settings, "index.mapping.exclude_source_vectors"), !sendsVectors {
            flaws.append(.withoutVectors(vectors))
        }
        if Self.isOn(settings, "index.knn.derived_source.enabled") { flaws.append(.derivedVectors(vectors)) }
    }

    package var isSourceDisabled: Bool { flaws.contains(.disabled) }

    /// Elasticsearch says it by mapping, setting or index mode (the last two modes imply it), OpenSearch by a setting of its own.
    private static func synthesis(sourceMode: String?, settings: JSONValue) -> String? {
        if isOn(settings, "index.derived_source.enabled") { return "index.derived_source.enabled" }
        switch (sourceMode, text(settings, "index.mode")) {
        case ("synthetic", _): return "_source mode synthetic"
        case (nil, .some(let mode)) where mode == "logsdb" || mode == "time_series": return "index.mode \(mode)"
        default: return nil
        }
    }

    /// Paths of the fields that hold vectors, those inside objects and multi-fields too.
    private static func vectors(in mapping: JSONValue, under prefix: String = "") -> [String] {
        let kinds: Set<String> = ["dense_vector", "sparse_vector", "rank_vectors", "knn_vector"]
        var found: [String] = []
        for field in mapping["properties"]?.members ?? [] {
            let path = prefix + field.name
            if let type = field.value["type"]?.string, kinds.contains(type) { found.append(path) }
            found += vectors(in: field.value, under: path + ".")
        }
        return found
    }

    /// A single pattern stands without its array.
    private static func patterns(_ value: JSONValue?) -> [String] {
        if let text = value?.string { return [text] }
        return (value?.array ?? []).compactMap(\.string)
    }

    private static func text(_ settings: JSONValue, _ name: String) -> String? { settings[name]?.string?.lowercased() }

    private static func isOn(_ settings: JSONValue, _ name: String) -> Bool {
        settings[name]?.bool ?? (text(settings, name) == "true")
    }
}

extension JSONValue {
    /// Servers keep a Boolean of a mapping as it was given, which may be text.
    fileprivate var isFalse: Bool { bool == false || string == "false" }
}

extension SourceFidelity.Flaw {
    /// What it means for a backup, to follow an index's name.
    package var explanation: String {
        switch self {
        case .disabled: "stores no _source (_source is disabled), so its documents cannot be read"
        case .filtered(let includes, let excludes):
            "leaves fields out of _source that no dump can bring back: "
                + [("only", includes), ("not", excludes)].filter { !$0.1.isEmpty }
                .map { "\($0.0) \($0.1.joined(separator: ", "))" }.joined(separator: "; ")
        case .synthetic(let cause):
            "has a synthetic _source (\(cause)): documents come back equal in meaning, not byte for byte"
        case .withoutVectors(let fields): "leaves vectors out of _source: \(fields.joined(separator: ", "))"
        case .derivedVectors(let fields):
            "derives vectors when it is read, so their numbers may be written otherwise: \(fields.joined(separator: ", "))"
        }
    }
}
