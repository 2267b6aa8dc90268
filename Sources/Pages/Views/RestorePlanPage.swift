package import Messages
import Runtime

/// The second step of a restore: what it would do, and the confirmation.
package enum RestorePlanPage {
    /// - Parameters:
    ///   - restore: what was planned.
    ///   - hash: that of the plan, by which it is confirmed.
    ///   - complaint: why the last confirmation did not count.
    package static func page(
        _ source: RestoreSource, _ choice: RestoreChoice, _ restore: RestoreSession, _ preview: RestorePreview, hash: String,
        complaint: String? = nil, _ frame: Frame
    ) -> Markup {
        Layout("Restore", area: .repositories).page(frame) {
            RestoreSteps.heading(source, step: 2)
            if let complaint { HTML.p(.class("complaint"), .role("alert"), .id("complaint")) { complaint } }
            HTML.p(.class("sum")) { summary(preview, choice) }
            if !preview.notes.isEmpty {
                HTML.section(.labelledBy("notes"), .class("notes")) {
                    HTML.h2(.id("notes")) { "To be known" }
                    HTML.ul { for note in preview.notes { HTML.li { note } } }
                }
            }
            HTML.section(.labelledBy("indices")) {
                HTML.h2(.id("indices")) { "Indices" }
                preview.indices.isEmpty ? emptyState("No index is restored.") : indices(preview)
            }
            if !preview.objects.isEmpty {
                HTML.section(.labelledBy("objects")) {
                    HTML.h2(.id("objects")) { "Other objects" }
                    objects(preview)
                }
            }
            confirmation(source, choice, preview, hash, hasComplaint: complaint != nil, frame)
            manifest(restore)
        }
    }

    private static func summary(_ preview: RestorePreview, _ choice: RestoreChoice) -> String {
        let written = preview.indices.filter { !["skip", "conflict"].contains($0.action) }
        let documents = written.reduce(0) { $0 + $1.documents }
        let bytes = written.reduce(0) { $0 + $1.bytes }
        return
            "\(FigureText.indices(written.count)), \(FigureText.documents(documents)), \(ByteCount(bytes)) to \(choice.target)."
    }

    private static func indices(_ preview: RestorePreview) -> Markup {
        var table = DataTable(
            id: "indices", caption: "Old and new names, and what happens to each", json: nil,
            columns: [
                .text("Index"), .text("Becomes"), .text("Action"), .figure("Documents"), .figure("Bytes"), .text("Aliases"),
                .text("Settings left out"),
            ])
        for index in preview.indices {
            table.append([
                HTML.span(.class("name")) { index.name },
                HTML.span(.class("name")) {
                    "→ \(index.targetName)"
                    if let stream = index.dataStream { HTML.span(.class("dim")) { " of data stream \(stream)" } }
                },
                action(index.action), Markup(FigureText.exact(index.documents)), Markup("\(ByteCount(index.bytes))"),
                HTML.span(.class("sentence")) { index.aliases.joined(separator: ", ") },
                HTML.span(.class("sentence")) { index.strippedSettings.joined(separator: ", ") },
            ])
        }
        return table.markup
    }

    private static func objects(_ preview: RestorePreview) -> Markup {
        var table = DataTable(
            id: "objects", caption: FigureText.counted(preview.objects.count, "object", "objects"), json: nil,
            columns: [.text("Object"), .text("Kind"), .text("Action")])
        for object in preview.objects {
            table.append([HTML.span(.class("name")) { object.name }, Markup(object.kind.rawValue), action(object.action)])
        }
        return table.markup
    }

    /// What deletes or changes something stands out.
    private static func action(_ action: String) -> Markup {
        switch action {
        case "create": badge("+", action, "good")
        case "overwrite", "conflict": badge("!", action, "bad")
        case "append", "swap-alias", "unsupported": badge("±", action, "warn")
        default: badge("–", action, "waiting")
        }
    }

    private static func confirmation(
        _ source: RestoreSource, _ choice: RestoreChoice, _ preview: RestorePreview, _ hash: String, hasComplaint: Bool,
        _ frame: Frame
    ) -> Markup {
        HTML.section(.labelledBy("confirm"), .class("confirm")) {
            HTML.h2(.id("confirm")) { "Confirm" }
            postForm(.startRestore(source.snapshot.id.text, source.namespace, source.repository), frame, class: "stack") {
                for field in choice.fields { hiddenField(field.name, field.value) }
                hiddenField(FormField.planHash, hash)
                hiddenField(FormField.key, frame.formKey)
                HTML.label(.for("confirmation")) {
                    "Type the target's name, "
                    HTML.strong { choice.target }
                    ", to restore into it"
                }
                HTML.input(
                    .type("text"), .id("confirmation"), .name(FormField.confirmation), .autocomplete("off"), .required,
                    .notSpellchecked, hasComplaint ? .describedBy("complaint") : nil)
                HTML.p {
                    HTML.button(.type("submit"), .class(overwrites(preview) ? "danger" : "main")) { "Restore" }
                    " "
                    HTML.a(.href(.restore(source.snapshot.id.text, source.namespace, source.repository))) { "Choose again" }
                }
            }
        }
    }

    private static func overwrites(_ preview: RestorePreview) -> Bool {
        preview.indices.contains { ["overwrite", "append", "swap-alias"].contains($0.action) }
    }

    /// The restore as a manifest: JSON is YAML.
    private static func manifest(_ restore: RestoreSession) -> Markup {
        HTML.details(.class("equivalent")) {
            HTML.summary { "By command line" }
            HTML.p { "With this as restore.yaml:" }
            commandLine(text(of: restore))
            commandLine(command("sheaf", "restore", "-f", "restore.yaml", "--wait"))
        }
    }

    private static func text(of restore: RestoreSession) -> String {
        do {
            return try JSONValue(parsing: MessageCoding.encode(restore)).serialized(pretty: true)
        } catch {
            return "(\(error))"
        }
    }
}
