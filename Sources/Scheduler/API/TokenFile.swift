package import API
package import Crypto

/// Who may use the API: a line a token, `NAME ROLE[,ROLE…] SHA256`. Empty lines and those that begin with `#` are left out.
package struct TokenFile: Sendable, Equatable {
    package struct Mistake: Error, Equatable, Sendable, CustomStringConvertible {
        package var line: Int
        package var message: String
        package var description: String { "line \(line): \(message)" }
    }

    /// By the SHA-256 of the token in hexadecimal digits.
    private var actors: [String: Actor] = [:]

    package init() {}

    package init(parsing text: String) throws(Mistake) {
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            func mistake(_ message: String) -> Mistake { Mistake(line: number + 1, message: message) }
            guard words.count == 3 else { throw mistake("expected NAME ROLE[,ROLE…] SHA256, found \(words.count) words") }
            var roles: Set<Role> = []
            for word in words[1].split(separator: ",") {
                guard let role = Role(rawValue: String(word)) else {
                    let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
                    throw mistake("\(word) is not a role; there are \(known)")
                }
                roles.insert(role)
            }
            guard !roles.isEmpty else { throw mistake("\(first) has no role") }
            guard words[2].count == 64, words[2].allSatisfy({ $0.isHexDigit && !$0.isUppercase }) else {
                throw mistake("\(first) has no SHA-256 of 64 lower-case hexadecimal digits")
            }
            guard actors[words[2]] == nil else { throw mistake("the token of \(first) is in the file twice") }
            actors[words[2]] = Actor(name: first, roles: roles)
        }
    }

    /// Whose token that is. It is looked for by its digest, so how long that takes tells nothing about other tokens.
    package func actor(of token: String) throws(CryptoError) -> Actor? { actors[try Self.digest(of: token)] }

    package static func line(name: String, roles: [Role], token: String) throws(CryptoError) -> String {
        "\(name) \(roles.map(\.rawValue).joined(separator: ",")) \(try digest(of: token))"
    }

    /// 256 random bits, so that a digest of it can be kept without a salt.
    package static func newToken() throws(CryptoError) -> String { "sheaf_" + (try randomBytes(32).base64URL) }

    private static func digest(of token: String) throws(CryptoError) -> String {
        try SHA256.digest(of: Array(token.utf8)).hex
    }
}
