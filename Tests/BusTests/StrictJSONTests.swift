import Messages
import Runtime
import Testing

@testable import Bus

/// JSON that nobody writes by accident.
@Suite struct StrictJSONTests {
    private func reason(_ data: String) throws -> String {
        let text = #"{"specversion":"1.0","id":"q1","source":"/s","type":"dev.sheaf.query.v1","data":\#(data)}"#
        let delivery = try makeDelivery(body: Array(text.utf8))
        do {
            _ = try delivery.event(Query.self, types: [.query])
            return ""
        } catch {
            return error.message
        }
    }

    @Test(
        arguments: [
            (#"{"repositories":{"a":1,"a":2}}"#, "a member comes twice in one object"),
            (#"{"sessions":{"limit":9007199254740993}}"#, "an integer is beyond 2^53"),
            (#"{"sessions":{"limit":-\#(String(repeating: "9", count: 400))}}"#, "an integer is beyond 2^53"),
            (String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000), "nested deeper than 64 levels"),
            ("[\u{0}]", "found byte 0"),
            (#"{"sessions":{}}"#, "data.sessions.limit is missing"),
            (#"{"sessions":{"limit":"SECRET"}}"#, "data.sessions.limit is of another type"),
            (#"{"SECRET WORDS":{}}"#, "data is "),
        ])
    func hostileJSONIsRefusedWithoutBeingRepeated(data: String, reason expected: String) throws {
        let reason = try reason(data)
        #expect(reason.hasPrefix("the body is not the JSON of such a message: ") && reason.contains(expected), "\(reason)")
        #expect(!reason.contains("SECRET"))
    }

    @Test func whatIsOnlyUnusualIsRead() throws {
        let nested = String(repeating: "[", count: 60) + "1e400, 9007199254740992" + String(repeating: "]", count: 60)
        #expect(try reason(#"{"repositories":{"unknown":\#(nested)}}"#) == "")
    }

    @Test func textThatIsNoUTF8IsRefused() throws {
        var body = try queryBody()
        let place = try #require(body.firstIndex(of: UInt8(ascii: "q")))
        body[place] = 0xFF
        let delivery = try makeDelivery(body: body)
        #expect(throws: PoisonError.self) { try delivery.event(Query.self, types: [.query]) }
    }

    @Test func whatAReasonRepeatsIsAPlainWord() {
        #expect(PoisonError.word("dev.sheaf.unit.v2") == "dev.sheaf.unit.v2")
        #expect(PoisonError.word("a\u{1B}[31m") == "(6 bytes that are no plain word)")
        #expect(PoisonError.word(String(repeating: "a", count: 121)) == "(121 bytes that are no plain word)")
    }
}
