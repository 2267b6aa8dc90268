import Sessions

extension BeginEntry {
    /// The asker's queue; nil for one of Sheaf's own, where an answer would be taken for work: a journal may have been written by anybody.
    var asker: String? {
        guard let replyTo, !replyTo.isEmpty, replyTo.utf8.count <= 255 else { return nil }
        return !replyTo.hasPrefix("sheaf.") || replyTo.hasPrefix("sheaf.reply.") ? replyTo : nil
    }
}
