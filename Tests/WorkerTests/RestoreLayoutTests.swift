import Elasticsearch
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

/// What a restore is told to do becomes of names, settings, aliases and conflicts, before anything is written.
@Suite struct RestoreLayoutTests {
    static let snapshot = SnapshotID(startedAt: Samples.time, session: Samples.session)
    static let time = snapshot.timeInNames

    private func source(
        _ name: String, settings: JSONValue = ["index.number_of_shards": "2"], aliases: JSONValue = [:], stream: String? = nil,
        missing: String? = nil
    ) -> RestoreLayout.Source {
        RestoreLayout.Source(
            definition: IndexDefinition(
                name: name, uuid: "u", numberOfShards: 2, settings: settings, strippedSettings: ["index.uuid"], aliases: aliases,
                dataStream: stream), missing: missing)
    }

    private func layout(
        _ sources: [RestoreLayout.Source], target: TargetNames = TargetNames(),
        _ change: (inout RestoreOptions) -> Void = { _ in }
    ) -> RestoreLayout {
        var options = RestoreOptions()
        change(&options)
        return RestoreLayout(sources, options: options, target: target, snapshot: Self.snapshot, mark: "abc", place: "es")
    }

    private func layout(
        _ name: String, on target: TargetNames, _ policy: ConflictPolicy, aliases: JSONValue = [:]
    ) -> RestoreLayout {
        layout([source(name, aliases: aliases)], target: target) { $0.conflict = policy }
    }

    // MARK: - Names

    @Test func indicesAreRenamedByExpressionThenPrefixAndSuffix() {
        let made = layout([source("logs-1"), source("orders")]) {
            $0.rename = RenameRule(pattern: "^logs-(.+)$", replacement: "old-$1", prefix: "p-", suffix: "-s")
        }
        #expect(made.indices.map(\.targetName) == ["p-old-1-s", "p-orders-s"])
        #expect(made.indices.map(\.name) == ["logs-1", "orders"] && made.problems.isEmpty)
    }

    @Test func aBackingIndexFollowsItsStreamEvenIfTheExpressionIsAnchored() {
        let made = layout([source(".ds-logs-2026.11.23-000001", stream: "logs"), source("adopted", stream: "logs")]) {
            $0.rename = RenameRule(pattern: "^logs$", replacement: "old")
        }
        #expect(made.indices.map(\.targetName) == [".ds-old-2026.11.23-000001", "adopted"])
        #expect(made.indices.allSatisfy { $0.dataStream == "old" })
    }

    @Test func twoIndicesMustNotGetOneName() {
        let made = layout([source("a1"), source("a2")]) { $0.rename = RenameRule(pattern: "\\d", replacement: "") }
        #expect(made.problems == ["indices a1 and a2 would have the same name, a; rename them apart"])
    }

    @Test(arguments: [
        ("A-", "has upper-case letters"), ("-", "begins with \"-\""), ("a b", "has \" \""), ("a:", "has \":\""),
        (String(repeating: "x", count: 250), "has 256 bytes, and 255 are the most"),
    ])
    func namesThatTheEnginesRefuseAreProblems(prefix: String, complaint: String) {
        let made = layout([source("orders")]) { $0.rename.prefix = prefix }
        #expect(made.problems.first?.contains(complaint) == true, "\(made.problems)")
    }

    // MARK: - Settings

