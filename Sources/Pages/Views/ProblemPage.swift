package import API

/// An error as a page.
package enum ProblemPage {
    package static func page(_ problem: Problem, _ frame: Frame) -> Markup {
        Layout(problem.title).page(frame) { content(problem) }
    }

    /// For who is not logged in.
    package static func page(_ problem: Problem) -> Markup {
        Layout(problem.title).bare { content(problem) }
    }

    @MarkupBuilder
    private static func content(_ problem: Problem) -> Markup {
        HTML.h1 { problem.title }
        HTML.p(.class("complaint"), .role("alert")) { problem.detail }
        HTML.p(.class("dim")) { "Status \(String(problem.status)), code \(problem.code.rawValue)." }
        HTML.p { HTML.a(.href(.home)) { "To the plans" } }
    }
}
