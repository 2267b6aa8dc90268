import Messages

/// Makes the documents of a Repository and a BackupConfiguration of a blueprint, for one AppBinding.
///
/// They keep the places of what they are made of, so that a complaint about one of them points into the blueprint or the annotation.
struct BlueprintExpansion {
    let blueprint: BackupBlueprint
    let target: BlueprintTarget
    let log: ComplaintLog

    /// The Repository's first. Variables that there are not are complained about.
    func documents() -> [YAMLNode] {
        let spec = VariableExpander(values: target.variables, log: log).expand(blueprint.spec, path: "spec")
        let repositoryNamespace = spec["repoNamespace"]?.text ?? target.metadata.namespace
        let repository = document(
            .repository, namespace: repositoryNamespace, spec: fields(BackupBlueprint.repositoryFields, of: spec))
        var plan = fields(BackupBlueprint.configurationFields.filter { $0 != "schedule" && $0 != "task" }, of: spec)
        if let schedule = target.schedule ?? spec["schedule"] { plan.append(entry("schedule", schedule)) }
        if let task = task(spec["task"]) { plan.append(entry("task", task)) }
        plan.append(
            entry("repository", mapping([("name", text(target.resourceName)), ("namespace", text(repositoryNamespace))])))
        let kind = ResourceKind.appBinding
        let reference = mapping([
            ("apiVersion", text(kind.apiVersion)), ("kind", text(kind.rawValue)), ("name", text(target.metadata.name)),
            ("namespace", text(target.metadata.namespace)),
        ])
        plan.append(entry("target", mapping([("ref", reference)])))
        let planNamespace = spec["backupNamespace"]?.text ?? target.metadata.namespace
        return [repository, document(.backupConfiguration, namespace: planNamespace, spec: plan)]
    }

    private func fields(_ names: [String], of spec: YAMLNode) -> [YAMLNode.Entry] {
        guard case .mapping(let entries) = spec.content else { return [] }
        return entries.filter { names.contains($0.key) }
    }

    /// The blueprint's task, with the parameters that annotations give.
    private func task(_ task: YAMLNode?) -> YAMLNode? {
        guard !target.parameters.isEmpty else { return task }
        var entries: [YAMLNode.Entry] = []
        if case .mapping(let own)? = task?.content { entries = own }
        var parameters: [YAMLNode] = []
        if case .sequence(let own)? = entries.first(where: { $0.key == "params" })?.value.content { parameters = own }
        let given = Set(target.parameters.map(\.key))
        parameters.removeAll { $0["name"]?.text.map(given.contains) ?? false }
        for parameter in target.parameters {
            let name = YAMLNode(.scalar(.text(parameter.key)), at: parameter.place)
            parameters.append(
                YAMLNode(.mapping([entry("name", name), entry("value", parameter.value)]), at: parameter.place))
        }
        entries.removeAll { $0.key == "params" }
        entries.append(entry("params", YAMLNode(.sequence(parameters), at: target.place)))
        return YAMLNode(.mapping(entries), at: task?.place ?? target.place)
    }

    /// Sheaf's own annotations of the blueprint are the Repository's where they are one's of a Repository, and else the plan's.
    private func document(_ kind: ResourceKind, namespace: String, spec: [YAMLNode.Entry]) -> YAMLNode {
        let annotations = blueprint.metadata.annotations.filter { name, _ in
            name.hasPrefix(RepositoryAnnotation.prefix)
                && (RepositoryAnnotation(rawValue: name) != nil) == (kind == .repository)
        }
        let metadata = mapping([
            ("name", text(target.resourceName)), ("namespace", text(namespace)),
            ("labels", mapping([(Self.label, text(blueprint.metadata.name))])),
            ("annotations", mapping(annotations.sorted { $0.key < $1.key }.map { ($0.key, text($0.value)) })),
        ])
        return mapping([
            ("apiVersion", text(kind.apiVersion)), ("kind", text(kind.rawValue)), ("metadata", metadata),
            ("spec", YAMLNode(.mapping(spec), at: blueprint.spec.place)),
        ])
    }

    /// Names the blueprint that a resource was made of.
    private static let label = "sheaf.dev/backup-blueprint"

    private func text(_ text: String) -> YAMLNode { YAMLNode(.scalar(.text(text)), at: target.place) }

    private func entry(_ key: String, _ value: YAMLNode) -> YAMLNode.Entry {
        YAMLNode.Entry(key: key, place: value.place, value: value)
    }

    private func mapping(_ members: [(String, YAMLNode)]) -> YAMLNode {
        YAMLNode(.mapping(members.map { entry($0.0, $0.1) }), at: target.place)
    }
}
