/// A binding's key on a topic exchange: `*` stands for one word, `#` for any number of them, none too.
package struct TopicPattern: Sendable {
    private let words: [Substring]

    package init(_ text: String) { words = Self.words(of: text) }

    package func matches(_ key: String) -> Bool { Self.match(words[...], Self.words(of: key)[...]) }

    private static func words(of text: String) -> [Substring] { text.split(separator: ".", omittingEmptySubsequences: false) }

    private static func match(_ pattern: ArraySlice<Substring>, _ key: ArraySlice<Substring>) -> Bool {
        guard let first = pattern.first else { return key.isEmpty }
        switch first {
        case "#": return match(pattern.dropFirst(), key) || (!key.isEmpty && match(pattern, key.dropFirst()))
        case "*": return !key.isEmpty && match(pattern.dropFirst(), key.dropFirst())
        default: return key.first == first && match(pattern.dropFirst(), key.dropFirst())
        }
    }
}
