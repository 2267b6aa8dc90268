/// Percent-encoding of all but the unreserved characters of RFC 3986, in the one spelling that signatures know.
package enum PercentEncoding {
    package static func encoded(_ text: String) -> String {
        encoded(text, keeping: { _ in false })
    }

    /// Slashes stay.
    package static func encoded(path: String) -> String {
        encoded(path, keeping: { $0 == UInt8(ascii: "/") })
    }

    /// A query or the body of a form, in the order given.
    package static func encoded(query: [(String, String)]) -> String {
        query.map { "\(encoded($0.0))=\(encoded($0.1))" }.joined(separator: "&")
    }

    package static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "-"): true
        default: false
        }
    }

    private static func encoded(_ text: String, keeping: (UInt8) -> Bool) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) || keeping(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
