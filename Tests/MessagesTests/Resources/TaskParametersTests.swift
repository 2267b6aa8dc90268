import Messages
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

    @Test func parametersOfStashAreQuietAndOthersAreNamed() {
        let read = parameters(("waitTimeout", "300"), ("outputDir", "/o"), ("ENABLE_DASHBOARD_BACKUP", "true"), ("index", "a"))
        #expect(read.unknown == ["index"])
        #expect(read.problems.isEmpty && read.unhonoured.isEmpty)
    }
}
