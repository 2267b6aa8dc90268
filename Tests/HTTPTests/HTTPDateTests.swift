import HTTP
import Runtime
import Testing

@Suite struct HTTPDateTests {
    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z"),
        ("Tue, 29 Feb 2028 23:59:59 GMT", "2028-02-29T23:59:59.000Z"),
        ("Wed, 31 Dec 1969 00:00:01 GMT", "1969-12-31T00:00:01.000Z"),
    ])
    func datesAreReadAndWritten(text: String, moment: String) throws {
        #expect(HTTPDate.timestamp(text)?.description == moment)
        #expect(HTTPDate.text(try Timestamp(parsing: moment)) == text)
    }

    @Test(arguments: [
        "", "now", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
    ])
    func whatIsNoDateIsNone(text: String) {
        #expect(HTTPDate.timestamp(text) == nil)
    }
}
