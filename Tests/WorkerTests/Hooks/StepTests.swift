import Foundation
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

/// A Task's steps on a worker: real processes of the folder of hooks (docs/functions.md).
@Suite struct StepTests {
    let fixture: HookFixture

    init() throws { fixture = try HookFixture() }

    private func step(_ words: String...) -> SessionAction {
        .step(SessionTask.Step(number: 2, function: "freeze", command: words), task: "around")
    }

    @Test func aStepIsAProgramThatIsToldItsFunction() throws {
        let output = "\(fixture.path)/output"
        try fixture.script("show", "{ printf '<%s>' \"$@\"; echo; env; } > \(output)")
        let report = try fixture.run(
            step("show", "--mode=a b", "{{ .Status.Phase }}", "{{\"{\"}}{{\"{\"}} .Name }}"), attempt: 2)
        #expect(
            report.succeeded && report.message == "step 2 (Function freeze) of Task around: show ended with code 0", "\(report)")
        let lines = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(lines.first == "<--mode=a b><Running><{{ .Name }}>")
        #expect(
            Set(lines).isSuperset(of: ["SHEAF_SESSION=abc", "SHEAF_ATTEMPT=2", "SHEAF_FUNCTION=freeze", "SHEAF_TASK=around"]),
            "\(lines)")
        #expect(!lines.contains { $0.hasPrefix("SHEAF_HOOK=") })
        #expect(report.condition(of: step("show")).type == "FunctionExecutionSucceeded")
    }

    @Test func aStepThatFailsIsNamedAndQuotedWithoutSecrets() throws {
        fixture.secrets = [Secret(metadata: ObjectMeta(name: "login"), values: ["password": .init("hunter22")])]
        try fixture.script("fail", "echo login hunter22; exit 4")
        let report = try fixture.run(step("fail"))
        #expect(
            report.message
                == "step 2 (Function freeze) of Task around failed: fail ended with code 4; it wrote: login ***", "\(report)")
        #expect(!report.succeeded && report.condition(of: step("fail")).reason == "FailedToExecuteFunction")
    }

    @Test func aStepHasTheLimitOfHooks() throws {
        try fixture.script("hang", "echo begun; sleep 3600")
        fixture.limit = .seconds(1)
        #expect(try fixture.run(step("hang")).message.contains("hang was killed after 1.0 seconds"))
    }

    @Test(arguments: ["../show", "/bin/true", ""])
    func aMessageCannotNameAProgramOutsideTheFolder(program: String) throws {
        let report = try fixture.run(step(program))
        #expect(!report.succeeded && report.message.contains("expected the plain name"), "\(report)")
    }

    @Test func aStepWithoutACommandHasFailed() throws {
        #expect(try !fixture.run(.step(SessionTask.Step(number: 1, function: "f", command: []), task: "t")).succeeded)
    }

    @Test func aWorkerWithoutAFolderLeavesTheStepToOthers() throws {
        fixture.hasFolder = false
        let error = #expect(throws: WorkerError.self) { try fixture.run(step("show")) }
        #expect(error?.code == .missingHere && error?.message.contains("--hooks FOLDER") == true, "\(error?.message ?? "")")
    }
}
