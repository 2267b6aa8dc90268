import Messages

/// The parts of plans and restores that have rules of their own: task, retention, hooks.
extension ResourceDecoder {
    func task(_ fields: FieldDecoder, direction: String) -> TaskRef? {
        let name = fields.text("name") ?? ""
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
        check(declared, direction: direction)
        return TaskRef(name: name, params: params)
    }

    /// Together, since some only make sense beside another.
    private func check(_ declared: [(param: TaskRef.Param, fields: FieldDecoder)], direction: String) {
        let read = TaskParameters(TaskRef(name: "", params: declared.map(\.param)))
        for problem in read.problems {
            declared.last { $0.param.name == problem.parameter }?.fields.complain("value", problem.message)
        }
        for (param, fields) in declared {
            if read.unknown.contains(param.name) {
                fields.warn("name", "not a parameter that Sheaf knows; it has no effect, found \"\(param.name)\"")
            }
            if direction == "backup", TaskParameters.restoreOnly.contains(param.name) {
                fields.warn("name", "\(param.name) is a parameter of restores; it has no effect in a backup")
            }
            let unhonoured = TaskParameters(TaskRef(name: "", params: [param])).unhonoured
            if !unhonoured.isEmpty { fields.warn("value", "not honoured yet: \(unhonoured.joined(separator: " "))") }
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

    /// `policies` are the execution policies that this hook may have; none for a pre hook.
    func hook(_ fields: FieldDecoder, policies: [Hook.ExecutionPolicy]) -> Hook? {
        var hook = Hook()
        hook.exec = fields.fields("exec") { exec in
            let command = exec.texts("command")
            if command.isEmpty { exec.complainMissing("command", "a program and its arguments") }
            return Hook.Exec(command: command)
        }
        hook.httpGet = fields.fields("httpGet") { get in
            var action = Hook.HTTPGet(port: port(get) ?? .number(0))
            (action.host, action.path, action.scheme) = (get.text("host"), get.text("path"), scheme(get))
            action.httpHeaders = headers(get)
            return action
        }
        hook.httpPost = fields.fields("httpPost") { post in
            var action = Hook.HTTPPost(port: port(post) ?? .number(0))
            (action.host, action.path, action.scheme) = (post.text("host"), post.text("path"), scheme(post))
            action.httpHeaders = headers(post)
            action.body = post.text("body")
            action.form = post.list("form") { entry in
                let (key, values) = (entry.requiredText("key", "a name"), entry.texts("values"))
                return key.map { Hook.FormEntry(key: $0, values: values) }
            }
            return action
        }
        hook.tcpSocket = fields.fields("tcpSocket") { socket in
            var action = Hook.TCPSocket(port: port(socket) ?? .number(0))
            action.host = socket.text("host")
            return action
        }
        hook.containerName = fields.text("containerName")
        hook.executionPolicy = fields.choice("executionPolicy", of: Hook.ExecutionPolicy.self)
        if let policy = hook.executionPolicy, !policies.contains(policy) {
            let allowed = policies.map(\.rawValue).joined(separator: " or ")
            let expected = policies.isEmpty ? "no policy for a hook that runs before" : allowed
            fields.complain("executionPolicy", "expected \(expected), found \"\(policy.rawValue)\"")
        }
        let all = ["exec", "httpGet", "httpPost", "tcpSocket"]
        let present = all.filter(fields.has)
        if present.count != 1 {
            let found = present.isEmpty ? "none" : present.joined(separator: " and ")
            fields.complain(present.last ?? all[0], "expected exactly one of \(all.joined(separator: ", ")), found \(found)")
        }
        return hook
    }

    private func headers(_ fields: FieldDecoder) -> [Hook.Header] {
        fields.list("httpHeaders") { header in
            let (name, value) = (header.requiredText("name", "the name of a header"), header.text("value"))
            if name?.lowercased() == "authorization" {
                header.warn("value", "the value travels in messages, where others can read it")
            }
            return name.map { Hook.Header(name: $0, value: value ?? "") }
        }
    }

    private func scheme(_ fields: FieldDecoder) -> String? {
        guard let scheme = fields.text("scheme") else { return nil }
        if !["http", "https"].contains(scheme.lowercased()) {
            fields.complain("scheme", "expected HTTP or HTTPS, found \"\(scheme)\"")
        }
        return scheme
    }

    private func port(_ fields: FieldDecoder) -> Hook.Port? {
        guard let node = fields.node("port") else {
            fields.complainMissing("port", "a port number or the name of a port")
            return nil
        }
        if let name = node.text, !name.isEmpty { return Int(name).map { .number($0) } ?? .name(name) }
        return fields.int("port", in: 1...65_535).map { .number($0) }
    }
}
