import Foundation

/// Programs of others that results are compared with.
enum ReferenceImplementation {
    static func has(_ modules: String) -> Bool {
        (try? answers(to: [], program: "import \(modules)")) != nil
    }

    static func hasCommand(_ command: String) -> Bool {
        (try? run(["which", command], input: "").status) == 0
    }

    /// One answer a line, in the order of `questions`.
    static func answers(to questions: [String], program: String) throws -> [String] {
        let (status, text) = try run(["python3", "-c", program], input: questions.joined(separator: "\n"))
        struct Failed: Error { let status: Int32 }
        guard status == 0 else { throw Failed(status: status) }
        return text.split(separator: "\n").map(String.init)
    }

    /// Runs a command to its end; what it prints on both streams is answered.
    static func run(_ command: [String], input: String) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        // A file and not a pipe: a pipe would have to be filled while the output is read.
        let inputFile = FileManager.default.temporaryDirectory.appending(path: "sheaf-input-\(UUID().uuidString)")
        try Data(input.utf8).write(to: inputFile)
        defer { try? FileManager.default.removeItem(at: inputFile) }
        let output = Pipe()
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }
}

/// Repeatable randomness: a failure is reproduced by its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
