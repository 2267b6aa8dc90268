import Messages

extension ResourceDecoder {
    /// Calls `check` with each annotation whose name is one of Sheaf's own.
    func ownAnnotations(_ fields: FieldDecoder, check: (String, FieldDecoder) -> Void) {
        guard let node = fields.node("metadata")?["annotations"], case .mapping = node.content else { return }
        fields.part(of: "metadata") { metadata in
            metadata.part(of: "annotations") { annotations in
                // Kubernetes takes them for other names than those in lower case.
                for name in annotations.keys where name.lowercased().hasPrefix(RepositoryAnnotation.prefix) {
                    check(name, annotations)
                }
            }
        }
    }

    /// Refuses annotations of Sheaf's on a plan that would have no effect.
    func planAnnotations(_ fields: FieldDecoder) {
        ownAnnotations(fields) { name, annotations in
            guard let annotation = PlanAnnotation(rawValue: name) else {
                let known = PlanAnnotation.allCases.map(\.rawValue).joined(separator: ", ")
                return annotations.complain(name, "not an annotation of a BackupConfiguration; there is \(known)")
            }
            switch annotation {
            case .jitter:
                // What is no text has been complained about.
                guard let text = annotations.node(name)?.text else { return }
                guard let span = StashDuration(text), span <= PlanAnnotation.longestJitter else {
                    return annotations.complain(
                        name, "expected a duration of at most 24h, such as 5m or 1h30m, found \"\(text)\"")
                }
            }
        }
    }
}
