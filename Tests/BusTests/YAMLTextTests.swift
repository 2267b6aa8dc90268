import Bus
import Runtime
import Testing

/// What is printed reads back as what it was; `scripts/tests/test_contract.py` reads the whole document with a parser of others.
@Suite struct YAMLTextTests {
    @Test func blocksAreIndentedAndKeepTheirOrder() {
        let value: JSONValue = [
            "b": ["y": 1, "x": [["k": "v", "l": [1, 2]], "text", [:]]], "a": [], "n": nil, "t": true,
            "short": ["name": "a, {b}", "of": "c d"], "long": [.string(String(repeating: "w", count: 101))],
        ]
        #expect(
            YAMLText.block(value) == """
                b:
                  "y": 1
                  x:
                    - k: v
                      l: [1, 2]
                    - text
                    - {}
                a: []
                "n": null
                t: true
                short: {name: "a, {b}", of: c d}
                long:
                  - \(String(repeating: "w", count: 101))
                """)
    }

    @Test(
        arguments: [
            ("plain words, with a comma", "plain words, with a comma"), ("a: b", #""a: b""#), ("a #b", #""a #b""#),
            ("a#b", "a#b"),
            ("#", ##""#""##), ("", #""""#), ("true", #""true""#), ("No", #""No""#), ("0.3.0", #""0.3.0""#), ("$x", "$x"),
            ("*x", #""*x""#),
            ("end:", #""end:""#), ("end ", #""end ""#), ("two\nlines", #""two\nlines""#), ("é", #""é""#), ("a.{b}", "a.{b}"),
        ])
    func textThatYAMLWouldReadOtherwiseIsQuoted(text: String, printed: String) {
        #expect(YAMLText.block(["k": .string(text), "l": [[:]]]) == "k: \(printed)\nl:\n  - {}")
    }
}
