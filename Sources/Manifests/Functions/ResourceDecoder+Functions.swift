import Messages
import Runtime

/// Functions and Tasks: what no worker could run is refused here, where somebody looks.
extension ResourceDecoder {
    func function(_ metadata: ObjectMeta?, _ fields: FieldDecoder) -> Function? {
        let isBuiltIn = metadata.map { BuiltInFunction($0.name) != nil } ?? false
        if isBuiltIn { fields.warn("kind", "this Function is built in; what the manifest says of it has no effect") }
        if !fields.has("spec"), !isBuiltIn { fields.complainMissing("spec", inner: "command", Self.program) }
        return fields.fields("spec") { spec in
            // Of a container, which a worker does not run its programs in.
            spec.ignore("image", "ports", "podSecurityPolicyName")
            let (command, arguments) = (spec.texts("command"), spec.texts("args"))
            if isBuiltIn {
                spec.ignore("workingDir", "volumeMounts", "volumeDevices", "runtimeSettings")
            } else {
                warnOfContainer(spec)
                check(command, arguments, spec)
            }
            return metadata.map {
                Function(metadata: $0, command: isBuiltIn ? [] : command, arguments: isBuiltIn ? [] : arguments)
            }
        }
    }

    private static let program = "the plain name of a program in the workers' folder (--hooks), and its arguments"

    /// A program would miss them.
    private func warnOfContainer(_ spec: FieldDecoder) {
        for name in ["volumeMounts", "volumeDevices"] where !spec.elements(name).isEmpty {
            spec.warn(name, "a worker runs the program on its own machine: there are no volumes, and this has no effect")
        }
        if spec.text("workingDir") != nil {
            spec.warn("workingDir", "a worker runs the program in the folder that holds it; this has no effect")
        }
        spec.part(of: "runtimeSettings") { container in
            for name in ["env", "envFrom"] where container.has(name) {
                container.warn(name, "a program gets no variables but those of docs/functions.md; give it arguments instead")
            }
        }
    }

    private func check(_ command: [String], _ arguments: [String], _ spec: FieldDecoder) {
        if let program = command.first {
            if let problem = Hook.Exec.problem(ofProgram: program) {
                spec.complain("command", problem)
            } else if program.contains("${") {
                spec.complain("command", "expected \(Self.program), found the variable \"\(program)\"")
            }
        } else {
            spec.complainMissing("command", Self.program)
        }
        for (key, texts) in [("command", command), ("args", arguments)] {
            for (index, text) in texts.enumerated() where key == "args" || index > 0 {
                do throws(TaskProblem) {
                    try Argument(text).check()
                } catch {
                    spec.complain(key, element: index, error.message)
                }
            }
        }
    }

    func steps(_ metadata: ObjectMeta?, _ fields: FieldDecoder) -> StepSequence? {
        if !fields.has("spec") { fields.complainMissing("spec", inner: "steps", "the steps of the Task") }
        return fields.fields("spec") { spec in
            if !spec.elements("volumes").isEmpty {
                spec.warn("volumes", "a worker runs programs on its own machine: there are no volumes, and this has no effect")
            }
            let steps = spec.list("steps", step)
            let built = steps.filter { BuiltInFunction($0.function)?.sessionKind != nil }
            guard built.count == 1 else {
                let expected = SessionKind.allCases.map(BuiltInFunction.name).joined(separator: " or ")
                let found = built.isEmpty ? "none" : built.map(\.function).joined(separator: " and ")
                spec.complain("steps", "expected one step \(expected), which is what the session does, found \(found)")
                return nil
            }
            return metadata.map { StepSequence(metadata: $0, steps: steps) }
        }
    }

    private func step(_ fields: FieldDecoder) -> StepSequence.Step? {
        let name = referredName(fields, "the name of a Function")
        let params = parameters(fields)
        guard let name else { return nil }
        if let kind = BuiltInFunction(name)?.sessionKind { check(params, kind) }
        return StepSequence.Step(function: name, params: params.map(\.param))
    }
}
