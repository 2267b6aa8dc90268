/// The publishes that the broker has not answered yet, in order of sending.
///
/// The broker numbers them from 1 on a channel in confirm mode; an answer may stand for all up to its number, answers
/// may come out of order, and a return comes before the answer to its message but carries no number.
struct ConfirmLedger<Entry> {
    struct Pending {
        let number: UInt64
        let entry: Entry
        var returned: ReturnNotice?
    }

    private(set) var pending: [Pending] = []
    private var lastNumber: UInt64 = 0

    var count: Int { pending.count }
    var first: Pending? { pending.first }

    /// Notes a message as sent; the next one gets the next number, whatever becomes of this one.
    mutating func append(_ entry: Entry) {
        lastNumber += 1
        pending.append(Pending(number: lastNumber, entry: entry))
    }

    /// Takes out what an ack or nack answers. Numbers that are not here (given up before) are no error.
    ///
    /// - Parameter multiple: all up to `number`; with number 0 all there are.
    mutating func settle(_ number: UInt64, multiple: Bool) -> [Pending] {
        if multiple {
            let end = number == 0 ? pending.count : pending.firstIndex { $0.number > number } ?? pending.count
            let settled = Array(pending[..<end])
            pending.removeFirst(end)
            return settled
        }
        guard let index = pending.firstIndex(where: { $0.number == number }) else { return [] }
        return [pending.remove(at: index)]
    }

    /// Marks the oldest unmarked message that fits as returned; its own ack follows.
    ///
    /// - Returns: false when none fits (given up before).
    @discardableResult
    mutating func noteReturn(_ notice: ReturnNotice, where fits: (Entry) -> Bool) -> Bool {
        guard let index = pending.firstIndex(where: { $0.returned == nil && fits($0.entry) }) else { return false }
        pending[index].returned = notice
        return true
    }

    /// Gives up the oldest messages while the condition holds.
    mutating func removePrefix(while condition: (Entry) -> Bool) -> [Pending] {
        let end = pending.firstIndex { !condition($0.entry) } ?? pending.count
        defer { pending.removeFirst(end) }
        return Array(pending[..<end])
    }

    mutating func removeAll() -> [Pending] {
        defer { pending = [] }
        return pending
    }
}

/// What a basic.return says.
struct ReturnNotice: Sendable, Equatable {
    var replyCode: UInt16
    var text: String
}
