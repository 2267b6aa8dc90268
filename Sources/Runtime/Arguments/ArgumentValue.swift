/// What an option's text can be turned into.
package protocol ArgumentValue {
    /// What to type, behind "expected": "a whole number".
    static var argumentExpectation: String { get }
    /// Nil when the text is something else.
    init?(argument: String)
}

extension String: ArgumentValue {
    package static var argumentExpectation: String { "text" }

    package init?(argument: String) {
        self = argument
    }
}

extension Int: ArgumentValue {
    package static var argumentExpectation: String { "a whole number" }

    package init?(argument: String) {
        self.init(argument)
    }
}

extension Double: ArgumentValue {
    package static var argumentExpectation: String { "a number" }

    package init?(argument: String) {
        guard let number = Double(argument), number.isFinite else { return nil }
        self = number
    }
}

extension Bool: ArgumentValue {
    package static var argumentExpectation: String { "true or false" }

    package init?(argument: String) {
        switch argument.lowercased() {
        case "true", "yes", "1", "on": self = true
        case "false", "no", "0", "off": self = false
        default: return nil
        }
    }
}

extension Duration: ArgumentValue {
    package static var argumentExpectation: String { expectation }

    package init?(argument: String) {
        do { try self.init(parsing: argument) } catch { return nil }
    }
}

extension ByteCount: ArgumentValue {
    package static var argumentExpectation: String { expectation }

    package init?(argument: String) {
        do { try self.init(parsing: argument) } catch { return nil }
    }
}

extension Timestamp: ArgumentValue {
    package static var argumentExpectation: String { expectation }

    package init?(argument: String) {
        do { try self.init(parsing: argument) } catch { return nil }
    }
}

/// An enum of words is read by its words: `enum Output: String, CaseIterable, ArgumentValue`.
extension ArgumentValue where Self: CaseIterable & RawRepresentable, RawValue == String {
    package static var argumentExpectation: String {
        let words = allCases.map(\.rawValue)
        guard let last = words.last, words.count > 1 else { return words.joined() }
        return words.dropLast().joined(separator: ", ") + " or " + last
    }

    package init?(argument: String) {
        self.init(rawValue: argument)
    }
}

extension Logger.Level: ArgumentValue {}
