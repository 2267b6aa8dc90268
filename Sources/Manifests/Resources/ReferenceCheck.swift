import Messages

extension ResourceSet {
    /// Complaints about names that lead nowhere within this set, for a folder that is meant to be complete.
    ///
    /// A missing AppBinding, Repository or Task is a warning, as it may come later; a Repository whose usagePolicy forbids the use is an
    /// error. Secrets are not checked: they may come from files or the environment of a worker.
    package func referenceComplaints() -> [FieldComplaint] {
        let plans = backupConfigurations.flatMap {
            complaints($0, target: $0.value.targetKey, repository: $0.value.repositoryKey)
                + complaints($0, TaskResolution(of: $0.value, in: self))
        }
        let restores = restoreSessions.flatMap {
            complaints($0, target: $0.value.targetKey, repository: $0.value.repositoryKey)
                + complaints($0, TaskResolution(of: $0.value, in: self))
        }
        let batches = backupBatches.flatMap {
            complaints($0, targets: $0.value.configurations.map(\.targetKey), $0.value.repositoryKey)
        }
        let others = restoreBatches.flatMap {
            complaints($0, targets: $0.value.restores.map(\.targetKey), $0.value.repositoryKey)
        }
        return (plans + restores + batches + others).sorted { $0.place < $1.place }
    }

    private func complaints<Value>(_ declared: Declared<Value>, _ task: TaskResolution) -> [FieldComplaint] {
        guard let problem = task.problem() else { return [] }
        let place = declared.source["spec"]?["task"]?["name"]?.place ?? declared.place
        return [FieldComplaint(.warning, at: place, path: "spec.task.name", problem.message)]
    }

    private func complaints<Value>(
        _ declared: Declared<Value>, target: ResourceKey, repository key: ResourceKey
    ) -> [FieldComplaint] {
        complaint(target, in: declared.source["spec"], path: "spec", declared) + complaints(declared, repository: key)
    }

    private func complaints<Value>(_ batch: Declared<Value>, targets: [ResourceKey], _ key: ResourceKey) -> [FieldComplaint] {
        var members: [YAMLNode] = []
        if case .sequence(let nodes)? = batch.source["spec"]?["members"]?.content { members = nodes }
        return zip(targets, members).enumerated().flatMap { index, member in
            complaint(member.0, in: member.1, path: "spec.members[\(index)]", batch)
        } + complaints(batch, repository: key)
    }

    private func complaint<Value>(
        _ target: ResourceKey, in node: YAMLNode?, path: String, _ declared: Declared<Value>
    ) -> [FieldComplaint] {
        guard appBinding(target) == nil else { return [] }
        let place = node?["target"]?["ref"]?["name"]?.place ?? declared.place
        return [FieldComplaint(.warning, at: place, path: "\(path).target.ref.name", "there is no \(target)")]
    }

    private func complaints<Value>(_ declared: Declared<Value>, repository key: ResourceKey) -> [FieldComplaint] {
        let spec = declared.source["spec"]
        var complaints: [FieldComplaint] = []
        let place = spec?["repository"]?["name"]?.place ?? declared.place
        guard let repository = repository(key) else {
            complaints.append(FieldComplaint(.warning, at: place, path: "spec.repository.name", "there is no \(key)"))
            return complaints
        }
        let namespace = declared.value.metadata.namespace
        if !allows(repository.value, from: namespace) {
            let message = "the usagePolicy of \(key) does not allow its use from the namespace \(namespace)"
            complaints.append(FieldComplaint(.error, at: place, path: "spec.repository.name", message))
        }
        return complaints
    }
}
