import API

/// Says on every page what does not work, and what to do about it.
enum Banner {
    static func markup(_ frame: Frame) -> Markup {
        let sentences = sentences(frame.health)
        guard !sentences.isEmpty else { return .empty }
        return HTML.div(.class("banner"), .role("alert")) {
            HTML.ul {
                for (number, sentence) in sentences.enumerated() { HTML.li(.live("banner-\(number)")) { sentence } }
            }
        }
    }

    static func sentences(_ health: Result<Health, Problem>) -> [String] {
        switch health {
        case .failure(let problem): return [problem.detail]
        case .success(let health):
            var sentences: [String] = []
            if !health.broker {
                sentences.append(
                    "The Scheduler has no connection to the broker: nothing starts, and what is shown may be old. Its log says why."
                )
            } else if health.workersUp == 0 {
                sentences.append(
                    "No worker was heard within 90 seconds: sessions wait. Start one with: sheaf worker --resources DIR --spool DIR"
                )
            }
            sentences += health.repositoriesDown.map {
                "Repository \($0) could not be reached when a worker last tried: its backups and restores fail."
            }
            sentences += health.manifestErrors.map { "A manifest is not in force: \($0)" }
            return sentences
        }
    }
}
