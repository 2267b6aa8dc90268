import Messages
import Pages
import Testing

@Suite struct RestoreChoiceTests {
    let samples = Samples()

    func asked(_ choice: RestoreChoice) -> RestoreSession? {
        choice.restore(snapshot: samples.snapshotID(ago: 0), namespace: "shop", repository: "local")
    }

    @Test func aChoiceIsItsFieldsAndBack() {
        var choice = samples.choice
        choice.includesAliases = false
        choice.conflict = .swapAlias
        choice.renamePattern = " ^a(.*) "
        choice.objects = .all
        let fields = Dictionary(uniqueKeysWithValues: choice.fields.map { ($0.name, $0.value) })
        #expect(RestoreChoice { fields[$0] } == choice)
    }

    @Test func aRestoreNamesSnapshotTargetAndWhatDiffersFromTheUsual() throws {
        let restore = try #require(asked(samples.choice))
        #expect(restore.rule?.snapshots == [samples.snapshotID(ago: 0).text])
        #expect(restore.targetKey.description == "AppBinding test/orders")
        #expect(restore.repositoryKey.description == "Repository shop/local")
        #expect(
            restore.spec.task?.params == [.init(name: "indices", value: "orders"), .init(name: "prefix", value: "restored-")])
        #expect(TaskParameters(restore.spec.task).problems.isEmpty)
        #expect(TaskParameters(restore.spec.task).unknown.isEmpty)
    }

    @Test func everyParameterIsOneThatRestoresKnow() throws {
        var choice = samples.choice
        choice.suffix = "-old"
        choice.renamePattern = "^x"
        choice.conflict = .overwrite
        choice.includesAliases = false
        choice.objects = .none
        let parameters = TaskParameters(try #require(asked(choice)).spec.task)
        #expect(parameters.problems.isEmpty && parameters.unknown.isEmpty)
        #expect(parameters.restore.conflict == .overwrite)
        #expect(!parameters.restore.includeAliases)
        #expect(parameters.restore.rename.suffix == "-old")
        #expect(parameters.restoredObjects == .none)
    }

    @Test func theSameChoiceIsTheSameRestore() {
        #expect(asked(samples.choice) == asked(samples.choice))
    }

    @Test(arguments: ["", "es", "/es", "shop/"]) func whatNamesNoTargetIsNoRestore(_ target: String) {
        var choice = samples.choice
        choice.target = target
        #expect(asked(choice) == nil)
    }
}
