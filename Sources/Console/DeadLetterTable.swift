package import Runtime

/// What is told of a dead letter.
package struct DeadLetterSummary: Sendable {
    package var id: String
    package var time: Timestamp?
    package var type: String?
    package var session: String?
    package var origin: String?
    package var reason: String
    package var attempt: Int
    package var size: Int

    package init(
        id: String, time: Timestamp?, type: String?, session: String?, origin: String?, reason: String, attempt: Int, size: Int
    ) {
        self.id = id
        self.time = time
        self.type = type
        self.session = session
        self.origin = origin
        self.reason = reason
        self.attempt = attempt
        self.size = size
    }
}

/// Dead letters in columns, and one in detail. Anybody may have written them, so nothing reaches a terminal that could steer it.
package enum DeadLetterTable {
    /// Bytes of a body that are shown.
    package static let shownBytes = 64 << 10

    package static func lines(_ letters: [DeadLetterSummary]) -> [String] {
        var table = TextTable([
            ("LETTER", .left), ("WHEN", .left), ("TYPE", .left), ("SESSION", .left), ("FROM", .left), ("ATTEMPT", .right),
            ("SIZE", .right), ("REASON", .left),
        ])
        for letter in letters {
            table.append([
                letter.id, letter.time.map(FigureText.moment) ?? "-", harmless(letter.type ?? "-", width: 40),
                harmless(letter.session ?? "-", width: 40), harmless(letter.origin ?? "-", width: 60), String(letter.attempt),
                "\(ByteCount(letter.size))", harmless(letter.reason, width: 200),
            ])
        }
        return table.lines
    }

    /// - Parameters:
    ///   - properties: names and values in the order in which they are shown.
    ///   - headers: the same.
    ///   - body: nil: it was too large and is not here.
    package static func details(
        _ letter: DeadLetterSummary, properties: [(String, String)], headers: [(String, String)], body: [UInt8]?
    ) -> [String] {
        var head = TextTable([("", .left), ("", .left)])
        head.append(["letter", letter.id])
        head.append(["when", letter.time.map(FigureText.moment) ?? "not known"])
        head.append(["from", harmless(letter.origin ?? "nowhere: it was published to the dead letters", width: 300)])
        head.append(["reason", harmless(letter.reason, width: 2000)])
        head.append(["attempt", String(letter.attempt)])
        head.append(["size", "\(ByteCount(letter.size))"])
        for (name, value) in properties { head.append([harmless(name, width: 60), harmless(value, width: 300)]) }
        for (name, value) in headers { head.append(["header \(harmless(name, width: 60))", harmless(value, width: 1000)]) }
        return head.lines + [""] + (body.map(text) ?? ["(the body is too large to be shown)"])
    }

    /// A `letter` line; with more members behind it.
    package static func json(_ letter: DeadLetterSummary, _ more: [(String, JSONValue)] = []) -> JSONValue {
        SessionReport.object(
            [
                ("type", "letter"), ("id", .string(letter.id)), ("time", letter.time.map { .string($0.description) } ?? .null),
                ("messageType", text(letter.type)), ("session", text(letter.session)), ("origin", text(letter.origin)),
                ("reason", .string(letter.reason)), ("attempt", JSONValue(letter.attempt)), ("size", JSONValue(letter.size)),
            ] + more)
    }

    /// The members of a letter that is shown whole: its body as JSON where it is JSON, else as text, and whether it was cut.
    ///
    /// - Parameter body: nil: it was too large and is not here.
    package static func json(
        _ letter: DeadLetterSummary, properties: [(String, String)], headers: [(String, String)], body: [UInt8]?
    ) -> JSONValue {
        let isWhole = body.map { $0.count <= shownBytes } ?? false
        return json(
            letter,
            [
                ("properties", SessionReport.object(properties.map { ($0, .string($1)) })),
                ("headers", SessionReport.object(headers.map { ($0, .string($1)) })),
                ("body", body.map { (isWhole ? parsed($0) : nil) ?? .string(decoded($0)) } ?? .null),
                ("isBodyCut", JSONValue(!isWhole)),
            ])
    }

    private static func text(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }

    private static func text(of body: [UInt8]) -> [String] {
        if body.isEmpty { return ["(no body)"] }
        let isWhole = body.count <= shownBytes
        let text = (isWhole ? parsed(body)?.serialized(pretty: true) : nil) ?? decoded(body)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { harmless(String($0), width: shownBytes) }
        return lines + (isWhole ? [] : ["… cut after \(ByteCount(shownBytes))"])
    }

    /// Nil for what is no JSON.
    private static func parsed(_ body: [UInt8]) -> JSONValue? {
        do throws(JSONError) {
            return try JSONValue(parsing: body, maximumDepth: 100)
        } catch {
            return nil
        }
    }

    private static func decoded(_ body: [UInt8]) -> String { String(decoding: body.prefix(shownBytes), as: UTF8.self) }

    /// One line of so many characters at most, with escapes for what is no printable character: control characters steer terminals, and marks
    /// of direction reorder what is read.
    static func harmless(_ text: String, width: Int) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(width) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                line.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            default: line.append(scalar)
            }
        }
        return text.unicodeScalars.count > width ? String(line) + "…" : String(line)
    }
}
