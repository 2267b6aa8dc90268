import Messages

/// The parts of plans and restores that have rules of their own: task and retention.
extension ResourceDecoder {
    /// The parameters of a Task of somebody's own are that Task's; whether there is one, only the whole folder can tell (`TaskResolution`).
    func task(_ fields: FieldDecoder, kind: SessionKind) -> TaskRef? {
        let name = fields.text("name") ?? ""
        let params = parameters(fields)
        check(params, kind, knowsAll: name.isEmpty || BuiltInFunction(name) != nil)
        return TaskRef(name: name, params: params.map(\.param))
    }

    typealias DeclaredParam = (param: TaskRef.Param, fields: FieldDecoder)

    func parameters(_ fields: FieldDecoder) -> [DeclaredParam] {
        fields.list("params") { param in
            let name = param.requiredText("name", "the name of a parameter")
            let value = param.text("value")
            return name.map { (TaskRef.Param(name: $0, value: value ?? ""), param) }
        }
    }

    /// Together, since some only make sense beside another.
    ///
    /// - Parameter knowsAll: a parameter that Sheaf does not know is nobody's.
    func check(_ declared: [DeclaredParam], _ kind: SessionKind, knowsAll: Bool = true) {
        let read = TaskParameters(TaskRef(name: "", params: declared.map(\.param)))
        for problem in read.problems {
            declared.last { $0.param.name == problem.parameter }?.fields.complain("value", problem.message)
        }
        for (param, fields) in declared {
            if knowsAll, read.unknown.contains(param.name) {
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
