import Messages
import Runtime

/// One word of a Function's command: text with Stash's variables, which becomes a template as a hook's arguments are.
struct Argument {
    private let text: String

    init(_ text: String) { self.text = text }

    /// - Throws: for braces and templates that say nothing, whatever the variables.
    func check() throws(TaskProblem) {
        _ = try template { try VariableText.expand(text, unknown: "x") }
    }

    /// - Parameter values: as templates.
    func template(_ values: [String: String]) throws(TaskProblem) -> String {
        try template { try VariableText.expand(text, with: values) }
    }

    private func template(_ expand: () throws -> String) throws(TaskProblem) -> String {
        do {
            let template = try expand()
            _ = try HookTemplate(template)
            return template
        } catch let problem as VariableText.Problem {
            throw TaskProblem(message: problem.message)
        } catch let error as RuntimeError {
            throw TaskProblem(message: error.message)
        } catch {
            throw TaskProblem(message: "\(error)")
        }
    }

    /// A template that gives the text, whatever is in it.
    static func escaped(_ text: String) -> String { text.replacing("{", with: "{{\"{\"}}") }
}
