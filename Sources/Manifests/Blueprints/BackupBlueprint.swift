package import Messages

/// A BackupBlueprint: what a Repository and a BackupConfiguration are made of for each AppBinding that asks for it by an annotation.
package struct BackupBlueprint: Resource {
    package static let kind = ResourceKind.backupBlueprint
    package var metadata: ObjectMeta
    /// As it is written, variables and all.
    let spec: YAMLNode

    /// The fields of a Repository, and those of a BackupConfiguration; both as in Stash, but for `timeZone`.
    static let repositoryFields = ["backend", "wipeOut", "usagePolicy"]
    static let configurationFields = [
        "schedule", "timeZone", "task", "retentionPolicy", "runtimeSettings", "tempDir", "interimVolumeTemplate", "hooks",
        "backupHistoryLimit", "timeOut", "retryConfig",
    ]
}

/// What an AppBinding's annotations ask of a blueprint. Names are Stash's.
enum BlueprintAnnotation {
    static let blueprint = "stash.appscode.com/backup-blueprint"
    /// Instead of the blueprint's own.
    static let schedule = "stash.appscode.com/schedule"
    /// Before the name of a parameter of the task, instead of the blueprint's own or beside them.
    static let parameterPrefix = "params.stash.appscode.com/"
}

/// One AppBinding that a blueprint is used for.
struct BlueprintTarget {
    var metadata: ObjectMeta
    /// `group/resource`.
    var type: String
    var version: String
    /// Where the AppBinding asks for the blueprint.
    var place: SourcePlace
    var schedule: YAMLNode?
    var parameters: [YAMLNode.Entry] = []

    /// - Parameter annotations: of the AppBinding, as they are written.
    init(_ binding: AppBinding, annotations: [YAMLNode.Entry], place: SourcePlace) {
        (metadata, type, version) = (binding.metadata, binding.spec.type ?? "", binding.spec.version ?? "")
        self.place = place
        for entry in annotations {
            if entry.key == BlueprintAnnotation.schedule { schedule = entry.value }
            guard entry.key.hasPrefix(BlueprintAnnotation.parameterPrefix) else { continue }
            let name = String(entry.key.dropFirst(BlueprintAnnotation.parameterPrefix.count))
            parameters.append(YAMLNode.Entry(key: name, place: entry.place, value: entry.value))
        }
    }

    /// Of no AppBinding: what a blueprint is checked with while it is read.
    init(sampleAt place: SourcePlace) {
        metadata = ObjectMeta(name: "sample", namespace: "sample")
        (type, version) = ("kubedb.com/elasticsearch", "8.0.0")
        self.place = place
    }

    /// What both resources are called: Stash's short name of the kind, and the AppBinding's own.
    var resourceName: String { "app-\(metadata.name)" }

    /// Stash's variables of a blueprint.
    var variables: [String: String] { Self.variables(of: metadata, type: type, version: version) }

    /// Stash's variables of a target.
    static func variables(of binding: AppBinding) -> [String: String] {
        variables(of: binding.metadata, type: binding.spec.type ?? "", version: binding.spec.version ?? "")
    }

    private static func variables(of metadata: ObjectMeta, type: String, version: String) -> [String: String] {
        let kind = ResourceKind.appBinding
        let parts = type.split(separator: "/", omittingEmptySubsequences: false)
        return [
            "TARGET_API_VERSION": kind.apiVersion, "TARGET_KIND": kind.rawValue, "TARGET_RESOURCE": "appbindings",
            "TARGET_NAMESPACE": metadata.namespace, "TARGET_NAME": metadata.name, "TARGET_APP_VERSION": version,
            "TARGET_APP_GROUP": parts.dropLast().joined(separator: "/"), "TARGET_APP_RESOURCE": String(parts.last ?? ""),
            "TARGET_APP_TYPE": type,
        ]
    }
}