    @Test func overridesWinNullLeavesOutAndPatternsIgnore() {
        let settings: JSONValue = [
            "index.number_of_shards": "2", "index.number_of_replicas": "1", "index.lifecycle.name": "p",
            "index.refresh_interval": "7s",
        ]
        let made = layout([source("a", settings: settings)]) {
            $0.indexSettings = ["index": ["number_of_replicas": 0], "refresh_interval": nil, "index.codec": "best_compression"]
            $0.ignoreIndexSettings = ["lifecycle.*", "index.number*"]
        }
        #expect(
            made.indices[0].definition.settings == [
                "index.number_of_shards": "2", "index.number_of_replicas": 0, "index.codec": "best_compression",
            ])
        #expect(
            made.indices[0].strippedSettings == [
                "index.uuid", "index.number_of_replicas", "index.lifecycle.name", "index.refresh_interval",
            ])
        #expect(made.indices[0].definition.finishingSettings["index.number_of_replicas"] == 0, "the override stays at the end")
        #expect(made.indices[0].definition.finishingSettings["index.refresh_interval"] == .null)
    }

    /// What `--ignoreType=settings` becomes.
    @Test func patternsBehindADashKeepSettings() {
        let settings: JSONValue = [
            "index.number_of_shards": "2", "index.number_of_replicas": "1", "index.analysis.analyzer.a.type": "custom",
        ]
        let made = layout([source("a", settings: settings)]) { $0.ignoreIndexSettings = ["index.*", "-analysis.*"] }
        #expect(
            made.indices[0].definition.settings == [
                "index.number_of_shards": "2", "index.analysis.analyzer.a.type": "custom",
            ])
    }

    // MARK: - Conflicts

    static let taken = TargetNames(indices: ["a": [:]], others: ["stream"])

    @Test(arguments: [
        (ConflictPolicy.fail, RestoreLayout.Action.conflict, "a"), (.skip, .skip, "a"), (.append, .append, "a"),
        (.overwrite, .overwrite, "a"), (.swapAlias, .swapAlias, "a-\(time)"),
    ])
    func eachPolicyHasItsActionForAnIndexThatIsThere(policy: ConflictPolicy, action: RestoreLayout.Action, name: String) {
        let made = layout("a", on: Self.taken, policy)
        #expect(made.indices.map(\.action) == [action] && made.indices.map(\.targetName) == [name])
        #expect(made.problems.isEmpty == (policy != .fail), "\(made.problems)")
        if policy == .fail { #expect(made.problems[0].hasPrefix("already there in es: a; ")) }
        let free = layout("b", on: Self.taken, policy)
        #expect(free.indices.map(\.action) == [policy == .swapAlias ? .swapAlias : .create] && free.problems.isEmpty)
    }

    @Test(arguments: [ConflictPolicy.fail, .append, .overwrite])
    func anAliasOrAStreamOfThatNameIsNoIndexToWriteTo(policy: ConflictPolicy) {
        let target = TargetNames(indices: ["x": ["a": [:]]], others: ["stream"])
        #expect(layout("a", on: target, policy).problems.first?.hasPrefix("a is an alias of x, ") == true)
        #expect(layout("stream", on: target, policy).problems.first?.hasPrefix("stream is a data stream, ") == true)
        #expect(layout("a", on: target, .skip).indices.map(\.action) == [.skip])
    }

    @Test func whatIsAppendedToOrSkippedGetsNoAliases() {
        for policy in [ConflictPolicy.append, .skip] {
            let made = layout("a", on: Self.taken, policy, aliases: ["all": [:]])
            #expect(made.indices[0].definition.aliases == [:] && made.indices[0].strippedSettings.isEmpty)
        }
    }

    @Test(arguments: ConflictPolicy.allCases)
    func aStreamIsLeftToWhoeverDecidesAboutItWhole(policy: ConflictPolicy) {
        let sources = [source(".ds-stream-1", stream: "stream"), source(".ds-stream-2", stream: "stream")]
        let layout = layout(sources, target: Self.taken) { $0.conflict = policy }
        #expect(layout.problems.isEmpty && layout.indices.map(\.action) == [.create, .create])
        #expect(layout.indices.map(\.dataStream) == ["stream", "stream"])
    }

    @Test func aSecondSwapOfOneSnapshotTakesAnotherName() {
        let once = TargetNames(indices: ["a-\(Self.time)": [:]])
        let second = layout("a", on: once, .swapAlias)
        #expect(second.indices.map(\.targetName) == ["a-\(Self.time)-abc"] && second.problems.isEmpty)
        #expect(second.notes.contains { $0.contains("is there from an earlier restore") })
        let twice = TargetNames(indices: ["a-\(Self.time)": [:], "a-\(Self.time)-abc": [:]])
        #expect(layout("a", on: twice, .swapAlias).problems.count == 1)
    }

    // MARK: - Aliases

    @Test func aliasesAreRenamedWithAllThatTheyAre() {
        let made = layout([source("a", aliases: ["all": ["is_write_index": true, "index_routing": "1"]])]) {
            $0.renameAlias = RenameRule(pattern: "^", replacement: "old-")
        }
        #expect(made.indices[0].definition.aliases == ["old-all": ["is_write_index": true, "index_routing": "1"]])
        let without = layout([source("a", aliases: ["all": [:]])]) { $0.includeAliases = false }
        #expect(without.indices[0].definition.aliases == [:])
    }

    @Test func anAliasCannotHaveTheNameOfAnIndex() {
        let target = TargetNames(indices: ["all": [:]])
        #expect(
            layout("a", on: target, .fail, aliases: ["all": [:]]).problems.first?.contains("since an index has the name") == true)
        let within = layout([source("a", aliases: ["b": [:]]), source("b")])
        #expect(within.problems.first?.contains("an index of this restore") == true)
        let swapped = layout("a", on: target, .swapAlias, aliases: ["all": [:], "other": [:]])
        #expect(swapped.problems.isEmpty && swapped.indices[0].definition.aliases == ["other": [:]])
        #expect(swapped.notes == ["alias all of index a cannot be made, since an index has the name"])
        #expect(
            layout("b", on: target, .swapAlias).notes == ["index b has no alias to move: it is found as b-\(Self.time) alone"])
    }

    @Test func anAliasIsWrittenThroughToOneIndex() {
        let writes: JSONValue = ["all": ["is_write_index": true]]
        let target = TargetNames(indices: ["x": writes])
        #expect(layout("a", on: target, .fail, aliases: writes).problems.first?.contains("is written through to x") == true)
        #expect(layout("x", on: target, .overwrite, aliases: writes).problems.isEmpty, "what is replaced does not count")
        #expect(layout("a", on: target, .swapAlias, aliases: writes).problems.first?.contains("is written through to x") == true)
        #expect(layout("x", on: target, .swapAlias, aliases: writes).problems.isEmpty, "the alias leaves x")
        let two = layout([source("a", aliases: writes), source("b", aliases: writes)])
        #expect(two.problems.first?.contains("a and b") == true)
        let plain = layout("a", on: TargetNames(indices: ["x": ["all": [:]]]), .fail, aliases: ["all": [:]])
        #expect(plain.problems.isEmpty && plain.notes.first?.contains("also points at x") == true)
    }

    @Test func aPartialSnapshotIsNoted() {
        let made = layout([source("a", missing: "shard 1 could not be read")])
        #expect(made.notes == ["index a of the snapshot is not whole: shard 1 could not be read"] && made.problems.isEmpty)
    }

    @Test func aSwapTellsWhoKeepsAnAlias() {
        let names = ["a", "a-20200101t000000z", "a-20200101t000000z-0a-b1c2d", "a-b", "x"]
        let target = TargetNames(indices: Dictionary(uniqueKeysWithValues: names.map { ($0, ["all": [:]]) }))
        let made = layout("a", on: target, .swapAlias, aliases: ["all": [:]])
        #expect(made.notes == ["alias all stays on a-b, x too, which this restore does not replace"] && made.problems.isEmpty)
    }

    @Test func aDryRunSaysWhatBecomesOfAStream() {
        let index = layout([source(".ds-stream-1", stream: "stream")]).indices[0]
        let planned = PlannedIndex(name: "", targetName: "", uuid: "", shards: 1, documents: 0, definition: "")
        func action(_ stream: PlannedObject.Action, _ planned: PlannedIndex?) -> RestoreLayout.Action {
            let object = PlannedObject(kind: .dataStreams, name: "old", targetName: "stream", action: stream)
            return RestoreDraft.action(index, planned: planned, [object])
        }
        #expect(action(.overwrite, planned) == .overwrite && action(.create, planned) == .create)
        #expect(action(.skip, nil) == .skip)
    }

    @Test func whatIsSkippedIsTold() {
        let made = layout([source("a"), source("b")], target: Self.taken) { $0.conflict = .skip }
        #expect(made.notes == ["left as they are, since they are there already (conflict: skip): a"])
    }

    @Test func loadAliasesOfOtherSessionsDoNotComeBack() {
        let one = "sheaf-\(String(repeating: "0a", count: 16))-12"
        let aliases: JSONValue = .object(
            [one, "sheaf-import-abc-0", "sheaf-orders", "sheaf-A-1"].map { .init(name: $0, value: [:]) })
        let made = layout("b", on: Self.taken, .fail, aliases: aliases)
        #expect(made.indices[0].definition.aliases == ["sheaf-orders": [:], "sheaf-A-1": [:]])
        #expect(made.notes.count == 2 && made.notes[0].contains(one), "\(made.notes)")
    }

    @Test(arguments: [".sheaf-", "sheaf-trial-"])
    func namesOfSheafsOwnAreProblems(prefix: String) {
        let made = layout([source("a")]) { $0.rename.prefix = prefix }
        #expect(made.problems == ["index a cannot be named \"\(prefix)a\": a name that is one of Sheaf's own is not allowed"])
    }
}
