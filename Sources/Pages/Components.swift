import API
import Messages
import Runtime

/// A form that changes something: it carries the token of its login.
func postForm(_ link: Link, _ frame: Frame, class name: String? = nil, @MarkupBuilder content: () -> Markup) -> Markup {
    postForm(link, token: frame.formToken, class: name, content: content)
}

func postForm(_ link: Link, token: String, class name: String? = nil, @MarkupBuilder content: () -> Markup) -> Markup {
    Markup(
        HTML.form, Attribute.post(link) + [name.map { .class($0) }],
        content: hiddenField(FormField.token, token) + content())
}

func hiddenField(_ name: String, _ value: String, _ live: Attribute? = nil) -> Markup {
    HTML.input(.type("hidden"), .name(name), .value(value), live)
}

/// "2026-11-23 14:02:11Z" for people, RFC 3339 for programs.
func moment(_ time: Timestamp, _ live: Attribute? = nil) -> Markup {
    HTML.time(.datetime(time.description), live) { FigureText.moment(time) }
}

/// A moment and how long ago it is, or a dash.
func momentAndDistance(_ time: Timestamp?, _ frame: Frame, live key: String? = nil) -> Markup {
    guard let time else { return HTML.span(key.map { .live($0) }) { "–" } }
    return moment(time, key.map { .live($0) })
        + HTML.span(.class("dim"), key.map { .live("\($0)-distance") }) { " " + frame.distance(to: time) }
}

/// A word with a sign before it, so that its colour says nothing alone.
func badge(_ sign: String, _ word: String, _ kind: String, live key: String? = nil) -> Markup {
    HTML.span(.class("badge \(kind)")) {
        HTML.span(.hiddenFromReaders) { sign }
        " "
        HTML.span(key.map { .live($0) }) { word }
    }
}

func badge(_ phase: Phase, live key: String? = nil) -> Markup {
    switch phase {
    case .pending: badge("◌", phase.rawValue, "waiting", live: key)
    case .running: badge("▶", phase.rawValue, "busy", live: key)
    case .succeeded: badge("✓", phase.rawValue, "good", live: key)
    case .failed: badge("✕", phase.rawValue, "bad", live: key)
    case .skipped: badge("⤼", phase.rawValue, "waiting", live: key)
    case .unknown: badge("?", phase.rawValue, "warn", live: key)
    }
}

func badge(_ health: Plan.Health, live key: String? = nil) -> Markup {
    switch health {
    case .invalid: badge("✕", "Invalid", "bad", live: key)
    case .paused: badge("‖", "Paused", "waiting", live: key)
    case .overdue: badge("!", "Overdue", "bad", live: key)
    case .failing: badge("✕", "Failing", "bad", live: key)
    case .never: badge("◌", "Never ran", "waiting", live: key)
    case .healthy: badge("✓", "Healthy", "good", live: key)
    }
}

/// One line of a list of facts.
func fact(_ name: String, @MarkupBuilder _ value: () -> Markup) -> Markup {
    HTML.div {
        HTML.dt { name }
        HTML.dd(content: value)
    }
}

/// What to do where there is nothing to show.
func emptyState(_ sentence: String, command: String? = nil) -> Markup {
    HTML.div(.class("empty")) {
        HTML.p { sentence }
        if let command { commandLine(command) }
    }
}

func commandLine(_ command: String) -> Markup {
    HTML.pre(.class("command"), .focusable, .role("region"), .label("Command")) { HTML.code { command } }
}

/// The same by command line.
func equivalent(_ commands: [String]) -> Markup {
    HTML.section(.labelledBy("equivalent"), .class("equivalent")) {
        HTML.h2(.id("equivalent")) { "By command line" }
        for command in commands { commandLine(command) }
    }
}

/// A command as a shell reads it: words that it could take for something else are quoted.
func command(_ words: String...) -> String {
    words.map { word in
        let isPlain =
            !word.isEmpty
            && word.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "-_./:=,@+".unicodeScalars.contains($0))
            }
        return isPlain
            ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }.joined(separator: " ")
}

/// Done of all, as a bar with its figures beside it.
func progressBar(_ done: Int, of total: Int, label: String, live key: String) -> Markup {
    let percent = total > 0 ? min(done * 100 / total, 100) : 0
    return HTML.span(.class("progress")) {
        HTML.progress(.max(100), .value(String(percent)), .label(label), .live("\(key)-bar"))
        HTML.span(.class("figure"), .live("\(key)-percent")) { "\(percent) %" }
    }
}
