import API
import Messages
import Pages
import Runtime
import WebServer

extension PageSite {
    func startBackup(_ request: WebRequest) async -> WebResponse {
        await form(request, for: .operator) { fields, frame throws(Problem) in
            let plan = Self.plan(in: request)
            let id = try await operations.startBackup(
                namespace: plan.namespace, name: plan.name, key: Self.key(in: fields), by: frame.actor)
            return Self.redirect(to: .session(id.text))
        }
    }

    func pause(_ request: WebRequest) async -> WebResponse {
        await form(request, for: .operator) { _, frame throws(Problem) in
            let plan = Self.plan(in: request)
            try await operations.pause(namespace: plan.namespace, name: plan.name, by: frame.actor)
            return Self.redirect(to: .home)
        }
    }

    func resume(_ request: WebRequest) async -> WebResponse {
        await form(request, for: .operator) { _, frame throws(Problem) in
            let plan = Self.plan(in: request)
            try await operations.resume(namespace: plan.namespace, name: plan.name, by: frame.actor)
            return Self.redirect(to: .home)
        }
    }

    /// Who may start a session may cancel it.
    func cancel(_ request: WebRequest) async -> WebResponse {
        await form(request) { fields, frame throws(Problem) in
            let id = try Self.session(in: request)
            let kind = try await operations.session(id).session.kind
            try Self.require(kind == .backup ? .operator : .restorer, of: frame.actor)
            let reason = fields["reason"].flatMap { $0.isEmpty ? nil : String($0.prefix(500)) }
            try await operations.cancel(id, reason: reason, by: frame.actor)
            return Self.redirect(to: .session(id.text))
        }
    }

    private static func plan(in request: WebRequest) -> (namespace: String, name: String) {
        (request.parameters["namespace"] ?? "", request.parameters["plan"] ?? "")
    }

    /// What the form starts twice is one session.
    static func key(in fields: FormFields) -> String? {
        fields[FormField.key].flatMap { $0.isEmpty || $0.utf8.count > 200 ? nil : $0 }
    }
}
