package import Messages
import Runtime

/// What was chosen for a restore, as the fields of its form.
package struct RestoreChoice: Sendable, Equatable {
    /// Patterns as the parameter `indices` takes them; empty: all.
    package var indices = ""
    /// `NAMESPACE/NAME` of an AppBinding.
    package var target = ""
    package var prefix = ""
    package var suffix = ""
    package var renamePattern = ""
    package var renameReplacement = ""
    package var conflict = ConflictPolicy.fail
    package var includesAliases = true
    package var objects = Objects.byIndices

    /// Objects beside indices.
    package enum Objects: String, CaseIterable, Sendable {
        /// What `TaskParameters.restoredObjects` takes without the parameter.
        case byIndices = ""
        case none
        case all

        var text: String {
            switch self {
            case .byIndices: "with all indices, else none"
            case .none: "none"
            case .all: "all, cluster settings too"
            }
        }
    }

    package init() {}

    /// From a form; what it does not have is as at first. An unchecked box is not sent, so `sent` says whether there was a form.
    package init(_ field: (String) -> String?) {
        func text(_ name: String) -> String { Self.trimmed(field(name) ?? "") }
        indices = text("indices")
        target = text("target")
        prefix = text("prefix")
        suffix = text("suffix")
        renamePattern = field("renamePattern") ?? ""
        renameReplacement = field("renameReplacement") ?? ""
        conflict = ConflictPolicy(rawValue: text("conflict")) ?? .fail
        includesAliases = field("includeAliases") == "true"
        objects = Objects(rawValue: text("objects")) ?? .byIndices
    }

    /// The fields that say the same again.
    package var fields: [(name: String, value: String)] {
        [
            ("indices", indices), ("target", target), ("prefix", prefix), ("suffix", suffix), ("renamePattern", renamePattern),
            ("renameReplacement", renameReplacement), ("conflict", conflict.rawValue),
            ("includeAliases", includesAliases ? "true" : "false"), ("objects", objects.rawValue),
        ]
    }

    /// The restore that it asks for, of the repository's namespace. The same choice is the same restore, so that a plan's hash holds.
    ///
    /// - Returns: nil unless `target` names one.
    package func restore(snapshot: SnapshotID, namespace: String, repository: String) -> RestoreSession? {
        let parts = target.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        let ref = TargetRef(name: parts[1], namespace: parts[0] == namespace ? nil : parts[0])
        var spec = RestoreSession.Spec(
            target: .init(ref: ref, rules: [.init(snapshots: [snapshot.text])]), repository: ObjectReference(name: repository))
        spec.task = TaskRef(name: "elasticsearch-restore", params: params)
        let name = "restore-" + snapshot.text.prefix(16).lowercased()
        return RestoreSession(metadata: ObjectMeta(name: name, namespace: namespace), spec: spec)
    }

    /// What differs from what holds without a word.
    private var params: [TaskRef.Param] {
        var params: [TaskRef.Param] = []
        func add(_ name: String, _ value: String) {
            if !value.isEmpty { params.append(TaskRef.Param(name: name, value: value)) }
        }
        add("indices", indices)
        add("prefix", prefix)
        add("suffix", suffix)
        add("renamePattern", renamePattern)
        if !renamePattern.isEmpty || !renameReplacement.isEmpty {
            params.append(TaskRef.Param(name: "renameReplacement", value: renameReplacement))
        }
        add("conflict", conflict == .fail ? "" : conflict.rawValue)
        add("includeAliases", includesAliases ? "" : "false")
        add("objects", objects.rawValue)
        return params
    }

    private static func trimmed(_ text: String) -> String {
        let inner = text.drop(while: \.isWhitespace)
        return String(inner.prefix(inner.count - inner.reversed().prefix(while: \.isWhitespace).count))
    }
}
