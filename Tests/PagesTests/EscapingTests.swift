import Pages
import Testing

@Suite struct EscapingTests {
    @Test func textIsEscaped() {
        #expect(Markup("<a href=\"x\">&'").html == "&lt;a href=&quot;x&quot;&gt;&amp;&#39;")
        #expect(Markup("a\nb\tc").html == "a\nb\tc")
    }

    @Test func charactersThatSteerWhatIsReadAreReplaced() {
        #expect(Markup("log\u{202E}gpj\u{0}\u{7F}\u{2066}").html == "log\u{FFFD}gpj\u{FFFD}\u{FFFD}\u{FFFD}")
    }

    @Test func linksStayOnThisServer() {
        #expect(Link("..", "//evil.example", "a b?c#d%").text == "/..%EF%BF%BD/%2F%2Fevil.example/a%20b%3Fc%23d%25")
        #expect(Link(["x"], query: [("a", "1&b=2"), ("none", nil), ("empty", "")]).text == "/x?a=1%26b%3D2")
        #expect(Link.home.text == "/")
    }
}
