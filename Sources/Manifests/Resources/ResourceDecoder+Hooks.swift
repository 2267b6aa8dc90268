import Messages
import Runtime

/// Hooks: what a worker could not run is refused here, where somebody looks (docs/hooks.md).
extension ResourceDecoder {
    /// `policies` are the execution policies that this hook may have; none for a pre hook.
    func hook(_ fields: FieldDecoder, policies: [Hook.ExecutionPolicy]) -> Hook? {
        var hook = Hook()
        hook.exec = fields.fields("exec") { exec in
            let command = exec.texts("command")
            guard let program = command.first else {
                exec.complainMissing("command", "a program and its arguments")
                return Hook.Exec(command: command)
            }
            if let problem = Hook.Exec.problem(ofProgram: program) { exec.complain("command", problem) }
            for (index, argument) in command.enumerated().dropFirst() {
                checkTemplate(argument) { exec.complain("command", element: index, $0) }
            }
            return Hook.Exec(command: command)
        }
        hook.httpGet = fields.fields("httpGet") { get in
            var action = Hook.HTTPGet(port: port(get) ?? .number(0))
            (action.host, action.path, action.scheme) = (host(get), get.text("path"), scheme(get))
            action.httpHeaders = headers(get)
            return action
        }
        hook.httpPost = fields.fields("httpPost") { post in
            var action = Hook.HTTPPost(port: port(post) ?? .number(0))
            (action.host, action.path, action.scheme) = (host(post), post.text("path"), scheme(post))
            action.httpHeaders = headers(post)
            action.body = post.text("body")
            if let body = action.body { check(body: body, post) }
            action.form = post.list("form") { entry in
                let (key, values) = (entry.requiredText("key", "a name"), entry.texts("values"))
                for (index, value) in values.enumerated() {
                    checkTemplate(value) { entry.complain("values", element: index, $0) }
                }
                return key.map { Hook.FormEntry(key: $0, values: values) }
            }
            if action.body != nil, !action.form.isEmpty { post.complain("form", "expected a body or a form, found both") }
            return action
        }
        hook.tcpSocket = fields.fields("tcpSocket") { socket in
            var action = Hook.TCPSocket(port: port(socket) ?? .number(0))
            action.host = host(socket)
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
            let read = name.map { Hook.Header(name: $0, value: value ?? "") }
            if let problem = read?.problem { header.complain("name", problem) }
            return read
        }
    }

    /// Empty means the target's, as in Stash.
    private func host(_ fields: FieldDecoder) -> String? {
        guard let host = fields.text("host"), !host.isEmpty else { return nil }
        if let problem = Hook.problem(ofHost: host) { fields.complain("host", problem) }
        return host
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
        guard let name = node.text else { return fields.int("port", in: 1...65_535).map { .number($0) } }
        let port = Int(name).map { Hook.Port.number($0) } ?? .name(name)
        if let problem = port.problem { fields.complain("port", problem) }
        return port
    }

    private func check(body: String, _ post: FieldDecoder) {
        do throws(RuntimeError) {
            let isJSON = body.drop(while: \.isWhitespace)
            guard try HookTemplate(body).printsErrorBare,
                isJSON.hasPrefix("[") || isJSON.hasPrefix("{") && !isJSON.hasPrefix("{{")
            else { return }
            post.warn(
                "body",
                "an error may hold quotes and line ends, which break JSON: write {{ .Status.Error | toJson }}, without quotes around it"
            )
        } catch {
            post.complain("body", error.message)
        }
    }

    private func checkTemplate(_ text: String, _ complain: (String) -> Void) {
        do throws(RuntimeError) {
            _ = try HookTemplate(text)
        } catch {
            complain(error.message)
        }
    }
}
