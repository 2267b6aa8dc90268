import Messages
import Runtime
import Testing

@testable import Console

struct RestorePlanTableTests {
    private let snapshot: SnapshotID

    init() throws { snapshot = try #require(SnapshotID("20261123T140211Z-4f0c9a3d2b1e8f7a6c5d4e3f2a1b0c9d")) }

    private var preview: RestorePreview {
        RestorePreview(
            snapshot: snapshot, target: "demo/es",
            indices: [
                .init(
                    name: "logs-1", targetName: "old-logs-1", documents: 336_776, bytes: 145_000_000, action: "create",
                    strippedSettings: ["index.lifecycle.name", "index.uuid"], aliases: ["all", "logs"]),
                .init(name: "orders", targetName: "orders", documents: 12, bytes: 2_000, action: "skip"),
            ], objects: [.init(kind: .indexTemplates, name: "logs", action: "unchanged")],
            notes: ["argument --quiet has no meaning here"],
            problems: ["already there in AppBinding demo/es: orders"])
    }

    @Test func everythingStandsInColumns() {
        #expect(
            RestorePlanTable.lines(preview, width: nil) == [
                "snapshot \(snapshot) to demo/es: 1 index, 336,776 documents, \(ByteCount(145_000_000))", "",
                "ACTION  INDEX   NEW NAME       DOCS     SIZE", "create  logs-1  old-logs-1  336,776  \(ByteCount(145_000_000))",
                "    aliases: all, logs", "    left out: index.lifecycle.name, index.uuid",
                "skip    orders                   12  \(ByteCount(2_000))", "", "ACTION     KIND            OBJECT",
                "unchanged  indexTemplates  logs", "", "note: argument --quiet has no meaning here", "",
                "problem: already there in AppBinding demo/es: orders",
            ])
    }

    @Test(arguments: [40, 60, 80, 200])
    func noLineIsWiderThanTheTerminal(width: Int) {
        var wide = preview
        let long = String(repeating: "a-very-long-name-", count: 8)
        wide.indices[0].name = long
        wide.indices[0].targetName = "renamed-" + long
        wide.indices[0].aliases = (0..<30).map { "alias-\($0)" } + [long]
        wide.objects[0].name = long
        wide.problems = [String(repeating: "word ", count: 60)]
        let lines = RestorePlanTable.lines(wide, width: width)
        #expect(lines.allSatisfy { $0.count <= width }, "\(lines.joined(separator: "\n"))")
        #expect(lines.joined().contains("alias-29"), "nothing is cut off but names")
    }

    @Test func programsGetTheSame() {
        let json = RestorePlanTable.json(preview)
        #expect(json["type"] == "restorePlan" && json["documents"] == 336_776 && json["problems"]?.array?.count == 1)
        #expect(json[path: ["indices"]]?[0]?["targetName"] == "old-logs-1" && json["indices"]?[1]?["dataStream"] == .null)
    }
}
