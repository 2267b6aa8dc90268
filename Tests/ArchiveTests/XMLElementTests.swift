import Testing

@testable import Archive

struct XMLElementTests {
    private func parsed(_ text: String) throws -> XMLElement { try XMLElement(parsing: Array(text.utf8)) }

    @Test func aListOfAStoreIsReadWhole() throws {
        let list = try parsed(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
              <Name>bucket</Name><!-- a comment --><Prefix/>
              <Contents><Key>a&amp;b</Key><Size>3</Size></Contents>
              <Contents a='1' b="2>"><Key>c</Key ><Owner><ID>1</ID></Owner></Contents>
            </ListBucketResult>

            """)
        #expect(list.name == "ListBucketResult")
        #expect(list.text(of: "Name") == "bucket")
        #expect(list.text(of: "Prefix") == "")
        #expect(list.text(of: "Absent") == nil)
        #expect(list.all("Contents").map { $0.text(of: "Key") } == ["a&b", "c"])
        #expect(list.all("Contents")[1]["Owner"]?.text(of: "ID") == "1")
    }

    @Test(arguments: [
        ("&lt;&gt;&amp;&quot;&apos;", "<>&\"'"), ("&#65;&#x42;&#x1F600;", "AB\u{1F600}"),
        ("a<![CDATA[<b>&amp;]]]]>c", "a<b>&amp;]]c"),
        ("a<x/>b<!-- - -->c<?pi ?>d", "abcd"), ("  \n ", "  \n "), ("é", "é"),
    ])
    func textIsWhatTheReferencesMean(source: String, text: String) throws {
        #expect(try parsed("<a>\(source)</a>").text == text)
    }

    @Test func aByteOrderMarkIsNoText() throws {
        #expect(try XMLElement(parsing: [0xEF, 0xBB, 0xBF] + Array("<a/>".utf8)) == XMLElement(name: "a"))
    }

    @Test(arguments: [
        "", " ", "text", "<a>", "<a></b>", "</a>", "<a/><b/>", "<a/>x", "<a", "<a b>", "<a b=c/>", "<a b='1'c='2'/>",
        "<a>&nbsp;</a>",
        "<a>&lt</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#99999999;</a>", "<1/>", "< a/>", "<a><![CDATA[</a>", "<!-- <a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "<a><!DOCTYPE b></a>", "{}",
    ])
    func whatIsNoDocumentIsRefused(text: String) {
        #expect(code { _ = try parsed(text) } == .unreachable)
    }

    @Test func everyPrefixOfADocumentIsRefused() throws {
        let bytes = Array("<?xml version=\"1.0\"?><a b='c'><d>&#x20AC;</d><!-- e --><![CDATA[f]]><g/></a>".utf8)
        _ = try XMLElement(parsing: bytes)
        for length in 0..<bytes.count {
            #expect(code { _ = try XMLElement(parsing: Array(bytes[..<length])) } == .unreachable, "first \(length) bytes")
        }
    }

    @Test func bytesThatAreNoTextAreRefused() {
        #expect(code { _ = try XMLElement(parsing: Array("<a>".utf8) + [0xFF] + Array("</a>".utf8)) } == .unreachable)
    }

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int) -> String { String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth) }
        _ = try parsed(nested(XMLElement.maximumDepth))
        #expect(code { _ = try parsed(nested(XMLElement.maximumDepth + 1)) } == .unreachable)
    }
}
