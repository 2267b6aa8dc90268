import Runtime
import Testing

@testable import Console

/// Dead letters may hold anything.
@Suite struct DeadLetterTableTests {
    private let letter = DeadLetterSummary(
        id: "m1", time: Timestamp(secondsSinceEpoch: 1_764_000_000), type: "dev.sheaf.unit.v1", session: nil,
        origin: "sheaf.unit.backup", reason: "no JSON", attempt: 2, size: 1536)

    @Test func lettersStandInColumns() {
        #expect(
            DeadLetterTable.lines([letter]) == [
                "LETTER  WHEN                  TYPE               SESSION  FROM               ATTEMPT     SIZE  REASON",
                "m1      2025-11-24 16:00:00Z  dev.sheaf.unit.v1  -        sheaf.unit.backup        2  1.5 KiB  no JSON",
            ])
    }

    @Test func aBodyOfJSONIsLaidOut() {
        let lines = DeadLetterTable.details(
            letter, properties: [("type", "t")], headers: [("a", "1")], body: Array(#"{"a":[1]}"#.utf8))
        #expect(lines.suffix(5) == ["{", #"  "a": ["#, "    1", "  ]", "}"])
        #expect(lines.contains("header a  1"))
    }

    /// Escapes of a terminal, marks that turn the direction of writing, line breaks in one cell.
    @Test(arguments: ["\u{1B}[2J", "\u{202E}", "\n", "\u{9B}31m", "\u{7}"])
    func nothingSteersTheTerminal(text: String) {
        var letter = letter
        (letter.reason, letter.type, letter.session, letter.origin) = (text, text, text, text)
        let lines =
            DeadLetterTable.lines([letter])
            + DeadLetterTable.details(letter, properties: [(text, text)], headers: [(text, text)], body: Array("x\(text)".utf8))
        for scalar in lines.joined().unicodeScalars {
            #expect(scalar.properties.generalCategory != .control && scalar.properties.generalCategory != .format)
        }
    }

    @Test func aHugeBodyIsCut() throws {
        let body = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        let lines = DeadLetterTable.details(letter, properties: [], headers: [], body: body)
        #expect(lines.joined().utf8.count < DeadLetterTable.shownBytes + 1000 && lines.last == "… cut after 64 KiB")
        let json = DeadLetterTable.json(letter, properties: [], headers: [], body: body)
        #expect(json["body"]?.string?.utf8.count == DeadLetterTable.shownBytes && json["isBodyCut"] == true)
    }

    @Test func aBodyThatWasTooLargeToReadIsToldAndNotShown() {
        let lines = DeadLetterTable.details(letter, properties: [], headers: [], body: nil)
        #expect(lines.last == "(the body is too large to be shown)" && lines.contains { $0.contains("1.5 KiB") })
        let json = DeadLetterTable.json(letter, properties: [], headers: [], body: nil)
        #expect(json["body"] == .null && json["isBodyCut"] == true && json["size"] == 1536)
    }

    @Test func aLineHoldsAllFields() {
        let json = DeadLetterTable.json(letter, properties: [("type", "t")], headers: [], body: Array("[1]".utf8))
        #expect(
            json.members?.map(\.name) == [
                "type", "id", "time", "messageType", "session", "origin", "reason", "attempt", "size", "properties", "headers",
                "body", "isBodyCut",
            ])
        #expect(json["type"] == "letter" && json["session"] == .null && json["body"] == [1])
    }
}
