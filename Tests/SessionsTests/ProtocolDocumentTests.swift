import FoundationEssentials
import Messages
import Runtime
import Testing

@testable import Sessions

/// The entries that docs/protocol.md shows are entries that this program reads, whole.
@Suite struct ProtocolDocumentTests {
    static let names: [String: EntryName] = [
        "begin": .begin, "plan": .plan, "view/0/0": .view(slice: 0, epoch: 0), "part/0/0-0": .part(slice: 0, epoch: 0, number: 0),
        "done/0/0": .done(slice: 0, epoch: 0), "outcome": .outcome, "view/1000000/0": .claim(0),
    ]

    @Test func theExamplesAreEntriesAndShowEveryField() throws {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
        let document = String(decoding: try Data(contentsOf: URL(filePath: "\(root)/docs/protocol.md")), as: UTF8.self)
        var seen: Set<String> = []
        for block in document.matches(of: /```json (\S+)\n([^`]*)```/) {
            let title = String(block.output.1)
            let name = try #require(Self.names[title], "\(title) is no entry")
            #expect(name.description == title)
            let example = try JSONValue(parsing: Array(block.output.2.utf8))
            let entry = try EntryCoding.decode(Array(block.output.2.utf8), at: name)
            let written = try JSONValue(parsing: try EntryCoding.encode(entry))
            #expect(example.serialized(sortedKeys: true) == written.serialized(sortedKeys: true), "\(title)")
            seen.insert(title)
        }
        #expect(seen == Set(Self.names.keys))
    }
}
