import Manifests
import Messages
import Runtime
import Testing

/// How texts become nodes: the core schema of YAML 1.2, within bounds.
struct YAMLTests {
    /// The node of `value` in a document of a kind that is only kept.
    private func node(_ value: String) throws -> YAMLNode {
        let loaded = ResourceLoader().load(text: "apiVersion: x/v1\nkind: Other\nvalue: \(value)\n", name: "t")
        try #require(loaded.errors.isEmpty, "\(loaded.complaints)")
        return try #require(loaded.resources.unhandled.first?.source["value"])
    }

    private func errors(_ text: String) -> [String] {
        ResourceLoader().load(text: text, name: "t").errors.map(\.description)
    }

    @Test(arguments: [
        ("", YAMLScalar.null), ("~", .null), ("null", .null), ("NULL", .null), ("nULL", .text("nULL")),
        ("true", .bool(true)), ("False", .bool(false)), ("tRue", .text("tRue")),
        ("yes", .text("yes")), ("No", .text("No")), ("on", .text("on")), ("off", .text("off")), ("y", .text("y")),
        ("0", .integer(0)), ("-7", .integer(-7)), ("+7", .integer(7)), ("007", .integer(7)), ("-0", .integer(0)),
        ("0o17", .integer(15)), ("0x1F", .integer(31)), ("0x", .text("0x")), ("0o8", .text("0o8")), ("-0x1", .text("-0x1")),
        ("0x-1", .text("0x-1")), ("0b1", .text("0b1")), ("1_000", .text("1_000")), ("12:30", .text("12:30")),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .number("9223372036854775808")),
        ("1.5", .number("1.5")), ("-.5", .number("-0.5")), ("1.", .number("1")), ("+1.50e+3", .number("1.50e+3")),
        ("1E5", .number("1e5")), ("01.5", .number("1.5")), (".", .text(".")), ("1e", .text("1e")), ("e5", .text("e5")),
        (".inf", .text(".inf")), (".nan", .text(".nan")), ("1.2.3", .text("1.2.3")), ("1 2", .text("1 2")),
        ("\"5\"", .text("5")), ("'true'", .text("true")), ("|\n  a\n  b", .text("a\nb\n")), (">-\n  a\n  b", .text("a b")),
        ("!!str 5", .text("5")), ("!!int \"5\"", .integer(5)), ("!!float 5", .integer(5)), ("!!null ''", .null),
        ("! 5", .text("5")), ("2024-01-01", .text("2024-01-01")), ("\"\\u00e9\\x41\"", .text("éA")), ("é漢🙂", .text("é漢🙂")),
    ])
    func scalarsFollowTheCoreSchema(text: String, scalar: YAMLScalar) throws {
        #expect(try node(text).content == .scalar(scalar))
    }

    @Test func everyNodeKnowsItsPlace() throws {
        let value = try node("\n  - é: {a: 1}\n  - [x, 'y']")
        #expect(value.place == SourcePlace(file: "t", line: 4, column: 3))
        guard case .sequence(let elements) = value.content, case .mapping(let entries) = elements[0].content else {
            Issue.record("expected a list with fields, found \(value.summary)")
            return
        }
        #expect(entries[0].place == SourcePlace(file: "t", line: 4, column: 5))
        // Columns are characters, not bytes.
        #expect(entries[0].value.place == SourcePlace(file: "t", line: 4, column: 8))
        #expect(entries[0].value["a"]?.place == SourcePlace(file: "t", line: 4, column: 12))
        #expect(elements[1].place == SourcePlace(file: "t", line: 5, column: 5))
    }

    @Test func aliasesStandForWhatTheyNameAtTheirOwnPlace() throws {
        let value = try node("{a: &x [1, 2], b: *x, c: &x 3, d: *x}")
        #expect(value.json == ["a": [1, 2], "b": [1, 2], "c": 3, "d": 3])
        #expect(value["b"]?.place.column == 26)
    }

    @Test(arguments: [
        ("a: *b", "t:1:4: error: alias *b names no earlier anchor"),
        ("a: &b [*b]", "t:1:8: error: alias *b stands inside the value it names"),
        ("a: &b 1\n---\nc: *b", "t:3:4: error: alias *b names no earlier anchor"),
        ("a: 1\nb: 2\na: 3", "t:3:1: error: the key a comes twice; it is also on line 1"),
        ("<<: {a: 1}", "t:1:1: error: merge keys (<<) are not part of YAML 1.2; write the fields out"),
        ("? [a]\n: b", "t:1:3: error: a key must be plain text"),
        ("a: !!int x", "t:1:4: error: the value does not fit its tag !!int"),
        ("a: !secret x", "t:1:4: error: the tag !secret is not known; leave it out"),
        ("a: !!set {b}", "t:1:4: error: the tag tag:yaml.org,2002:set is not known; leave it out"),
    ])
    func whatAManifestMustNotHaveIsRefused(text: String, complaint: String) {
        #expect(errors(text).contains(complaint))
    }

    @Test func documentWithADuplicateKeyIsNotUsedAndTheOthersAre() {
        let text =
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: x\ntype: y\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: b}\n"
        let loaded = ResourceLoader().load(text: text, name: "t")
        #expect(loaded.errors.map(\.description) == ["t:5:1: error: the key type comes twice; it is also on line 4"])
        #expect(loaded.resources.secrets.map(\.value.metadata.name) == ["b"])
    }

    @Test func aliasBombIsRefused() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            text += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]\n"
        }
        #expect(errors(text).first?.contains("more than 100000 values, aliases expanded") == true)
    }

    @Test func nestingIsBoundedWithAndWithoutAliases() {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(errors("a: " + deep).first?.hasSuffix("not valid YAML: nested deeper than 64 levels") == true)
        var text = "a0: &a0 x\n"
        for level in 1...64 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
        #expect(errors(text).first?.contains("alias *a62 nests deeper than 64 levels") == true)
        let allowed = String(repeating: "[", count: 62) + String(repeating: "]", count: 62)
        #expect(throws: Never.self) { try node(allowed) }
    }

    @Test func tooLargeAFileIsRefusedUnread() {
        let bytes = [UInt8](repeating: UInt8(ascii: " "), count: (8 << 20) + 1)
        let complaints = ResourceLoader().load(bytes: bytes, name: "t").complaints
        #expect(
            complaints.map(\.description) == [
                "t: error: the file has 8388609 bytes, more than the 8388608 that are read; split it"
            ])
    }

    @Test func wrongEncodingIsToldWithItsPlace() {
        let bytes = Array("a: 1\nbé: ".utf8) + [0xFF]
        let complaints = ResourceLoader().load(bytes: bytes, name: "t").complaints
        #expect(complaints.map(\.description) == ["t:2:5: error: not valid YAML: invalid leading UTF-8 octet"])
    }

    @Test func emptyAndCommentOnlyTextsHoldNothing() {
        for text in ["", "# nothing", "---\n---\n...\n", "\u{FEFF}"] {
            let loaded = ResourceLoader().load(text: text, name: "t")
            #expect(loaded.complaints.isEmpty && loaded.resources.isEmpty)
        }
    }

    @Test func documentsBeforeASyntaxErrorAreRead() {
        let loaded = ResourceLoader().load(text: "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\n}", name: "t")
        #expect(loaded.resources.count == 1)
        #expect(loaded.errors.count == 1)
    }
}
