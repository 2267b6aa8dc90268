/// How often a failed backup session is tried again, as a new session. Absent in a BackupConfiguration means never.
package struct RetryConfig: Codable, Sendable, Hashable {
    /// New sessions after the first one; 1 when left out.
    package var maxRetry: Int
    /// Time between a failed session and the next one; none when left out.
    package var delay: StashDuration

    package init(maxRetry: Int = 1, delay: StashDuration = .zero) {
        self.maxRetry = maxRetry
        self.delay = delay
    }

    private enum CodingKeys: String, CodingKey {
        case maxRetry, delay
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            maxRetry: try container.decodeIfPresent(Int.self, forKey: .maxRetry) ?? 1,
            delay: try container.decodeIfPresent(StashDuration.self, forKey: .delay) ?? .zero)
    }
}
