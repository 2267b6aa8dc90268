import Foundation
import Runtime
import Testing

@testable import Manifests

/// Structure and texts are what PyYAML's composer finds, for texts where YAML 1.1 and 1.2 agree.
struct PyYAMLTests {
    private static let program = """
        import sys, json, yaml
        def plain(node):
            if isinstance(node, yaml.ScalarNode): return node.value
            if isinstance(node, yaml.SequenceNode): return [plain(n) for n in node.value]
            return {plain(k): plain(v) for k, v in node.value}
        print(json.dumps([plain(n) for n in yaml.compose_all(sys.stdin.buffer)]))
        """

    static let isPresent = (try? run("import yaml", input: "")) != nil

    static func run(_ program: String, input: String) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", program]
        let (standardInput, standardOutput) = (Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        process.standardError = FileHandle.nullDevice
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let output = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.featureUnsupported) }
        return String(decoding: output, as: UTF8.self)
    }

    /// All scalars quoted values or texts, so that no schema plays a part.
    private static let texts = [
        "a: |\n  x\n   y\n\n  z\nb: >+\n  p\n  q\n\n   r\n\nc: |2-\n    i\n",
        "a: \"x\\ty\\n\\\n  z \\u263A \\U0001F642\"\nb: 'it''s\n  two'\nc: plain\n  over\n  lines\n",
        "a: &x {b: [c, \"d\"], 'e': f}\ng: *x\nh: [*x, *x]\n",
        "? a\n: b\n? c\n: z\nd:\n- e\n- - f\n  - g\n-\n  h: i\n",
        "%YAML 1.1\n---\na: b # no\nc: d#e\nf: 'g # h'\n--- # second\n- j\n...\n---\nk: l\n",
        "{a: b, \"c\":d, e: {f: g,}, h: [i, j,],}\n", "a: !!str b\nc: !!seq [d]\ne: !!map {f: g}\n",
        "\u{FEFF}a: b\r\nc:\r\n  - d\r\n  - e\r\n", "key with spaces: value with:colon\nurl: http://h:1/p?q=r#s\n",
        "a:\n- b\n- c\nd: |\n\n\n  e\n  \n",
    ]

    @Test(.enabled(if: isPresent, "install python3-yaml to run"), arguments: texts)
    func composerFindsWhatPyYAMLFinds(text: String) throws {
        let expected = try JSONValue(parsing: try Self.run(Self.program, input: text))
        let documents = try #require(expected.array)
        let found = YAMLComposer.documents(of: Array(text.utf8), file: "t", log: ComplaintLog()).map(\.node.json)
        #expect(found.count == documents.count)
        for (left, right) in zip(found, documents) { #expect(left == right) }
    }
}
