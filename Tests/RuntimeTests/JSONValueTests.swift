import Runtime
import Testing

@Suite struct JSONValueTests {
    @Test(arguments: [
        "123456789012345678901234567890", "1.50e0", "-0.0", "0", "-0", "1E+3", "1e-3", "18446744073709551615", "0.1",
    ])
    func numberKeepsItsText(_ text: String) throws {
        let value = try JSONValue(parsing: "[\(text)]")
        #expect(value == .array([.number(text)]))
        #expect(value.serialized() == "[\(text)]")
    }

    @Test func membersKeepTheirOrder() throws {
        let text = #"{"z":1,"a":{"y":[],"b":{}},"m":[true,false,null,"x"]}"#
        #expect(try JSONValue(parsing: text).serialized() == text)
        #expect(
            try JSONValue(parsing: text).serialized(sortedKeys: true) == #"{"a":{"b":{},"y":[]},"m":[true,false,null,"x"],"z":1}"#
        )
    }

    @Test(arguments: [
        (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0041\u00e9\u20AC\ud83d\ude00""#, "Aé€😀"),
        ("\"é€😀\"", "é€😀"),
        (#""\u0000""#, "\0"),
    ])
    func escapesBecomeText(_ text: String, _ expected: String) throws {
        #expect(try JSONValue(parsing: text) == .string(expected))
        #expect(try JSONValue(parsing: JSONValue.string(expected).serialized()) == .string(expected))
    }

    @Test(arguments: [#""\ud800""#, #""x\udfffy""#, #""\udc00\ud800""#, #""\ud83d\ud83d\ude00""#, #""\ud83dA""#, #""\ud800\n""#])
    func halfASurrogatePairComesBackAsItsEscape(_ text: String) throws {
        let value = try JSONValue(parsing: text)
        #expect(try JSONValue(parsing: value.serialized()) == value)
        #expect(value.serialized().replacing("😀", with: #"\ud83d\ude00"#) == text)
    }

    @Test(arguments: [
        "\"\u{10FFFF}\u{10D800}\"", "\"\u{10FFFF}\"", "\"\u{10FFFF}\u{10FFFF}\"", "\"\u{10D800}\"", "\"\u{10FFFF}\\ud800\"",
    ])
    func textThatLooksLikeAKeptHalfStaysItself(_ text: String) throws {
        let value = try JSONValue(parsing: text)
        #expect(value.serialized() == text)
        #expect(try JSONValue(parsing: value.serialized()) == value)
    }

    @Test func escapedMarkEqualsTheWrittenOne() throws {
        #expect(try JSONValue(parsing: #""\udbff\udfff\ud800""#) == JSONValue(parsing: "\"\u{10FFFF}\\ud800\""))
    }

    @Test(arguments: [
        ("", JSONError.Code.unexpectedEnd, 0), ("  ", .unexpectedEnd, 2), ("[1,]", .unexpectedByte, 3),
        ("[1 2]", .unexpectedByte, 3),
        ("{\"a\" 1}", .unexpectedByte, 5), ("{a:1}", .unexpectedByte, 1), ("{\"a\":1,}", .unexpectedByte, 7),
        ("01", .badNumber, 1),
        ("-", .badNumber, 1), ("1.", .badNumber, 2), (".5", .unexpectedByte, 0), ("1e", .badNumber, 2),
        ("+1", .unexpectedByte, 0),
        ("tru", .unexpectedEnd, 3), ("nul1", .unexpectedByte, 3), ("\"a", .unexpectedEnd, 2), ("\"a\\\"", .unexpectedEnd, 4),
        ("\"\\x\"", .badEscape, 1), ("\"\\u12g4\"", .badEscape, 1), ("\"a\\u12\"", .badEscape, 2), ("\"\t\"", .unexpectedByte, 1),
        ("1 1", .trailingBytes, 2), ("NaN", .unexpectedByte, 0), ("[", .unexpectedEnd, 1), ("'a'", .unexpectedByte, 0),
        ("\u{FEFF}1", .unexpectedByte, 0), ("// x\n1", .unexpectedByte, 0),
    ])
    func whatIsNotJSONIsRefusedWithItsPlace(_ text: String, _ code: JSONError.Code, _ offset: Int) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.code == code)
        #expect(error?.offset == offset)
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
        ] as [[UInt8]])
    func bytesThatAreNotUTF8AreRefused(_ bytes: [UInt8]) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
        #expect(error?.code == .badUTF8)
    }

    @Test func nestingIsBoundedAt512() throws {
        let deepest = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
        #expect(try JSONValue(parsing: deepest).serialized() == deepest)
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: "[" + deepest + "]") }
        #expect(error?.code == .tooDeep)
    }

    @Test func everyPrefixIsRefused() throws {
        let bytes = Array(#"{"a":[1.5e3,"x\u0041\ud83d\ude00é",true,null],"b":{}}"#.utf8)
        for count in 0..<bytes.count {
            #expect(throws: JSONError.self) { try JSONValue(parsing: bytes.prefix(count)) }
        }
        #expect(try JSONValue(parsing: AnySequence(bytes)) == JSONValue(parsing: bytes))
    }

    @Test func valuesAreReachedByNameAndKind() throws {
        var value: JSONValue = ["a": ["b": ["c": 3]], "list": [1, 2.5, "x"], "on": true, "none": nil]
        #expect(value[path: ["a", "b", "c"]]?.int == 3)
        #expect(value["list"]?[1]?.double == 2.5)
        #expect(value["list"]?.array?.count == 3)
        #expect(value["list"]?[2]?.string == "x")
        #expect(value["on"]?.bool == true)
        #expect(value["none"]?.isNull == true)
        #expect(value["missing"] == nil)
        #expect(value["a"]?.kind == "object")
        value[path: ["a", "b", "d"]] = "new"
        value[path: ["p", "q"]] = 1
        value["on"] = nil
        value[path: ["no", "such"]] = nil
        #expect(value.serialized() == #"{"a":{"b":{"c":3,"d":"new"}},"list":[1,2.5,"x"],"none":null,"p":{"q":1}}"#)
    }

    @Test(
        arguments: [("3", 3), ("3.0", 3), ("3e2", 300), ("-0", 0), ("3.5", nil), ("9223372036854775808", nil), ("1e300", nil)]
            as [(String, Int?)])
    func intIsExactOrNil(_ text: String, _ expected: Int?) {
        #expect(JSONValue.number(text).int == expected)
    }

    @Test func sameLetterSpelledDifferentlyIsAnotherName() {
        let value: JSONValue = ["e\u{301}": 1, "\u{E9}": 2]
        #expect(value["e\u{301}"]?.int == 1)
        #expect(value["\u{E9}"]?.int == 2)
        #expect(JSONValue.string("e\u{301}") != JSONValue.string("\u{E9}"))
    }

    @Test func lastOfTwoEqualNamesCounts() throws {
        let value = try JSONValue(parsing: #"{"a":1,"a":2}"#)
        #expect(value["a"]?.int == 2)
        #expect(value.serialized() == #"{"a":1,"a":2}"#)
    }

    @Test func prettyTextHasTwoSpacesALevel() {
        let value: JSONValue = ["a": [1, [:]], "b": []]
        #expect(value.serialized(pretty: true) == "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}")
    }

    @Test func numberWithoutAWordInJSONBecomesNull() {
        #expect(JSONValue(Double.infinity) == .null)
        #expect(JSONValue(0.1) == .number("0.1"))
    }
}
