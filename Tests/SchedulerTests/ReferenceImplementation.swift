import Foundation

/// Runs a Python program over lines of text: the independent implementations that results are compared with.
enum ReferenceImplementation {
    static func has(_ modules: String) -> Bool {
        (try? answers(to: [], program: "import \(modules)")) != nil
    }

    /// One answer a line, in the order of `questions`.
    static func answers(to questions: [String], program: String) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", program]
        let questionsFile = FileManager.default.temporaryDirectory.appending(path: "sheaf-questions-\(UUID().uuidString)")
        try Data(questions.joined(separator: "\n").utf8).write(to: questionsFile)
        defer { try? FileManager.default.removeItem(at: questionsFile) }
        let input = try FileHandle(forReadingFrom: questionsFile)
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        struct Failed: Error { let status: Int32 }
        guard process.terminationStatus == 0 else { throw Failed(status: process.terminationStatus) }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
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
