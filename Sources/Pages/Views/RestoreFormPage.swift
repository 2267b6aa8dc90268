package import Messages
import Runtime

/// What a restore is of.
package struct RestoreSource: Sendable {
    package var snapshot: SnapshotSummary
    package var namespace: String
    package var repository: String
    /// Where it may go to, `NAMESPACE/NAME`.
    package var targets: [String]

    package init(snapshot: SnapshotSummary, namespace: String, repository: String, targets: [String]) {
        self.snapshot = snapshot
        self.namespace = namespace
        self.repository = repository
        self.targets = targets
    }
}

/// The first step of a restore: what, where to, under which names.
package enum RestoreFormPage {
    /// - Parameter problems: why the choice cannot be restored as it is.
    package static func page(
        _ source: RestoreSource, _ choice: RestoreChoice, problems: [String] = [], _ frame: Frame
    ) -> Markup {
        Layout("Restore", area: .repositories).page(frame) {
            RestoreSteps.heading(source, step: 1)
            RestoreSteps.problems(problems)
            if source.targets.isEmpty {
                emptyState(
                    "There is no AppBinding to restore to. Write one for the cluster, and hand it over:",
                    command: "sheaf apply -f appbinding.yaml")
            } else {
                form(source, choice, frame)
            }
            if !source.snapshot.indices.isEmpty {
                HTML.section(.labelledBy("available")) {
                    HTML.h2(.id("available")) { "Indices of the snapshot" }
                    table(source)
                }
            }
        }
    }

    private static func form(_ source: RestoreSource, _ choice: RestoreChoice, _ frame: Frame) -> Markup {
        postForm(.restore(source.snapshot.id.text, source.namespace, source.repository), frame, class: "stack wide") {
            HTML.fieldset {
                HTML.legend { "What" }
                text("indices", "Indices", choice.indices, "Names and patterns, by commas: orders-*,-orders-tmp-*. Empty: all.")
                select(
                    "objects", "Other objects", RestoreChoice.Objects.allCases.map { ($0.rawValue, $0.text) },
                    choice.objects.rawValue, "Templates, pipelines, policies, scripts, data streams.")
                HTML.div(.class("check")) {
                    HTML.input(
                        .type("checkbox"), .id("includeAliases"), .name("includeAliases"), .value("true"),
                        choice.includesAliases ? .checked : nil)
                    HTML.label(.for("includeAliases")) { "With the indices' aliases" }
                }
            }
            HTML.fieldset {
                HTML.legend { "Where to" }
                select("target", "Target", source.targets.map { ($0, $0) }, choice.target)
                select(
                    "conflict", "An index that is there already", ConflictPolicy.allCases.map { ($0.rawValue, word($0)) },
                    choice.conflict.rawValue)
            }
            HTML.fieldset {
                HTML.legend { "New names" }
                text("prefix", "Before each name", choice.prefix, "Such as restored-")
                text("suffix", "After each name", choice.suffix, nil)
                text("renamePattern", "Replace (regular expression)", choice.renamePattern, "Such as ^orders-(.*)$")
                text("renameReplacement", "By", choice.renameReplacement, "Such as old-orders-$1")
            }
            HTML.p {
                HTML.button(.type("submit"), .class("main")) { "Show what it would do" }
                HTML.span(.class("dim")) { " Nothing is written yet." }
            }
        }
    }

    private static func text(_ name: String, _ label: String, _ value: String, _ hint: String?) -> Markup {
        HTML.div(.class("field")) {
            HTML.label(.for(name)) { label }
            HTML.input(
                .type("text"), .id(name), .name(name), .value(value), .notSpellchecked, .autocomplete("off"),
                hint.map { _ in .describedBy("\(name)-hint") })
            if let hint { HTML.p(.class("dim"), .id("\(name)-hint")) { hint } }
        }
    }

    private static func select(
        _ name: String, _ label: String, _ options: [(String, String)], _ chosen: String, _ hint: String? = nil
    ) -> Markup {
        HTML.div(.class("field")) {
            HTML.label(.for(name)) { label }
            HTML.select(.id(name), .name(name), hint.map { _ in .describedBy("\(name)-hint") }) {
                for (value, text) in options { HTML.option(.value(value), value == chosen ? .selected : nil) { text } }
            }
            if let hint { HTML.p(.class("dim"), .id("\(name)-hint")) { hint } }
        }
    }

    private static func word(_ policy: ConflictPolicy) -> String {
        switch policy {
        case .fail: "refuse the restore"
        case .skip: "leave it, restore the others"
        case .append: "add the documents to it"
        case .overwrite: "delete it first"
        case .swapAlias: "restore beside it, then move its aliases"
        }
    }

    private static func table(_ source: RestoreSource) -> Markup {
        var table = DataTable(
            id: "available", caption: FigureText.indices(source.snapshot.indices.count),
            json: .json("repositories", source.namespace, source.repository, "snapshots", source.snapshot.id.text),
            columns: [.text("Index"), .figure("Documents"), .figure("Bytes"), .text("Whole")])
        for index in source.snapshot.indices {
            table.append([
                HTML.span(.class("name")) { index.name }, Markup(FigureText.exact(index.documents)),
                Markup("\(ByteCount(index.bytes))"), index.missing == nil ? Markup("yes") : badge("◐", "Partial", "warn"),
            ])
        }
        return table.markup
    }
}

/// What the steps of a restore share.
enum RestoreSteps {
    @MarkupBuilder
    static func heading(_ source: RestoreSource, step: Int) -> Markup {
        HTML.h1 {
            "Restore the snapshot of "
            HTML.a(.href(.snapshot(source.snapshot.id.text, source.namespace, source.repository))) {
                moment(source.snapshot.time)
            }
        }
        HTML.ul(.class("steps"), .label("Steps")) {
            for (number, name) in ["Choose", "Look at the plan, confirm", "Watch"].enumerated() {
                HTML.li(number + 1 == step ? .current("step") : nil) { "\(number + 1). \(name)" }
            }
        }
    }

    @MarkupBuilder
    static func problems(_ problems: [String]) -> Markup {
        if !problems.isEmpty {
            HTML.div(.class("complaint"), .role("alert")) {
                HTML.p { "It cannot be restored like this:" }
                HTML.ul { for problem in problems { HTML.li { problem } } }
            }
        }
    }
}
