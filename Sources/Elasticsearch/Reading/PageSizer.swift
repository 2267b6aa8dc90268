/// Decides how many documents the next page asks for, from the bytes that earlier ones took.
///
/// Begins at 10, grows at most eightfold a page, and aims at about 5 MB: big enough for speed, small enough for the server's heap. What
/// an index takes on disk is no better begin: servers tell it seconds late, and four small pages take milliseconds.
package struct PageSizer: Sendable, Equatable {
    /// Documents the next page asks for.
    package private(set) var size: Int
    private let maximum: Int
    private let targetBytes: Int
    /// Sizes above this one were refused by the server.
    private var ceiling: Int

    /// - Parameter maximum: the index's `max_result_window`, 10,000 when it sets none; larger pages are answered with 400.
    package init(maximum: Int = 10_000, targetBytes: Int = 5_000_000) {
        self.maximum = max(1, min(maximum, 10_000))
        self.targetBytes = targetBytes
        size = min(10, self.maximum)
        ceiling = self.maximum
    }

    /// Before the first page: what a document takes, where the size cannot be found out page by page.
    package mutating func expect(bytesPerDocument: Int) {
        size = max(1, min(targetBytes / max(1, bytesPerDocument), ceiling))
    }

    package mutating func record(documents: Int, bytes: Int) {
        guard documents > 0 else { return }
        let fitting = max(1, targetBytes / max(1, bytes / documents))
        size = max(1, min(fitting, size * 8, ceiling))
        // A refusal was of its moment: the ceiling rises again, slowly.
        ceiling = min(maximum, ceiling + max(1, ceiling / 8))
    }

    /// The server was short of memory.
    /// - Returns: false when pages cannot get smaller.
    package mutating func recordRefusal() -> Bool {
        guard size > 1 else { return false }
        size /= 2
        ceiling = size
        return true
    }
}
