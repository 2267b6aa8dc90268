/// The name of one entry in a session's journal. Every name is known from the plan: no decision rests on a listing.
package enum EntryName: Hashable, Sendable, CustomStringConvertible {
    case begin
    case plan
    case view(slice: Int, epoch: Int)
    case part(slice: Int, epoch: Int, number: Int)
    case done(slice: Int, epoch: Int)
    case outcome
    case final
    /// The n-th claim of the hook after the work.
    case claim(Int)

    /// The slice that claims are views of: units have lower ones (`UnitPosition.isPlausible`).
    private static let sliceOfClaims = 1_000_000

    package var description: String {
        switch self {
        case .begin: "begin"
        case .plan: "plan"
        case .view(let slice, let epoch): "view/\(slice)/\(epoch)"
        case .part(let slice, let epoch, let number): "part/\(slice)/\(epoch)-\(number)"
        case .done(let slice, let epoch): "done/\(slice)/\(epoch)"
        case .outcome: "outcome"
        case .final: "final"
        case .claim(let number): "view/\(Self.sliceOfClaims)/\(number)"
        }
    }
}

/// What stands under a name, once and for ever.
package enum Entry: Sendable, Equatable {
    case begin(BeginEntry)
    case plan(PlanEntry)
    case view(ViewEntry)
    case part(PartEntry)
    case done(DoneEntry)
    case outcome(OutcomeEntry)
    case final(FinalEntry)
    case claim(ClaimEntry)

    /// The writer's mark: a put whose reply was lost is known as one's own by it.
    package var nonce: String {
        switch self {
        case .begin(let entry): entry.nonce
        case .plan(let entry): entry.nonce
        case .view(let entry): entry.nonce
        case .part(let entry): entry.nonce
        case .done(let entry): entry.nonce
        case .outcome(let entry): entry.nonce
        case .final(let entry): entry.nonce
        case .claim(let entry): entry.nonce
        }
    }
}

/// What came of a put.
package enum EntryPut: Sendable, Equatable {
    case created
    /// The name was taken; the value that stands there.
    case existing(Entry)
}

/// Where the state of a session lives: objects of its repository, or documents of its target.
///
/// Entries are immutable, hence cacheable. Blocking; call on a blocking thread.
package protocol Journal {
    /// Puts `entry` if nothing stands under `name`. A put of one's own whose reply was lost counts as `created` (the nonce tells).
    func put(_ entry: Entry, at name: EntryName) throws -> EntryPut

    /// The entries that stand under `names`; absent names are left out.
    func read(_ names: [EntryName]) throws -> [EntryName: Entry]
}
