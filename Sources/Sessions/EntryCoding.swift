import Messages

/// The bytes of an entry: JSON whose shape the entry's name tells (docs/protocol.md).
package enum EntryCoding {
    package static func encode(_ entry: Entry) throws -> [UInt8] {
        switch entry {
        case .begin(let value): try MessageCoding.encode(value)
        case .plan(let value): try MessageCoding.encode(value)
        case .view(let value): try MessageCoding.encode(value)
        case .part(let value): try MessageCoding.encode(value)
        case .done(let value): try MessageCoding.encode(value)
        case .outcome(let value): try MessageCoding.encode(value)
        case .final(let value): try MessageCoding.encode(value)
        case .claim(let value): try MessageCoding.encode(value)
        }
    }

    package static func decode(_ bytes: [UInt8], at name: EntryName) throws -> Entry {
        switch name {
        case .begin: .begin(try MessageCoding.decode(BeginEntry.self, from: bytes))
        case .plan: .plan(try MessageCoding.decode(PlanEntry.self, from: bytes))
        case .view: .view(try MessageCoding.decode(ViewEntry.self, from: bytes))
        case .part: .part(try MessageCoding.decode(PartEntry.self, from: bytes))
        case .done: .done(try MessageCoding.decode(DoneEntry.self, from: bytes))
        case .outcome: .outcome(try MessageCoding.decode(OutcomeEntry.self, from: bytes))
        case .final: .final(try MessageCoding.decode(FinalEntry.self, from: bytes))
        case .claim: .claim(try MessageCoding.decode(ClaimEntry.self, from: bytes))
        }
    }
}
