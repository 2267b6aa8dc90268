import Runtime
import Testing

@testable import Elasticsearch

struct IndexSelectionTests {
    @Test(arguments: [
        ("", "logs", true), ("", ".kibana", false), ("*", ".kibana", false), (".kib*", ".kibana", true), ("*", ".sheaf", false),
        (".sheaf*", ".sheaf-1", false), ("logs-*,-logs-old-*", "logs-1", true), ("logs-*,-logs-old-*", "logs-old-1", false),
        ("a*b*c", "a1b2c", true), ("a*b*c", "a1b2", false), ("a*b*c", "abcbc", true), ("logs", "logs-1", false),
        ("_all", "x", true),
    ]) func readsElasticsearchPatterns(_ expression: String, _ name: String, _ isSelected: Bool) throws {
        #expect(try IndexSelection(expression: expression).matcher().selects(name) == isSelected)
    }

    @Test func takesStashsRegularExpression() throws {
        let matcher = try IndexSelection(match: "^(?![.])(?!searchguard).+").matcher()
        #expect(matcher.selects("books") && !matcher.selects("searchguard") && !matcher.selects(".kibana"))
        #expect(
            matcher.selects("searchguard", aliases: ["guard"]) && !matcher.selects("searchguard", aliases: [".a", "searchguard"]))
        expectFailure(.badRequest) { _ = try IndexSelection(match: "(").matcher() }
    }

    @Test func anAliasAloneIsKnownAsSuch() throws {
        let matcher = try IndexSelection(match: "^(?!secret).+").matcher()
        #expect(matcher.aliasAlone("secret-1", aliases: ["secret", "current"]) == "current")
        #expect(matcher.aliasAlone("books", aliases: ["current"]) == nil)
        #expect(matcher.aliasAlone(".ds-a", dataStream: "logs", aliases: ["current"]) == nil)
        #expect(try IndexSelection().matcher().aliasAlone("books", aliases: ["current"]) == nil)
    }

    @Test func hiddenIndicesOfDataStreamsCountAsData() throws {
        let matcher = try IndexSelection(include: ["metrics-*"]).matcher()
        #expect(matcher.selects(".ds-metrics-a-000001", dataStream: "metrics-a"))
        #expect(!matcher.selects(".ds-logs-a-000001", dataStream: "logs-a"))
        #expect(!matcher.selects(".ds-metrics-a-000001"))
    }
}

struct IndexSettingsTests {
    @Test func settingsAreFlattened() {
        let nested: JSONValue = ["index": ["a": "1", "analysis": ["filter": ["f": ["stopwords": ["x", "y"]]]]], "b.c": "2"]
        #expect(
            IndexSettings.flattened(nested) == [
                "index.a": "1", "index.analysis.filter.f.stopwords": ["x", "y"], "index.b.c": "2",
            ])
    }

    @Test func lateSettingsWaitForTheEnd() {
        let definition = IndexDefinition(
            name: "i", uuid: "u", numberOfShards: 1,
            settings: [
                "index.number_of_shards": "1", "index.number_of_replicas": "2", "index.final_pipeline": "p",
                "index.blocks.write": "true", "index.lifecycle.name": "l",
            ])
        #expect(definition.creationSettings == ["index.number_of_shards": "1"])
        #expect(
            definition.finishingSettings == [
                "index.number_of_replicas": "2", "index.final_pipeline": "p", "index.blocks.write": "true",
                "index.lifecycle.name": "l", "index.refresh_interval": nil,
            ])
    }
}

struct PageSizerTests {
    @Test func growsToTheTargetAndNoFurther() {
        var sizer = PageSizer()
        #expect(sizer.size == 10)
        var sizes: [Int] = []
        for _ in 0..<5 {
            sizer.record(documents: sizer.size, bytes: sizer.size * 500)
            sizes.append(sizer.size)
        }
        #expect(sizes == [80, 640, 5_120, 10_000, 10_000])
        sizer.record(documents: 10_000, bytes: 10_000 * 50_000)
        #expect(sizer.size == 100)
        sizer.record(documents: 1, bytes: 90_000_000)
        #expect(sizer.size == 1)
    }

    @Test func keepsTheIndexsWindowAndComesBackFromARefusal() {
        var sizer = PageSizer(maximum: 100)
        for _ in 0..<3 { sizer.record(documents: 10, bytes: 100) }
        #expect(sizer.size == 100)
        let isSmaller = sizer.recordRefusal()
        #expect(isSmaller && sizer.size == 50)
        sizer.record(documents: 50, bytes: 500)
        #expect(sizer.size == 50)
        for _ in 0..<20 { sizer.record(documents: 50, bytes: 500) }
        #expect(sizer.size == 100)
        let refusals = (0..<7).map { _ in sizer.recordRefusal() }
        #expect(refusals == [true, true, true, true, true, true, false] && sizer.size == 1)
    }

    @Test func anEmptyPageChangesNothing() {
        var sizer = PageSizer()
        sizer.record(documents: 0, bytes: 100)
        #expect(sizer == PageSizer())
    }
}

struct BulkLineTests {
    @Test(arguments: [("{\"a\":1}", true), ("{\n}", false), ("{}\r", false), ("{\r}", true), ("", false)])
    func tellsWhichSourcesALineCanCarry(_ source: String, _ canBeCarried: Bool) {
        #expect(Array(source.utf8).withUnsafeBytes { BulkLine.canCarry(source: $0) } == canBeCarried)
    }
}

struct EncodingTests {
    @Test(arguments: [("a-b_c~d.e", "a-b_c~d.e"), ("..", "%2E%2E"), ("a/b c+é%", "a%2Fb%20c%2B%C3%A9%25")])
    func idsBecomePathSegments(_ text: String, _ encoded: String) {
        #expect(percentEncoded(text) == encoded)
    }
}
