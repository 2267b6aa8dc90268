import Messages
import Runtime
import Testing

struct TaskParametersTests {
    private func parameters(_ params: (String, String)...) -> TaskParameters {
        TaskParameters(TaskRef(name: "t", params: params.map { .init(name: $0.0, value: $0.1) }))
    }

    @Test func matchIsReadAndTheOtherArgumentsAreListed() {
        let read = parameters(("args", " --match=^(?![.])(?!searchguard).+  --ignoreType template --quiet --limit=5 stray"))
        #expect(read.match == "^(?![.])(?!searchguard).+")
        #expect(read.unhonoured == ["--ignoreType=template", "--quiet", "--limit=5", "stray"])
        #expect(read.problems.isEmpty)
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
        ("allowEmpty", "yes"), ("includeSystem", ""),
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

    @Test func parametersOfStashAreQuietAndOthersAreNamed() {
        let read = parameters(("waitTimeout", "300"), ("outputDir", "/o"), ("ENABLE_DASHBOARD_BACKUP", "true"), ("index", "a"))
        #expect(read.unknown == ["index"])
        #expect(read.problems.isEmpty && read.unhonoured.isEmpty)
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
