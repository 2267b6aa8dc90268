import Messages

/// The parts of plans and restores that have rules of their own: task and retention.
extension ResourceDecoder {
    func task(_ fields: FieldDecoder, kind: SessionKind) -> TaskRef? {
        let name = fields.text("name") ?? ""
        let direction = kind.rawValue
        let isSearchTask = ["elasticsearch-\(direction)", "opensearch-\(direction)"].contains { name.hasPrefix($0) }
        if !name.isEmpty, !isSearchTask {
            fields.warn("name", "Sheaf's own \(direction) is run whatever the task; \"\(name)\" is none of Elasticsearch")
        }
        var declared: [(param: TaskRef.Param, fields: FieldDecoder)] = []
        let params = fields.list("params") { param in
            let name = param.requiredText("name", "the name of a parameter")
            let value = param.text("value")
            guard let name else { return TaskRef.Param?.none }
            declared.append((TaskRef.Param(name: name, value: value ?? ""), param))
            return TaskRef.Param(name: name, value: value ?? "")
        }
        check(declared, kind)
        return TaskRef(name: name, params: params)
    }

    /// Together, since some only make sense beside another.
    private func check(_ declared: [(param: TaskRef.Param, fields: FieldDecoder)], _ kind: SessionKind) {
        let read = TaskParameters(TaskRef(name: "", params: declared.map(\.param)))
        for problem in read.problems {
            declared.last { $0.param.name == problem.parameter }?.fields.complain("value", problem.message)
        }
        for (param, fields) in declared {
            if read.unknown.contains(param.name) {
                fields.warn("name", "not a parameter that Sheaf knows; it has no effect, found \"\(param.name)\"")
            }
            if kind == .backup, TaskParameters.restoreOnly.contains(param.name) {
                fields.warn("name", "\(param.name) is a parameter of restores; it has no effect in a backup")
            }
            for remark in TaskParameters(TaskRef(name: "", params: [param])).remarks(for: kind) {
                fields.warn("value", remark.sentence)
            }
        }
    }

    /// Numbers as restic has them: -1 keeps all.
    func retentionPolicy(_ fields: FieldDecoder) -> RetentionPolicy? {
        func number(_ key: String) -> Int? { fields.int(key, in: -1...Int(Int32.max)) }
        let name = fields.requiredText("name", "a name for the policy")
        var policy = RetentionPolicy(name: name ?? "", keepLast: number("keepLast"))
        policy.keepHourly = number("keepHourly")
        policy.keepDaily = number("keepDaily")
        policy.keepWeekly = number("keepWeekly")
        policy.keepMonthly = number("keepMonthly")
        policy.keepYearly = number("keepYearly")
        policy.keepTags = fields.texts("keepTags")
        policy.prune = fields.flag("prune")
        policy.dryRun = fields.flag("dryRun")
        return name == nil ? nil : policy
    }
}
