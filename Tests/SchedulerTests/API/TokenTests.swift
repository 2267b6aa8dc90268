import API
import FoundationEssentials
import Runtime
import Testing

@testable import Scheduler

@Suite struct TokenTests {
    private let logger = Logger(label: "test", level: .critical, handler: JSONLogHandler())

    @Test func aTokenIsItsActor() throws {
        let (first, second) = (try TokenFile.newToken(), try TokenFile.newToken())
        #expect(first != second && first.count == 49)
        let lines = [
            "# who may", "", try TokenFile.line(name: "ops", roles: [.operator, .restorer], token: first),
            try TokenFile.line(name: "eyes", roles: [.viewer], token: second),
        ]
        let file = try TokenFile(parsing: lines.joined(separator: "\n"))
        let ops = try #require(try file.actor(of: first))
        #expect(ops.name == "ops" && ops.may(.viewer) && ops.may(.operator) && ops.may(.restorer) && !ops.may(.admin))
        let eyes = try #require(try file.actor(of: second))
        #expect(eyes.may(.viewer) && !eyes.may(.operator) && !eyes.may(.restorer))
        #expect(Role.allCases.allSatisfy(Actor(name: "a", roles: [.admin]).may))
        for wrong in ["", first.lowercased(), first + " ", String(first.dropLast())] {
            #expect(try file.actor(of: wrong) == nil, "\(wrong)")
        }
        #expect(!lines.joined().contains(first), "only a digest is kept")
    }

    @Test(arguments: [
        ("ops operator", "expected NAME"), ("ops king \(String(repeating: "0", count: 64))", "king is not a role"),
        ("ops , \(String(repeating: "0", count: 64))", "no role"), ("ops viewer 123", "no SHA-256"),
        ("ops viewer \(String(repeating: "A", count: 64))", "no SHA-256"),
        ("a viewer \(String(repeating: "0", count: 64))\nb admin \(String(repeating: "0", count: 64))", "twice"),
    ])
    func aMistakeIsNamedWithItsLine(_ text: String, _ cause: String) {
        let mistake = #expect(throws: TokenFile.Mistake.self) { try TokenFile(parsing: "\n" + text) }
        #expect(mistake?.description.contains(cause) == true, "\(String(describing: mistake))")
        #expect(mistake?.line == text.split(separator: "\n").count + 1)
    }

    @Test func theFirstStartMakesATokenAndAMistakeKeepsTheOldOnes() throws {
        let folder = try TemporaryFolder()
        let store = try TokenStore(path: nil, state: folder.path, logger: logger)
        let token = try SecretFile.read(folder.path + "/admin-token")
        #expect(store.actor(of: token)?.may(.admin) == true)
        for name in ["tokens", "admin-token"] {
            let mode = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(name)")[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(name)")
        }
        // The next start changes nothing.
        #expect(try TokenStore(path: nil, state: folder.path, logger: logger).actor(of: token) != nil)

        let other = try TokenFile.newToken()
        try TokenStore.write(try TokenFile.line(name: "b", roles: [.viewer], token: other) + "\n", to: folder.path + "/tokens")
        #expect(store.actor(of: token) == nil && store.actor(of: other)?.name == "b")
        try TokenStore.write("b viewer nonsense\n", to: folder.path + "/tokens")
        #expect(store.actor(of: other)?.name == "b")
        #expect(throws: SchedulerError.self) { try TokenStore(path: nil, state: folder.path, logger: logger) }
        #expect(throws: SchedulerError.self) { try TokenStore(path: folder.path + "/none", state: folder.path, logger: logger) }
    }

    @Test func aPauseIsKeptAndAFileThatCannotBeReadIsNoFile() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/pauses.json"
        let plan = PlanName(namespace: "demo", name: "nightly")
        let pauses = try PauseFile(path: path)
        #expect(pauses.isEmpty && pauses[plan] == nil)
        let pause = Plan.Pause(by: "ops", at: Timestamp(millisecondsSinceEpoch: 1_000))
        try pauses.set(pause, of: plan)
        #expect(try PauseFile(path: path)[plan] == pause)
        try pauses.set(nil, of: plan)
        #expect(try PauseFile(path: path).isEmpty)
        try Data("[{".utf8).write(to: URL(filePath: path))
        #expect(throws: SchedulerError.self) { try PauseFile(path: path) }
    }
}
