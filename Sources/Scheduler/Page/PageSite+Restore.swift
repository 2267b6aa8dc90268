import API
import Messages
import Pages
import Runtime
import WebServer

/// The restore: choose, look at the plan, confirm it by the target's name.
extension PageSite {
    func restoreForm(_ request: WebRequest) async -> WebResponse {
        await page(request, for: .restorer) { frame throws(Problem) in
            RestoreFormPage.page(try await source(of: request), RestoreChoice(), frame)
        }
    }

    func planRestore(_ request: WebRequest) async -> WebResponse {
        await form(request, for: .restorer) { fields, frame throws(Problem) in
            let source = try await source(of: request)
            let choice = RestoreChoice { fields[$0] }
            return try await plan(choice, from: source, frame)
        }
    }

    func startRestore(_ request: WebRequest) async -> WebResponse {
        await form(request, for: .restorer) { fields, frame throws(Problem) in
            let source = try await source(of: request)
            let choice = RestoreChoice { fields[$0] }
            guard let restore = Self.restore(choice, from: source), let hash = fields[FormField.planHash] else {
                return try await plan(choice, from: source, frame)
            }
            guard (fields[FormField.confirmation] ?? "").filter({ !$0.isWhitespace }) == choice.target else {
                return try await plan(
                    choice, from: source, complaint: "The name that was typed is not \(choice.target): nothing was started.",
                    status: 400, frame)
            }
            do throws(Problem) {
                let id = try await operations.startRestore(
                    restore, planHash: hash, key: Self.key(in: fields), by: frame.actor)
                return Self.redirect(to: .session(id.text))
            } catch {
                guard error.code == .changed else { throw error }
                return try await plan(
                    choice, from: source,
                    complaint: "What it would do has changed since the plan was made: nothing was started. This is the new plan.",
                    status: error.status, frame)
            }
        }
    }

    /// The plan to be confirmed; the form again where there is none.
    private func plan(
        _ choice: RestoreChoice, from source: RestoreSource, complaint: String? = nil, status: Int = 200, _ frame: Frame
    ) async throws(Problem) -> WebResponse {
        guard let restore = Self.restore(choice, from: source) else {
            return Self.html(
                RestoreFormPage.page(source, choice, problems: ["\"\(choice.target)\" is no target: choose one"], frame),
                status: 400)
        }
        let plan: RestorePlan
        do throws(Problem) {
            plan = try await operations.planRestore(restore)
        } catch {
            guard error.code == .invalid else { throw error }
            return Self.html(RestoreFormPage.page(source, choice, problems: [error.detail], frame), status: error.status)
        }
        guard let hash = plan.planHash, plan.preview.problems.isEmpty else {
            return Self.html(RestoreFormPage.page(source, choice, problems: plan.preview.problems, frame), status: status)
        }
        return Self.html(
            RestorePlanPage.page(source, choice, restore, plan.preview, hash: hash, complaint: complaint, frame), status: status)
    }

    private static func restore(_ choice: RestoreChoice, from source: RestoreSource) -> RestoreSession? {
        choice.restore(snapshot: source.snapshot.id, namespace: source.namespace, repository: source.repository)
    }

    private func source(of request: WebRequest) async throws(Problem) -> RestoreSource {
        let (namespace, name) = Self.repositoryName(in: request)
        let snapshot = try await operations.snapshot(
            try Self.snapshot(in: request), namespace: namespace, repository: name)
        return RestoreSource(
            snapshot: snapshot, namespace: namespace, repository: name, targets: try await operations.targets())
    }
}
