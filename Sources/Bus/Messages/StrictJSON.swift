import Messages
import Runtime

/// Looks at the JSON of a message before it is decoded: what is hostile, or read differently by different programs, is refused.
enum StrictJSON {
    /// Levels of nesting; a plan with all of Kubernetes' settings has about 20. A decoder recurses, and a thread's stack is finite.
    static let maximumDepth = 64
    /// Beyond 2^53 JSON readers round (RFC 7493), and sums of such numbers overflow.
    static let maximumInteger = 1 << 53

    /// - Throws: `JSONError` for what is no JSON of RFC 8259, `Refusal` for a member that comes twice and for an integer beyond 2^53.
    static func check(_ body: [UInt8]) throws {
        try check(JSONValue(parsing: body, maximumDepth: maximumDepth))
    }

    private static func check(_ value: JSONValue) throws(Refusal) {
        switch value {
        case .null, .bool, .string: break
        case .number(let text):
            guard text.utf8.count > 15, !text.utf8.contains(where: { ".eE".utf8.contains($0) }) else { break }
            guard let number = Int(text), number.magnitude <= maximumInteger.magnitude else { throw .hugeInteger }
        case .array(let elements):
            for element in elements { try check(element) }
        case .object(let members):
            var names: Set<String> = []
            for member in members {
                guard names.insert(member.name).inserted else { throw .memberTwice }
                try check(member.value)
            }
        }
    }

    /// Why a body could not be read, without anything that stands in it but the names of its members.
    static func complaint(_ error: any Error) -> String {
        switch error {
        case let error as JSONError: error.description
        case let error as Refusal: error.rawValue
        default: MessageCoding.complaint(error)
        }
    }

    enum Refusal: String, Error {
        case memberTwice = "a member comes twice in one object"
        case hugeInteger = "an integer is beyond 2^53, which JSON readers round"
    }
}
