import Messages
import Runtime
import Testing

struct TaskParametersTests {
    private func parameters(_ params: (String, String)...) -> TaskParameters {
        TaskParameters(TaskRef(name: "t", params: params.map { .init(name: $0.0, value: $0.1) }))
    }

    private func sentences(_ kind: SessionKind, _ params: (String, String)...) -> [String] {
        TaskParameters(TaskRef(name: "t", params: params.map { .init(name: $0.0, value: $0.1) })).remarks(for: kind).map(
            \.sentence)
    }

    @Test func matchIsReadAndWhatHasNoMeaningIsSaid() {
        let args = ("args", " --match=^(?![.])(?!searchguard).+  --ignoreType template --quiet --limit=5 stray")
        let read = parameters(args)
        #expect(read.match == "^(?![.])(?!searchguard).+" && read.problems.isEmpty && read.leavesOutTemplates)
        for kind in SessionKind.allCases {
            #expect(
                sentences(kind, args) == [
                    "--quiet has no effect: it has no meaning here",
                    "--limit=5 has no effect: pages go by bytes, not by a number of documents",
                    "a word in args that belongs to no flag has no effect: it has no meaning here",
                ])
        }
    }

    /// Stash's manifest for a restore into another distribution.
    @Test func typesThatARestoreLeavesOutAreLeftOut() {
        let read = parameters(("ignoreIndexSettings", "index.codec"), ("args", "--ignoreType=settings,template"))
        #expect(read.restore.ignoreIndexSettings == ["index.codec", "index.*", "-index.analysis.*"])
        #expect(!read.restoredObjects.mayTake(.legacyTemplates) && !read.restoredObjects.mayTake(.indexTemplates))
        #expect(!read.restoredObjects.mayTake(.componentTemplates) && read.restoredObjects.mayTake(.ingestPipelines))
        #expect(read.restore.includeAliases && sentences(.restore, ("args", "--ignoreType=settings,template")).isEmpty)
        #expect(sentences(.backup, ("args", "--ignoreType=settings,template")).count == 1)
        #expect(!read.savedObjects.mayTake(.legacyTemplates) && read.savedObjects.mayTake(.clusterSettings))
        #expect(
            parameters(("objects", "indexTemplates,scripts"), ("args", "--ignoreType=template")).savedObjects.mayTake(.scripts))
    }

    @Test func typesThatAreIncludedLeaveOutTheOthers() {
        let read = parameters(("args", "--includeType=data,mapping,settings"))
        #expect(!read.restore.includeAliases && read.leavesOutTemplates && read.restore.ignoreIndexSettings.isEmpty)
        #expect(read.problems.isEmpty && read.remarks(for: .restore).isEmpty)
        #expect(
            sentences(.restore, ("args", "--includeType=mapping,settings,template,alias")) == [
                "--includeType=mapping,settings,template,alias (data) has no effect: documents and mappings are always taken"
            ])
    }

    @Test(arguments: ["--includeType=", "--includeType", "--ignoreType=", "--ignoreType --match=a", "--includeType=,"])
    func aListOfTypesThatIsEmptyIsRefused(args: String) {
        let read = parameters(("args", args))
        #expect(read.problems.map(\.parameter) == ["args"] && !read.leavesOutTemplates && read.restore == RestoreOptions())
    }

    /// They stand in conditions and events, where others read them.
    @Test(arguments: [
        #"--headers={"Authorization":"Basic_abc"}"#, #"--headers {"Authorization": "Basic_abc"}"#,
        #"--headers={"Authorization": "Basic_abc", "X": "Basic_abc"}"#, "--httpAuthFile=Basic_abc", "Basic_abc=1",
    ])
    func whatAnUnknownFlagIsGivenIsNotShown(args: String) {
        let said = sentences(.backup, ("args", args))
        #expect(!said.isEmpty && !said.contains { $0.contains("abc") || $0.contains("Authorization") }, "\(said)")
    }

    @Test func aSearchBodySaysNothingToARestore() {
        let args = ("args", #"--searchBody={"query":{"match_all":{}}}"#)
        #expect(sentences(.restore, args) == ["--searchBody has no effect: a snapshot is restored whole"])
        #expect(sentences(.backup, args).isEmpty)
    }

    @Test func multielasticdumpsPrefixIsTheRestores() {
        let read = parameters(("args", "--prefix=old- --suffix -x"))
        #expect(read.restore.rename == RenameRule(prefix: "old-", suffix: "-x") && read.restore.renameAlias.prefix == "old-")
        #expect(read.remarks(for: .restore).isEmpty && read.remarks(for: .backup).count == 2)
    }

    @Test(arguments: ["--match ^a=b$", "--match=x --match=^a=b$"])
    func matchMayStandApartAndTheLastWins(args: String) {
        #expect(parameters(("args", args)).match == "^a=b$")
    }

    @Test func indicesAreIncludedOrExcluded() {
        let read = parameters(("indices", "logs-*, orders-*,-logs-debug-*,,-.tmp*"))
        #expect(read.include == ["logs-*", "orders-*"])
        #expect(read.exclude == ["logs-debug-*", ".tmp*"])
    }

    @Test func flagsAreReadWithoutRegardToCase() {
        let read = parameters(("allowEmpty", "true"), ("includeSystem", "True"))
        #expect(read.allowEmpty && read.includeSystem)
        #expect(TaskParameters(nil) == TaskParameters())
    }

    @Test(arguments: [
        ("args", "--match"), ("args", "--match="), ("indices", "Logs-*"), ("indices", "a b"), ("indices", "a,-"),
        ("allowEmpty", "yes"), ("includeSystem", ""), ("args", "--ignoreType=templates"), ("waitTimeout", "5m"),
        ("waitTimeout", "-1"), ("waitTimeout", "18001"),
    ])
    func whatCannotBeMeantIsAProblem(name: String, value: String) {
        let read = parameters((name, value))
        #expect(read.problems.map(\.parameter) == [name])
    }

    /// Each page evaluates the query anew, so its documents would change while they are read.
    @Test(arguments: [
        (#"{"range":{"ts":{"gte":"now-1h"}}}"#, true), (#"{"bool":{"filter":[{"range":{"ts":{"lt":"now/d"}}}]}}"#, true),
        (#"{"range":{"ts":{"gte":"2026-01-01"}}}"#, false), (#"{"term":{"state":"now"}}"#, false),
    ])
    func aQueryMustNotMove(query: String, isRefused: Bool) {
        #expect(parameters(("query", query)).problems.map(\.parameter) == (isRefused ? ["query"] : []))
        #expect(parameters(("args", "--searchBody={\"query\":\(query)}")).problems.isEmpty == !isRefused)
    }

    @Test func parametersOfStashAreReadOrNamed() {
        let quiet = parameters(
            ("waitTimeout", "300"), ("ENABLE_DASHBOARD_BACKUP", "false"), ("enableCache", "true"), ("index", "a"))
        #expect(quiet.unknown == ["index"] && quiet.waitSeconds == 300)
        #expect(quiet.problems.isEmpty && quiet.remarks.isEmpty)
        let named = parameters(("outputDir", "/o"), ("ENABLE_DASHBOARD_RESTORE", "true"))
        #expect(named.remarks.map(\.parameter) == ["outputDir", "ENABLE_DASHBOARD_RESTORE"] && named.unknown.isEmpty)
    }

    @Test func theParametersOfARestoreAreRead() {
        let read = parameters(
            ("renameReplacement", "old-$1"), ("renamePattern", "^(.+)$"), ("prefix", "p-"), ("suffix", "-s"),
            ("renameAliasPattern", "a"), ("includeAliases", "false"), ("conflict", "swap-alias"), ("objectConflict", "overwrite"),
            ("indexSettings", #"{"index":{"codec":"default"}}"#), ("ignoreIndexSettings", "index.lifecycle.*, refresh_interval"))
        #expect(read.problems.isEmpty && read.unknown.isEmpty, "\(read.problems)")
        #expect(read.restore.rename == RenameRule(pattern: "^(.+)$", replacement: "old-$1", prefix: "p-", suffix: "-s"))
        #expect(read.restore.renameAlias == RenameRule(pattern: "a", prefix: "p-", suffix: "-s"))
        #expect(!read.restore.includeAliases && read.restore.conflict == .swapAlias && read.restore.objectConflict == .overwrite)
        #expect(read.restore.ignoreIndexSettings == ["index.lifecycle.*", "refresh_interval"])
        #expect(RestoreOptions.flattened(read.restore.indexSettings) == [.init(name: "index.codec", value: "default")])
    }

    @Test(arguments: [
        ([("renamePattern", "(a")], "renamePattern"),
        ([("renamePattern", "a"), ("renameReplacement", "$1")], "renameReplacement"),
        ([("renameReplacement", "x")], "renameReplacement"), ([("renameAliasPattern", "[")], "renameAliasPattern"),
        ([("conflict", "merge")], "conflict"), ([("objectConflict", "append")], "objectConflict"),
        ([("indexSettings", "{")], "indexSettings"), ([("indexSettings", #"{"number_of_shards":3}"#)], "indexSettings"),
        ([("indexSettings", #"{"index":{"number_of_shards":null}}"#)], "indexSettings"),
        ([("indexSettings", #"{"settings":{"index":{"refresh_interval":"9s"}}}"#)], "indexSettings"),
        ([("indexSettings", #"{"mappings":{}}"#)], "indexSettings"),
        ([("ignoreIndexSettings", "index.number_of_shards")], "ignoreIndexSettings"),
    ])
    func whatARestoreCannotDoIsAProblem(params: [(String, String)], parameter: String) {
        let read = TaskParameters(TaskRef(name: "t", params: params.map { .init(name: $0.0, value: $0.1) }))
        #expect(read.problems.map(\.parameter) == [parameter], "\(read.problems)")
    }
}
