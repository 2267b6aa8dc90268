import Messages
import Runtime
import Testing

/// Identifiers become object keys, alias names and routing keys: nothing outside their alphabets gets in.
@Suite struct IdentifierTests {
    @Test(arguments: ["a", "0", "4f0c-9a", String(repeating: "a", count: 64)])
    func plainIdentifiersAreAccepted(text: String) throws {
        #expect(SessionID(text)?.description == text)
        #expect(RepositoryID(text)?.description == text)
        #expect(try MessageCoding.decode(SessionID.self, from: Array("\"\(text)\"".utf8)).text == text)
    }

    @Test(arguments: [
        "", "A", "a b", "a/b", "..", "a.b", "a_b", "ä", "a*", "a#", "a\n", "a\u{0}", "ａ", String(repeating: "a", count: 65),
    ])
    func whatIsNotPlainIsRefused(text: String) throws {
        #expect(SessionID(text) == nil)
        #expect(RepositoryID(text) == nil)
        let json = Array(JSONValue.string(text).serialized().utf8)
        #expect(throws: (any Error).self) { try MessageCoding.decode(SessionID.self, from: json) }
        #expect(throws: (any Error).self) { try MessageCoding.decode(RepositoryID.self, from: json) }
    }

    @Test(arguments: [
        "latest", "20261123T140211Z", "20261123T140211Z-a/b", "20261123T140211Z-a.b", "20261123T140211Z-ä",
        "20261123T140211Z-" + String(repeating: "a", count: 80),
    ])
    func whatIsNoSnapshotIDIsRefused(text: String) throws {
        #expect(SnapshotID(text) == nil)
        let json = Array(JSONValue.string(text).serialized().utf8)
        #expect(throws: (any Error).self) { try MessageCoding.decode(SnapshotID.self, from: json) }
    }

    @Test func aSnapshotIsNamedByTheSecondInWhichItsSessionBegan() throws {
        let started = try Timestamp(parsing: "2026-11-23T14:02:11.987Z")
        let id = SnapshotID(startedAt: started, session: MessageSamples.session)
        #expect(id.text == "20261123T140211Z-\(MessageSamples.session)")
        #expect(SnapshotID(id.text) == id)
        #expect(id < SnapshotID(startedAt: started + .seconds(1), session: MessageSamples.session))
    }
}
