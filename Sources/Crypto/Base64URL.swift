import FoundationEssentials

extension Sequence<UInt8> {
    /// Base64 with the alphabet for URLs and without padding (RFC 4648, section 5).
    package var base64URL: String {
        String(
            Data(self).base64EncodedString().compactMap { character in
                switch character {
                case "+": "-"
                case "/": "_"
                case "=": nil
                default: character
                }
            })
    }
}
