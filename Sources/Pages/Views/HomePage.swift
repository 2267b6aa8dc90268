package import API
import Messages
import Runtime

/// All plans and how they fare, those in trouble first.
package enum HomePage {
    package static func page(_ plans: [Plan], _ frame: Frame) -> Markup {
        Layout("Plans", area: .plans, events: .json("events")).page(frame) {
            HTML.div(.class("heading")) {
                HTML.h1 { "Plans" }
                HTML.a(.class("json"), .href(.json("plans")), .label("JSON: plans")) { "JSON" }
            }
            if plans.isEmpty {
                emptyState(
                    "There is no plan yet. Write a BackupConfiguration, with its AppBinding and Repository, and hand it over:",
                    command: "sheaf apply -f plan.yaml")
            } else {
                HTML.p(.class("dim"), .politely, .live("summary")) { summary(plans) }
                HTML.ul(.class("plans")) {
                    for plan in inOrder(plans) { HTML.li { card(plan, frame) } }
                }
            }
        }
    }

    /// Those that need somebody first, then by name.
    static func inOrder(_ plans: [Plan]) -> [Plan] {
        func urgency(_ plan: Plan) -> Int {
            switch plan.health {
            case .invalid, .overdue, .failing: 0
            case .never: 1
            case .paused: 2
            case .healthy: 3
            }
        }
        return plans.sorted { (urgency($0), $0.namespace, $0.name) < (urgency($1), $1.namespace, $1.name) }
    }

    private static func summary(_ plans: [Plan]) -> String {
        let words: [(Plan.Health, String)] = [
            (.invalid, "invalid"), (.overdue, "overdue"), (.failing, "failing"), (.never, "never ran"), (.paused, "paused"),
            (.healthy, "healthy"),
        ]
        let parts = words.compactMap { health, word in
            let count = plans.count { $0.health == health }
            return count == 0 ? nil : "\(count) \(word)"
        }
        return "\(FigureText.counted(plans.count, "plan", "plans")): \(parts.joined(separator: ", "))"
    }

    private static func card(_ plan: Plan, _ frame: Frame) -> Markup {
        let key = "\(plan.namespace)/\(plan.name)"
        return HTML.article(.class("plan"), .label("Plan \(key)")) {
            HTML.div(.class("who")) {
                HTML.h2 {
                    HTML.a(.href(.sessions(ofPlan: plan.name, namespace: plan.namespace))) {
                        HTML.span(.class("dim")) { "\(plan.namespace)/" }
                        plan.name
                    }
                }
                badge(plan.health, live: "\(key) health \(plan.health.rawValue)")
                HTML.p(.class("dim")) { "\(plan.target) → \(plan.repository)" }
                HistoryStrip.markup(plan.days)
            }
            facts(plan, key, frame)
            if frame.actor.may(.operator) { actions(plan, key, frame) }
            if let problem = problem(plan) { HTML.p(.class("problem"), .live("\(key) problem")) { problem } }
        }
    }

    private static func facts(_ plan: Plan, _ key: String, _ frame: Frame) -> Markup {
        HTML.dl(.class("facts")) {
            fact("Last success") { momentAndDistance(plan.lastSuccess?.finishedAt, frame, live: "\(key) success") }
            fact("Next run") { nextRun(plan, key, frame) }
            fact("Saved") {
                if let success = plan.lastSuccess {
                    HTML.span(.live("\(key) documents")) { FigureText.documents(success.documents) }
                    " "
                    HTML.span(.class("dim"), .live("\(key) bytes")) {
                        "\(ByteCount(success.bytes)) read, \(ByteCount(success.storedBytes)) stored"
                    }
                } else {
                    "nothing yet"
                }
            }
            fact("Last session") { lastSession(plan, key) }
        }
    }

    private static func nextRun(_ plan: Plan, _ key: String, _ frame: Frame) -> Markup {
        if plan.isPaused {
            let who = plan.pause.map { "paused by \($0.by), \(frame.distance(to: $0.at))" } ?? "paused by its manifest"
            return HTML.span(.live("\(key) next")) { who }
        }
        guard plan.nextRun != nil else {
            return HTML.span(.live("\(key) next")) { plan.schedule == nil ? "when asked" : "–" }
        }
        return momentAndDistance(plan.nextRun, frame, live: "\(key) next")
    }

    private static func lastSession(_ plan: Plan, _ key: String) -> Markup {
        guard let last = plan.lastSession else { return HTML.span(.live("\(key) last")) { "none" } }
        return HTML.a(.href(.session(last.id)), .label("\(last.phase.rawValue): session \(last.name)")) {
            badge(last.phase, live: "\(key) last \(last.id) \(last.phase.rawValue)")
        }
            + (last.phase == .running && last.totalDocuments > 0
                ? progressBar(last.documents, of: last.totalDocuments, label: "Documents of \(last.name)", live: key) : .empty)
    }

    private static func problem(_ plan: Plan) -> String? {
        let failures = plan.consecutiveFailures
        let count = failures > 1 ? "\(failures) sessions failed since the last success. " : ""
        return plan.problem.map { count + $0 } ?? (count.isEmpty ? nil : count)
    }

    private static func actions(_ plan: Plan, _ key: String, _ frame: Frame) -> Markup {
        HTML.div(.class("actions")) {
            if plan.health != .invalid {
                postForm(.plan(plan.namespace, plan.name, verb: "backup"), frame) {
                    hiddenField(FormField.key, frame.formKey, .live("\(key) key"))
                    HTML.button(.type("submit"), .class("main"), .label("Run \(key) now")) { "Run now" }
                }
            }
            // What its manifest pauses, only the manifest resumes.
            if plan.isPaused, plan.pause != nil {
                postForm(.plan(plan.namespace, plan.name, verb: "resume"), frame) {
                    HTML.button(.type("submit"), .label("Resume \(key)")) { "Resume" }
                }
            } else if !plan.isPaused, plan.schedule != nil, plan.health != .invalid {
                postForm(.plan(plan.namespace, plan.name, verb: "pause"), frame) {
                    HTML.button(.type("submit"), .label("Pause \(key)")) { "Pause" }
                }
            }
        }
    }
}
