import Manifests
import Runtime
import Testing

/// What is written as YAML reads back the same, here and in PyYAML, which reads by YAML 1.1.
@Suite struct YAMLTextTests {
    private static let values: [JSONValue] = [
        [:], [], ["a": []], ["a": [:]], ["a": ["b", "c"], "d": ["e": ["f": [["g": 1], ["h": nil]]]]],
        ["number": 12, "decimal": 1.5, "flag": true, "none": nil, "text": "plain words"],
        [
            "words": [
                "yes", "No", "on", "y", "true", "null", "~", "", " ", "0o17", "017", "1_000", "12", "1e3", ".5", "-1", "+1",
                "12:30:00",
                "2026-11-27", "=", "<<", "- a", "a: b", "a #b", "#a", "*a", "&a", "!a", "%a", "@a", "`a", "'", "\"", "\\", "{a}",
                "[a]",
                "a,b", "a:b", "*/5 * * * *", "ü", "🙂", "\u{7}", "\t", "a\tb", "?", "? a", "| a", "> a", "é\u{85}x", "\u{FEFF}x",
            ]
        ],
        ["lines": ["a\nb", "a\nb\n", "\n", "\na", " a\nb", "a\n\n\nb\n\n", "a\r\nb", "a \nb", "a\n b\n  c"]],
        ["a: b": 1, "yes": 2, "": 3, "12": 4, "x\ny": 5, "#": 6],
        ["long": .string(String(repeating: "word ", count: 60)), "url": "https://user@host:9200/a?b=c#d"],
    ]

    @Test(arguments: values) func itReadsBackTheSame(value: JSONValue) throws {
        // Mappings that are no resources are complained about, so that a text is read as one field of an unknown kind.
        let text = try YAMLText.text(of: [["apiVersion": "v9", "kind": "Thing", "value": value]])
        let loaded = ResourceLoader().load(text: text, name: "t")
        #expect(loaded.resources.unhandled.first?.source["value"]?.json == value, "\(text)")
    }

    @Test func blockStyleAndOneDocumentEach() throws {
        let one = try YAMLText.text(of: [["a": ["b": ["c", "d"]], "e": "yes", "f": "*/5 * * * *"]])
        #expect(one == "a:\n  b:\n  - c\n  - d\ne: \"yes\"\nf: '*/5 * * * *'\n")
        #expect(try YAMLText.text(of: [["a": 1], ["b": 2]]) == "---\na: 1\n---\nb: 2\n")
        #expect(try YAMLText.text(of: []) == "")
    }

    @Test(.enabled(if: PyYAMLTests.isPresent, "install python3-yaml to run"), arguments: values)
    func itReadsTheSameInPython(value: JSONValue) throws {
        let text = try YAMLText.text(of: [value])
        let found = try PyYAMLTests.run(
            "import sys, json, yaml; print(json.dumps(yaml.safe_load(sys.stdin.buffer)))", input: text)
        let parsed = try JSONValue(parsing: found)
        #expect(parsed == value, "\(text)")
    }
}
