package import Messages
import Runtime

extension RepositoryAnnotation {
    /// What is wrong with a value, without a value that may hold a password; nil for a good one.
    package func problem(with value: String) -> String? {
        switch self {
        case .encryption, .addressing, .multipart:
            guard let words, !words.contains(value) else { return nil }
            return "expected \(words.joined(separator: " or ")), found \"\(value)\""
        case .endpoint:
            let isURL = ["http://", "https://"].contains { value.hasPrefix($0) && value.count > $0.count }
            return isURL && !value.contains { "?#@ ".contains($0) }
                ? nil
                : "expected a URL such as https://storage.example:9000, without user, password and query: the storage Secret is for those"
        case .maxBytesPerSecond:
            do throws(RuntimeError) {
                return try ByteCount(parsing: value).bytes > 0 ? nil : "expected at least 1, found \"\(value)\"; or leave it out"
            } catch {
                return error.message
            }
        }
    }
}
