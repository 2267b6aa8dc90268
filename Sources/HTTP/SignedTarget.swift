/// Path and query of a request in the one spelling that Signature Version 4 knows.
///
/// Gateways decode and encode what they receive before they check a signature, so whatever could be spelt in two ways is sent in theirs:
/// everything but unreserved characters percent-encoded, parameters sorted by their encoded bytes, `name=` for one without a value.
struct SignedTarget: Equatable {
    /// As it is sent.
    let path: String
    /// Without its question mark; empty when there is none.
    let query: String
    /// What is signed for services other than S3, which want each segment encoded once more.
    let canonicalPath: String

    /// - Parameter target: percent-encoded path and query.
    init(_ target: String) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let segments = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        path = segments.map { Self.encoded(Self.decoded($0)) }.joined(separator: "/")
        canonicalPath = segments.map { Self.encoded(Array(Self.encoded(Self.decoded($0)).utf8)) }.joined(separator: "/")
        let parameters = (parts.count > 1 ? parts[1] : "").split(separator: "&").map { parameter in
            let sides = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return sides.map { Self.encoded(Self.decoded($0, plusIsBlank: true)) } + (sides.count == 1 ? [""] : [])
        }
        query = parameters.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) }.map { $0.joined(separator: "=") }.joined(separator: "&")
    }

    /// As it follows the host in the URL.
    var text: String { query.isEmpty ? path : "\(path)?\(query)" }

    private static func decoded(_ text: Substring, plusIsBlank: Bool = false) -> [UInt8] {
        var result: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "%"), bytes.count >= 2,
                let value = UInt8(String(decoding: bytes.prefix(2), as: UTF8.self), radix: 16)
            {
                result.append(value)
                bytes = bytes.dropFirst(2)
            } else {
                result.append(plusIsBlank && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return result
    }

    private static func encoded(_ bytes: [UInt8]) -> String {
        // A segment of dots alone would walk up the path once it is decoded.
        let keepsDots = bytes != [UInt8(ascii: ".")] && bytes != [UInt8(ascii: "."), UInt8(ascii: ".")]
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.append(byte)
            case UInt8(ascii: ".") where keepsDots:
                result.append(byte)
            default:
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
