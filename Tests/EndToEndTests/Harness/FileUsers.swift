import Foundation
import HTTP
import Runtime
import Testing

/// Users and roles of the secured engine, in the files of its configuration, which it reads anew within seconds.
///
/// Not by `_security`: the shipped engine lacks a token filter that its own index of users needs.
struct FileUsers {
    /// A user and what its one role of the same name may, in the words of Elasticsearch's API of roles.
    struct User {
        let name: String
        var role: JSONValue
    }

    static let password = "pass-of-a-file-user"

    /// Runs the body while the engine knows the users; the files are as before afterwards.
    static func use(_ users: [User], of engine: Engine, _ body: () async throws -> Void) async throws {
        let folder = try configurationFolder()
        let lines: [(file: String, text: String)] = [
            ("roles.yml", users.map { "\($0.name): \($0.role.serialized())\n" }.joined()),
            ("users", users.map { "\($0.name):\(password)\n" }.joined()),
            ("users_roles", users.map { "\($0.name):\($0.name)\n" }.joined()),
        ]
        let before = try lines.map { try String(contentsOfFile: "\(folder)/\($0.file)", encoding: .utf8) }
        var failure: (any Error)?
        do {
            for (line, text) in zip(lines, before) { try write(text + line.text, to: "\(folder)/\(line.file)") }
            for user in users { try await engine.awaitLogin(user.name, password: password) }
            try await body()
        } catch {
            failure = error
        }
        for (line, text) in zip(lines, before) { try write(text, to: "\(folder)/\(line.file)") }
        if let failure { throw failure }
    }

    /// Beside the certificate of the authority, where `engines/start` unpacks the engine.
    private static func configurationFolder() throws -> String {
        let variable = TestServer.secureElasticsearch.rawValue + "_CA"
        let authority = try #require(Surroundings.environment[variable], "\(variable) is not set")
        let folder = URL(filePath: authority).deletingLastPathComponent().path
        let home = try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasPrefix("elasticsearch-") }
        return "\(folder)/\(try #require(home, "there is no engine in \(folder)"))/config"
    }

    /// In place: the file keeps its owner, and the engine may read it.
    private static func write(_ text: String, to path: String) throws {
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }
}

extension Engine {
    /// Waits until the engine has read its files and the role is known with the user.
    func awaitLogin(_ user: String, password: String) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let login = "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
            let answer = try send("GET", "/_security/user/_privileges", as: login)
            let granted = answer.isSuccess ? try JSONValue(parsing: answer.body) : .null
            if granted["indices"]?.array?.isEmpty == false { return }
            guard .now < deadline else { throw Refused(message: "the engine does not know the file user \(user)") }
            await Task.yield()
        }
    }
}
