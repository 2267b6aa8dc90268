import Foundation
import Glibc
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

/// Hooks that are programs: real processes.
@Suite struct HookProgramTests {
    let fixture: HookFixture

    init() throws { fixture = try HookFixture() }

    @Test func aProgramGetsItsArgumentsItsEnvironmentAndNothingElse() throws {
        setenv("SHEAF_SECRET_ES_PASSWORD", "the worker's own", 1)
        let output = "\(fixture.path)/output"
        try fixture.script("show", "{ printf '<%s>' \"$@\"; pwd; env; cat; ls /proc/self/fd; } > \(output)")
        let report = try fixture.run(fixture.exec("show", "a b", "{{ .Status.Phase | lower }}", "$HOME;*"), attempt: 3)
        #expect(report.succeeded && report.message == "hook preBackup: show ended with code 0", "\(report)")
        let text = try String(contentsOfFile: output, encoding: .utf8)
        let first = try #require(text.split(separator: "\n").first)
        #expect(first == "<a b><running><$HOME;*>\(try #require(realpath(fixture.path)))")
        let lines = Set(text.split(separator: "\n").dropFirst().map(String.init))
        #expect(lines.isSuperset(of: ["SHEAF_SESSION=abc", "SHEAF_ATTEMPT=3", "SHEAF_HOOK=preBackup"]), "\(lines)")
        let names = lines.filter { $0.contains("=") }.map { String($0.prefix { $0 != "=" }) }
        // The shell adds some of its own.
        #expect(
            Set(names).isSubset(of: ["PATH", "SHEAF_SESSION", "SHEAF_ATTEMPT", "SHEAF_HOOK", "PWD", "_", "SHLVL", "OLDPWD"]),
            "\(names)")
        // Standard input, the two outputs, and what ls itself has open; nothing of the worker's.
        #expect(lines.filter { Int($0) != nil }.isSubset(of: ["0", "1", "2", "3"]), "\(lines)")
    }

    private func realpath(_ path: String) -> String? { Glibc.realpath(path, nil).map { String(cString: $0) } }

    @Test func aProgramThatFailsIsQuotedWithoutTheSecretsOfTheSession() throws {
        fixture.secrets = [
            Secret(metadata: ObjectMeta(name: "login"), values: ["username": .init("elastic"), "password": .init("hunter22")])
        ]
        try fixture.script("fail", "echo to elastic: hunter22; echo again hunter22 >&2; exit 3")
        let report = try fixture.run(fixture.exec("fail", "an argument"), slot: .postBackup)
        #expect(!report.succeeded)
        #expect(
            report.message == "hook postBackup failed: fail ended with code 3; it wrote: to elastic: ***\nagain ***",
            "\(report.message)")
    }

    @Test func onlyTheLastOfALongOutputIsKept() throws {
        try fixture.script("long", "i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done; exit 1")
        let message = try fixture.run(fixture.exec("long")).message
        #expect(message.hasSuffix("line 29999") && message.contains("it wrote: …"))
        #expect((4000...4300).contains(message.utf8.count), "\(message.utf8.count)")
    }

    /// The program's own child holds the pipe, and would live for an hour.
    @Test func aProgramThatHangsIsKilledWithItsWholeGroup() throws {
        let file = "\(fixture.path)/child"
        try fixture.script("hang", "sleep 3600 & echo $! > \(file); echo begun; wait")
        fixture.limit = .seconds(1)
        let start = ContinuousClock.now
        let report = try fixture.run(fixture.exec("hang"))
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(report.message.hasPrefix("hook preBackup failed: hang was killed after 1.0 seconds, the longest"), "\(report)")
        #expect(report.message.hasSuffix("it wrote: begun"))
        #expect(try hasEnded(file))
    }

    @Test func whatAProgramLeavesBehindEndsWithIt() throws {
        let file = "\(fixture.path)/child"
        try fixture.script("leave", "sleep 3600 & echo $! > \(file)")
        #expect(try fixture.run(fixture.exec("leave")).succeeded)
        #expect(try hasEnded(file))
    }

    /// Whether the process of that number, a child of nobody's here, is gone or a zombie.
    private func hasEnded(_ file: String) throws -> Bool {
        let id = try #require(Int32(try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .newlines)))
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            guard let status = try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8) else { return true }
            if status.contains("State:\tZ") { return true }
            sched_yield()
        }
        return false
    }

    @Test func aProgramThatASignalEndsHasFailed() throws {
        try fixture.script("suicide", "kill -9 $$")
        #expect(
            try fixture.run(fixture.exec("suicide")).message
                == "hook preBackup failed: suicide was ended by signal 9; it wrote nothing")
    }

    @Test func whatIsNoProgramOfTheFolderIsRefused() throws {
        let outside = try TemporaryFolder()
        try fixture.write("plain", "text", mode: 0o644)
        try fixture.write("odd", "#!/nowhere/interpreter\n")
        _ = try fixture.folder.makeFolder("folder")
        try FileManager.default.createSymbolicLink(atPath: "\(fixture.path)/out", withDestinationPath: "/bin/true")
        try FileManager.default.createSymbolicLink(atPath: "\(fixture.path)/sibling", withDestinationPath: "\(outside.path)")
        try fixture.script("good", "exit 0")
        try FileManager.default.createSymbolicLink(atPath: "\(fixture.path)/alias", withDestinationPath: "good")
        let cases = [
            ("out", "leads out of"), ("sibling", "leads out of"), ("../good", "expected the plain name"),
            ("/bin/true", "expected the plain name"),
        ]
        for (name, complaint) in cases {
            let report = try fixture.run(fixture.exec(name))
            #expect(!report.succeeded && report.message.contains(complaint), "\(name): \(report.message)")
        }
        #expect(try fixture.run(fixture.exec("alias")).succeeded)
        // Another worker may have these.
        let elsewhere = [
            ("missing", "has no missing"), ("plain", "may not be executed"), ("folder", "is no file"),
            ("odd", "cannot be started"),
        ]
        for (name, complaint) in elsewhere {
            let error = #expect(throws: WorkerError.self, "\(name)") { try fixture.run(fixture.exec(name)) }
            #expect(error?.code == .missingHere && error?.message.contains(complaint) == true, "\(name): \(error?.message ?? "")")
        }
    }

    /// A script that somebody is just copying there.
    @Test func aProgramThatIsBeingWrittenIsTriedAgain() throws {
        try fixture.script("copied", "exit 0")
        let writer = try #require(FileHandle(forWritingAtPath: "\(fixture.path)/copied"))
        let error = #expect(throws: WorkerError.self) { try fixture.run(fixture.exec("copied")) }
        #expect(error?.code == .missingHere && error?.message.contains("Text file busy") == true, "\(error?.message ?? "")")
        try writer.close()
        #expect(try fixture.run(fixture.exec("copied")).succeeded)
    }

    /// Programs such as busybox do what their name says.
    @Test func aLinkedProgramIsToldItsOwnName() throws {
        try FileManager.default.copyItem(atPath: try #require(realpath("/bin/sh")), toPath: "\(fixture.path)/shell")
        try FileManager.default.createSymbolicLink(atPath: "\(fixture.path)/named", withDestinationPath: "shell")
        let report = try fixture.run(fixture.exec("named", "-c", "echo $0; exit 1"))
        #expect(report.message.hasSuffix("it wrote: \(fixture.path)/named"), "\(report)")
    }

    /// The worker's threads block signals and ignore broken pipes.
    @Test func aProgramBlocksAndIgnoresNoSignals() throws {
        signal(SIGPIPE, SIG_IGN)
        var (blocked, before) = (sigset_t(), sigset_t())
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try fixture.script("signals", "grep -E 'SigBlk|SigIgn' /proc/self/status; exit 1")
        let report = try fixture.run(fixture.exec("signals"))
        let masks = report.message.split(whereSeparator: \.isWhitespace).compactMap { UInt64($0, radix: 16) }.suffix(2)
        // The C library keeps two signals, 32 and 33, to itself.
        #expect(masks.count == 2 && masks.allSatisfy { $0 & ~0x1_8000_0000 == 0 }, "\(report)")
    }

    /// As where SIGCHLD is ignored: its number may be another's by then, so nothing is killed, and nothing waited for.
    @Test func aProgramWhoseEndIsToldToSomebodyElseIsNotWaitedFor() throws {
        let file = "\(fixture.path)/number"
        let thief: @Sendable () -> Bool = {
            if let text = try? String(contentsOfFile: file, encoding: .utf8),
                let id = Int32(text.trimmingCharacters(in: .newlines))
            {
                var status: CInt = 0
                waitpid(id, &status, 0)
            }
            return true
        }
        try fixture.script("stays", "echo $$ > \(file).new; mv \(file).new \(file); sleep 0.5")
        let error = #expect(throws: WorkerError.self) {
            try fixture.run(fixture.exec("stays"), HookFixture.interrupted(isOurs: thief))
        }
        #expect(error?.code == .missingHere && error?.message.contains("somebody else") == true, "\(error?.message ?? "")")
    }

    /// What is kept of a long output may begin within a secret; masked, it is short enough to show its begin.
    @Test func theRestOfASecretIsNotShownWhereALongOutputIsCut() {
        let mask = SecretMask([Secret(metadata: ObjectMeta(name: "login"), values: ["password": .init("first-half/second-half")])]
        )
        let output = Array("second-half".utf8) + Array(String(repeating: "first-half/second-half ", count: 100).utf8)
        #expect(mask.tail(of: output, isBeginCut: true)?.contains("half") == false)
        #expect(mask.tail(of: Array("said first-half/second-".utf8), isEndCut: true)?.contains("half") != true)
        #expect(mask.tail(of: output)?.hasPrefix("second-half***") == true)
    }

    @Test func aWorkerWithoutAFolderSaysWhatToSet() throws {
        fixture.hasFolder = false
        let error = #expect(throws: WorkerError.self) { try fixture.run(fixture.exec("check")) }
        #expect(error?.code == .missingHere)
        #expect(error?.message.contains("start every worker with --hooks FOLDER (SHEAF_HOOKS)") == true)
    }

    /// A hook that restarts the cluster must not be killed because a restore's journal is in it.
    @Test func aFailedLookAtTheJournalDoesNotEndTheHook() throws {
        let file = "\(fixture.path)/looked"
        try fixture.script("restart", "while [ ! -e \(file) ]; do sleep 0.1; done")
        let hints = Lock(1)
        let failures = Lock<[String]>([])
        let guardian = HookFixture.interrupted(
            isHinted: {
                hints.withLock { left in
                    defer { left = 0 }
                    return left > 0
                }
            },
            isDecided: {
                try Data().write(to: URL(filePath: file))
                throw WorkerError(.missingHere, "no cluster")
            }, lookFailed: { error in failures.withLock { $0.append("\(error)") } })
        let report = try fixture.run(fixture.exec("restart"), guardian)
        #expect(report.succeeded && failures.withLock { $0 } == ["no cluster"], "\(report)")
    }

    @Test(arguments: [WorkerError.Code.abandoned, .sessionEnded, .deadlineExceeded])
    func aHookIsStoppedWhenItsSessionGoesElsewhereOrEnds(code: WorkerError.Code) throws {
        let file = "\(fixture.path)/child"
        try fixture.script("hang", "sleep 3600 & echo $! > \(file); wait")
        let begun: @Sendable () -> Bool = { FileManager.default.fileExists(atPath: file) }
        let guardian =
            switch code {
            case .abandoned: HookFixture.interrupted(isOurs: { !begun() })
            case .sessionEnded: HookFixture.interrupted(isHinted: begun, isDecided: { true })
            default: HookFixture.interrupted(deadline: .now() + .seconds(1))
            }
        let error = #expect(throws: WorkerError.self) { try fixture.run(fixture.exec("hang"), guardian) }
        #expect(error?.code == code)
        #expect(try hasEnded(file))
    }
}
