import Foundation
import Manifests
import Messages
import Runtime
import Sessions

@testable import Worker

/// A folder of programs, and a session whose hooks they are.
final class HookFixture {
    let folder: TemporaryFolder
    var command = Samples.command()
    var limit = Duration.seconds(20)
    var secrets: [Secret] = []
    var hasFolder = true

    init() throws { folder = try TemporaryFolder() }

    var path: String { folder.path }

    @discardableResult func write(_ name: String, _ text: String, mode: Int = 0o755) throws -> String {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    /// A shell script of the folder.
    func script(_ name: String, _ text: String) throws { try write(name, "#!/bin/sh\n\(text)\n") }

    func exec(_ words: String...) -> Hook {
        var hook = Hook()
        hook.exec = Hook.Exec(command: words)
        return hook
    }

    func run(
        _ hook: Hook, slot: HookSlot = .preBackup, status: StatusEvent? = nil, attempt: Int = 1, _ guardian: HookGuard = calm()
    ) throws -> HookReport {
        try run(.hook(hook, slot), status: status, attempt: attempt, guardian)
    }

    func run(
        _ action: SessionAction, status: StatusEvent? = nil, attempt: Int = 1, _ guardian: HookGuard = calm()
    ) throws -> HookReport {
        try HookRunner(
            action: action, command: command, attempt: attempt, folder: hasFolder ? path : nil, limit: limit,
            mask: SecretMask(secrets)
        ).run(HookSummary(command, status: status, startedAt: Samples.time, now: Samples.time + .seconds(5)), guardian)
    }

    /// Nothing speaks against going on.
    static func calm() -> HookGuard { interrupted() }

    static func interrupted(
        deadline: Timestamp? = nil, isOurs: @escaping @Sendable () -> Bool = { true },
        isDraining: @escaping @Sendable () -> Bool = { false }, isHinted: @escaping @Sendable () -> Bool = { false },
        isDecided: @escaping () throws -> Bool = { false },
        lookFailed: @escaping (any Error) -> Void = { _ in }
    ) -> HookGuard {
        HookGuard(
            deadline: deadline, isOurs: isOurs, isDraining: isDraining, isHinted: isHinted, isDecided: isDecided,
            lookFailed: lookFailed)
    }
}
