import Messages
package import Runtime

/// The lines that show a session at work: one an index and one for all.
package struct ProgressLines: Sendable {
    private static let nameWidth = 40

    private let progress: SessionProgress

    package init(_ progress: SessionProgress) {
        self.progress = progress
    }

    /// For a terminal: at most `height` lines of at most `width` characters, the total last.
    ///
    /// What does not fit is left out from the end of what is complete, then of what waits, and counted.
    package func block(width: Int, height: Int, at time: Duration) -> [String] {
        let indices = progress.indices(at: time)
        let room = max(1, height - 2)
        var shown = indices
        var rest: [IndexProgress] = []
        if indices.count > room {
            let order = indices.enumerated().sorted { (urgency($0.element), $0.offset) < (urgency($1.element), $1.offset) }
            let chosen = order.prefix(room - 1)
            shown = chosen.sorted { $0.offset < $1.offset }.map(\.element)
            rest = order.dropFirst(room - 1).map(\.element)
        }
        var table = TextTable([("", .left), ("", .left), ("", .right), ("", .right), ("", .right), ("", .left)])
        for index in shown { table.append(cells(index)) }
        var lines = table.lines.map { " \($0)" }
        if !rest.isEmpty {
            let complete = rest.count(where: \.isComplete)
            lines.append(" … and \(FigureText.indices(rest.count)) more, \(complete) of them \(doneWord)")
        }
        lines.append(total(at: time))
        return lines.map { $0.count > width ? String($0.prefix(max(1, width - 1))) + "…" : $0 }
    }

    /// One line about all, for logs and pipes.
    package func line(now: Timestamp, at time: Duration) -> String {
        "\(FigureText.moment(now))  \(total(at: time))"
    }

    private func total(at time: Duration) -> String {
        let indices = progress.indices(at: time)
        guard !indices.isEmpty else {
            return progress.status?.phase == .running ? "total    0%  nothing planned" : "waiting for a worker"
        }
        let total = progress.total(at: time)
        let complete = indices.count(where: \.isComplete)
        var parts = [
            "total  \(percentText(total))", "\(complete) of \(FigureText.indices(indices.count))",
            "\(FigureText.short(total.documents))/\(FigureText.short(total.expectedDocuments)) docs",
        ]
        switch progress.kind {
        case .backup: parts.append("\(ByteCount(total.storedBytes)) stored (\(ByteCount(total.bytes)) read)")
        case .restore: parts.append("\(ByteCount(total.bytes)) loaded")
        }
        if complete == indices.count {
            parts.append(progress.status?.phase.isFinal == true ? "" : "finishing")
        } else {
            parts += [rateText(total), timeLeftText(total)]
        }
        return parts.filter { !$0.isEmpty }.joined(separator: "  ")
    }

    private func cells(_ index: IndexProgress) -> [String] {
        [
            FigureText.fitted(index.name, width: Self.nameWidth), word(index), percentText(index),
            "\(FigureText.short(index.documents))/\(FigureText.short(index.expectedDocuments)) docs", rateText(index),
            timeLeftText(index),
        ]
    }

    private var doneWord: String { progress.kind == .backup ? "stored" : "loaded" }

    private func word(_ index: IndexProgress) -> String {
        if index.isComplete { return doneWord }
        if index.documents == 0 && index.rate == nil { return "waiting" }
        return progress.kind == .backup ? "dump" : "load"
    }

    private func percentText(_ index: IndexProgress) -> String {
        let digits = String(index.percent)
        return String(repeating: " ", count: 3 - digits.count) + digits + "%"
    }

    private func rateText(_ index: IndexProgress) -> String {
        guard let rate = index.rate, !index.isComplete else { return "" }
        return "\(ByteCount(Int(rate.bytes)))/s"
    }

    private func timeLeftText(_ index: IndexProgress) -> String {
        guard let left = index.timeLeft, !index.isComplete else { return "" }
        return "ETA \(Duration.seconds(left.seconds.rounded(.up)).shortText)"
    }

    /// What is at work comes first, then what waits, then what is complete.
    private func urgency(_ index: IndexProgress) -> Int {
        index.isComplete ? 2 : index.documents > 0 ? 0 : 1
    }
}
