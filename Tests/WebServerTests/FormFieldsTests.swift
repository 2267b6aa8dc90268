import Testing

@testable import WebServer

@Suite struct FormFieldsTests {
    func fields(_ text: String) throws -> FormFields { try #require(FormFields(decoding: Array(text.utf8))) }

    @Test func fieldsAreDecoded() throws {
        let fields = try fields("a=1+2&b=%C3%A9%26%3d&c&=x&a=second&p=100%&q=%zz")
        #expect(fields["a"] == "1 2")
        #expect(fields["b"] == "é&=")
        #expect(fields["c"] == "")
        #expect(fields[""] == "x")
        #expect(fields["p"] == "100%")
        #expect(fields["q"] == "%zz")
        #expect(fields["d"] == nil)
    }

    @Test func whatIsNoTextIsRefused() {
        #expect(FormFields(decoding: Array("a=%ff".utf8)) == nil)
        #expect(FormFields(decoding: [0xC0, 0x80]) == nil)
    }

    @Test func fieldsAreLimited() {
        let text = String(repeating: "a=1&", count: FormFields.limit)
        #expect(FormFields(decoding: Array(text.utf8)) != nil)
        #expect(FormFields(decoding: Array((text + "b=1").utf8)) == nil)
    }
}

@Suite struct CookieTests {
    @Test func cookiesAreFoundByTheirWholeName() {
        let request = WebRequest(path: "/", headers: [("Cookie", "xa=1; a=2=3; b=; a=4"), ("cookie", "c=5")])
        #expect(request[cookie: "a"] == "2=3")
        #expect(request[cookie: "b"] == "")
        #expect(request[cookie: "c"] == "5")
        #expect(request[cookie: "d"] == nil)
    }

    @Test func aCookieIsForThisServerAlone() {
        let cookie = SetCookie(name: "s", value: "x", seconds: 60, isSecure: true)
        #expect(cookie.header.value == "s=x; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure")
        #expect(SetCookie(name: "s", value: "x", isSecure: false).header.value == "s=x; Path=/; HttpOnly; SameSite=Strict")
    }
}
