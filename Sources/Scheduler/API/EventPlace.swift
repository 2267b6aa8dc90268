/// A place in the log of events, as followers see it: `EPOCH-NUMBER`.
struct EventPlace: Equatable, Sendable, CustomStringConvertible {
    /// That of the ledger that numbered it: another ledger counts anew.
    var epoch: String
    var number: Int

    init(epoch: String, number: Int) {
        self.epoch = epoch
        self.number = number
    }

    init?(_ text: String) {
        let words = text.split(separator: "-")
        guard words.count == 2, let number = Int(words[1]), number >= 0 else { return nil }
        self.init(epoch: String(words[0]), number: number)
    }

    var description: String { "\(epoch)-\(number)" }
}
