package import Runtime

/// Who runs the hook after the work, put before it is begun: of all the deliveries that find a session decided, one runs it.
///
/// In a repository it is a `view` of a slice that no plan has: readers of format 1 know no other names in a journal, and read this one as
/// a view that holds nothing.
package struct ClaimEntry: Codable, Sendable, Equatable {
    package var nonce: String
    /// The message whose delivery runs the hook. When it is handed out again, whoever ran the hook is gone.
    package var holder: String
    /// From then on any message claims anew: the hook is past its limit, and the message was lost.
    package var until: Timestamp
    /// What a view has.
    private var pointInTime = ""
    private var shards = 0
    private var documents = 0
    private var openedAt: Timestamp

    package init(nonce: String, holder: String, claimedAt: Timestamp, until: Timestamp) {
        self.nonce = nonce
        self.holder = holder
        self.until = until
        openedAt = claimedAt
    }
}

/// What a delivery says of itself when it claims a hook.
package struct Claimant: Sendable, Equatable {
    /// Names the message: the same in each of its deliveries and retries, another in every other message of the session.
    package let message: String
    /// How long the hook can take, from the claim to `final`.
    package let patience: Duration

    package init(message: String, patience: Duration) {
        self.message = message
        self.patience = patience
    }
}
