package import API
import Messages
import Runtime

/// One session: how far it is, what it waits for, how it ended and why.
package enum SessionDetailPage {
    /// - Parameter repository: the one that it stores in or reads from, where it is still known.
    package static func page(_ detail: SessionDetail, repository: RepositoryView?, _ frame: Frame) -> Markup {
        let session = detail.session
        let isUnderWay = !session.phase.isFinal
        let layout = Layout(
            "\(session.phase.rawValue): \(session.name)", area: .sessions,
            events: isUnderWay ? .json("events", query: [("session", session.id)]) : nil,
            refreshSeconds: isUnderWay ? 5 : nil)
        return layout.page(frame) {
            HTML.div(.class("heading")) {
                HTML.h1 { session.name }
                HTML.span(.id("phase"), .politely) { badge(session.phase, live: "phase \(session.phase.rawValue)") }
                HTML.a(.class("json"), .href(.json("sessions", session.id)), .label("JSON: session \(session.name)")) { "JSON" }
            }
            standing(detail, frame)
            actions(session, frame)
            if let error = session.error {
                HTML.section(.labelledBy("error"), .class("errorbox")) {
                    HTML.h2(.id("error")) { session.phase == .skipped ? "Why it was skipped" : "Error" }
                    HTML.p { error }
                }
            }
            HTML.section(.labelledBy("facts")) {
                HTML.h2(.id("facts")) { "The session" }
                facts(detail, repository, frame)
            }
            HTML.section(.labelledBy("indices")) {
                HTML.h2(.id("indices")) { "Indices" }
                indices(detail)
            }
            if !detail.conditions.isEmpty {
                HTML.section(.labelledBy("conditions")) {
                    HTML.h2(.id("conditions")) { "Conditions" }
                    conditions(detail)
                }
            }
            let commands = commands(session)
            if !commands.isEmpty { equivalent(commands) }
        }
    }

    /// In a sentence, with a bar while documents are counted.
    private static func standing(_ detail: SessionDetail, _ frame: Frame) -> Markup {
        let session = detail.session
        return HTML.div(.class("standing")) {
            if session.phase == .running && session.totalDocuments > 0 {
                progressBar(session.documents, of: session.totalDocuments, label: "Documents of all indices", live: "total")
            }
            HTML.p(.politely, .live("standing")) { sentence(detail, frame) }
        }
    }

    static func sentence(_ detail: SessionDetail, _ frame: Frame) -> String {
        let session = detail.session
        let verb = session.kind == .backup ? "stored" : "loaded"
        let figures =
            session.totalDocuments > session.documents || !session.phase.isFinal && session.totalDocuments > 0
            ? "\(FigureText.exact(session.documents)) of \(FigureText.documents(session.totalDocuments)) \(verb)"
            : "\(FigureText.documents(session.documents)) \(verb)"
        if let cause = detail.waitsFor { return "Waits: \(cause)" }
        switch session.phase {
        case .pending: return "Waits for a worker."
        case .running where session.totalDocuments == 0: return "Planning: indices and documents are being counted."
        case .running where session.documents >= session.totalDocuments: return "\(figures). Finishing: counts are compared."
        case .running: return "\(figures), \(ByteCount(session.bytes))."
        case .succeeded: return "\(figures) in \(session.duration(at: frame.now).shortText)."
        case .failed: return "Failed after \(session.duration(at: frame.now).shortText); \(figures)."
        case .skipped: return "Skipped: it did not run."
        case .unknown: return "Nothing is known of how it stands."
        }
    }

    private static func facts(_ detail: SessionDetail, _ repository: RepositoryView?, _ frame: Frame) -> Markup {
        let session = detail.session
        return HTML.dl(.class("facts wide")) {
            fact("Kind") { session.kind.rawValue }
            fact(session.kind == .backup ? "Plan" : "Restore") {
                HTML.a(.href(.sessions(ofPlan: session.invoker.name, namespace: session.namespace))) {
                    "\(session.namespace)/\(session.invoker.name)"
                }
            }
            fact("Target") { session.target }
            fact("Repository") {
                if let repository {
                    HTML.a(.href(.repository(repository.namespace, repository.name))) {
                        "\(repository.namespace)/\(repository.name)"
                    }
                } else {
                    session.repository
                }
            }
            if let snapshot = session.snapshot {
                fact("Snapshot") {
                    if let repository {
                        HTML.a(.href(.snapshot(snapshot, repository.namespace, repository.name))) { snapshot }
                    } else {
                        snapshot
                    }
                }
            }
            times(detail, frame)
            fact("Bytes") {
                HTML.span(.live("bytes")) {
                    session.kind == .backup
                        ? "\(ByteCount(session.bytes)) read, \(ByteCount(session.storedBytes)) stored"
                        : "\(ByteCount(session.bytes)) loaded"
                }
            }
            retry(detail, frame)
            fact("Id") { HTML.code { session.id } }
        }
    }

    @MarkupBuilder
    private static func times(_ detail: SessionDetail, _ frame: Frame) -> Markup {
        let session = detail.session
        fact("Asked for") { momentAndDistance(session.requestedAt, frame, live: "requested") }
        fact("Started") { momentAndDistance(session.startedAt, frame, live: "started") }
        if session.phase.isFinal {
            fact("Ended") { momentAndDistance(session.finishedAt, frame) }
        } else {
            fact("Last word of a worker") { momentAndDistance(detail.lastProgressAt, frame, live: "progress") }
            if let deadline = detail.deadline { fact("Deadline") { momentAndDistance(deadline, frame, live: "deadline") } }
        }
        fact("Took") { HTML.span(.live("took")) { SessionsPage.took(session, frame) } }
    }

    @MarkupBuilder
    private static func retry(_ detail: SessionDetail, _ frame: Frame) -> Markup {
        if let next = detail.retriedAs {
            fact("Tried again as") { HTML.a(.href(.session(next))) { next } }
        } else if let time = detail.nextRetry {
            fact("Is tried again") { momentAndDistance(time, frame) }
        } else if let left = detail.retryLeft, left > 0 {
            fact("Retries left") { String(left) }
        }
    }

    @MarkupBuilder
    private static func actions(_ session: SessionSummary, _ frame: Frame) -> Markup {
        if !session.phase.isFinal, frame.actor.may(session.kind == .backup ? .operator : .restorer) {
            HTML.details(.class("cancel")) {
                HTML.summary { "Cancel…" }
                postForm(.cancel(session.id), frame, class: "inline") {
                    HTML.p(.class("dim")) {
                        session.kind == .backup
                            ? "It ends as Failed. What it stored makes no snapshot, and is deleted later."
                            : "It ends as Failed. Indices that it made are deleted."
                    }
                    HTML.label(.for("reason")) { "Reason (optional)" }
                    HTML.input(.type("text"), .id("reason"), .name("reason"))
                    HTML.button(.type("submit"), .class("danger")) { "Cancel the session" }
                }
            }
        } else if session.phase.isFinal, session.kind == .backup, frame.actor.may(.operator) {
            postForm(.plan(session.namespace, session.invoker.name, verb: "backup"), frame) {
                hiddenField(FormField.key, frame.formKey)
                HTML.button(.type("submit")) { "Run again" }
            }
        }
    }

    private static func indices(_ detail: SessionDetail) -> Markup {
        let session = detail.session
        guard !detail.indices.isEmpty else {
            return emptyState(session.phase.isFinal ? "No index was worked on." : "The indices are not known yet.")
        }
        let isBackup = session.kind == .backup
        var table = DataTable(
            id: "indices", caption: "\(FigureText.indices(detail.indices.count)), documents done of those planned",
            json: .json("sessions", session.id),
            columns: [.text("Index"), .text("State"), .text("Done"), .figure("Documents"), .figure("Planned"), .figure("Bytes")]
                + (isBackup ? [.figure("Stored")] : []))
        for index in detail.indices {
            let key = "index \(index.name)"
            table.append(
                [
                    HTML.span(.class("name")) { index.name }, state(index, session, key),
                    index.expectedDocuments > 0
                        ? progressBar(
                            index.documents, of: index.expectedDocuments, label: "Documents of \(index.name)", live: key)
                        : Markup("–"),
                    HTML.span(.live("\(key) documents")) { FigureText.exact(index.documents) },
                    HTML.span(.live("\(key) planned")) { FigureText.exact(index.expectedDocuments) },
                    HTML.span(.live("\(key) bytes")) { "\(ByteCount(index.bytes))" },
                ] + (isBackup ? [HTML.span(.live("\(key) stored")) { "\(ByteCount(index.storedBytes))" }] : []))
        }
        return table.markup
    }

    private static func state(_ index: IndexResult, _ session: SessionSummary, _ key: String) -> Markup {
        let isWhole = index.documents >= index.expectedDocuments
        let word: String
        switch (session.phase, isWhole) {
        case (.succeeded, true): word = session.kind == .backup ? "stored" : "loaded"
        case (.failed, true), (.skipped, true): word = "all documents"
        case (.failed, false), (.skipped, false): word = index.documents == 0 ? "nothing" : "in part"
        case (_, true): word = index.expectedDocuments == 0 ? "no documents" : "finishing"
        case (_, false): word = index.documents == 0 ? "waiting" : session.kind == .backup ? "dump" : "load"
        }
        return HTML.span(.live("\(key) state")) { word }
    }

    private static func conditions(_ detail: SessionDetail) -> Markup {
        var table = DataTable(
            id: "conditions", caption: "What was noted, oldest first", json: .json("sessions", detail.session.id),
            columns: [.text("Condition"), .text("Status"), .text("Reason"), .text("Message"), .text("Since")])
        for condition in detail.conditions.sorted(by: { $0.lastTransitionTime < $1.lastTransitionTime }) {
            table.append([
                Markup(condition.type.isEmpty ? "Note" : condition.type), Markup(condition.status), Markup(condition.reason),
                HTML.span(.class("sentence")) { condition.message }, moment(condition.lastTransitionTime),
            ])
        }
        return table.markup
    }

    private static func commands(_ session: SessionSummary) -> [String] {
        let again =
            session.kind == .backup
            ? [command("sheaf", "backup", session.invoker.name, "--namespace", session.namespace, "--wait")] : []
        return session.phase.isFinal ? again : [command("sheaf", "cancel", session.id)]
    }
}
