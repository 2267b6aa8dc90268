import Manifests
import Messages

/// Takes the values of a session's Secrets out of what others said, before it is told on.
struct SecretMask {
    /// Bytes of foreign text that an error shows.
    private static let shownBytes = 4 << 10
    /// Names of users, which are no secrets and too often words of the text.
    private static let userNames: Set<String> = ["username", "ADMIN_USERNAME"]
    /// Shorter ones would take letters out of everything.
    private static let shortest = 3

    /// The longest first: one may be a part of another.
    private let values: [String]

    init(_ secrets: [Secret]) {
        var values: Set<String> = []
        for secret in secrets {
            for key in secret.keys where !Self.userNames.contains(key) {
                guard let text = secret[key]?.exposedText else { continue }
                // Of a key with several lines, a program may show one.
                values.formUnion([text] + text.split(whereSeparator: \.isNewline).map(String.init))
            }
        }
        self.values = values.filter { $0.count >= Self.shortest }.sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
    }

    /// The Secrets that the session's target and repository name, as this worker has them. One that it lacks cannot have been read here.
    init(of command: SessionCommand, in secrets: SecretSource) {
        var found: [Secret] = []
        for key in [command.target.secretKey, command.target.tlsSecretKey, command.repository.secretKey] {
            guard let key else { continue }
            do {
                found.append(try secrets.secret(key))
            } catch {
                continue
            }
        }
        do {
            if let login = try secrets.credentials(of: command.target) { found.append(login) }
        } catch {
            // The same, of a Secret that its transforms name.
        }
        self.init(found)
    }

    func masked(_ text: String) -> String {
        values.reduce(text) { $0.replacing($1, with: "***") }
    }

    /// The end of what a program wrote, in an error's words; nil when it wrote nothing.
    ///
    /// - Parameters:
    ///   - isBeginCut: the output had more before it. What may be the rest of a secret there is left out.
    ///   - isEndCut: it had more behind it, where a secret may begin.
    func tail(of output: [UInt8], isBeginCut: Bool = false, isEndCut: Bool = false) -> String? {
        var text = masked(String(decoding: output, as: UTF8.self))
        if isBeginCut { text = String(decoding: text.utf8.dropFirst(restOfSecret(at: text.utf8)), as: UTF8.self) }
        if isEndCut { text = String(decoding: text.utf8.dropLast(beginOfSecret(at: text.utf8)), as: UTF8.self) }
        let shown = text.utf8.suffix(Self.shownBytes)
        return Self.tidied(
            String(decoding: shown.drop { $0 & 0xC0 == 0x80 }, as: UTF8.self), isCut: isBeginCut || shown.count < text.utf8.count)
    }

    /// Bytes at the begin that are the end of a secret.
    private func restOfSecret(at text: String.UTF8View) -> Int {
        values.map { value in
            (1..<value.utf8.count).last { text.starts(with: value.utf8.suffix($0)) } ?? 0
        }.max() ?? 0
    }

    /// Bytes at the end that are the begin of a secret.
    private func beginOfSecret(at text: String.UTF8View) -> Int {
        values.map { value in
            (1..<value.utf8.count).last { text.suffix($0).elementsEqual(value.utf8.prefix($0)) } ?? 0
        }.max() ?? 0
    }

    private static func tidied(_ text: String, isCut: Bool) -> String? {
        guard let first = text.firstIndex(where: { !$0.isWhitespace }), let last = text.lastIndex(where: { !$0.isWhitespace })
        else { return nil }
        return (isCut ? "…" : "") + text[first...last]
    }
}
