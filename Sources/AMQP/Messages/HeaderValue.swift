package import FoundationEssentials

/// A value in a header or argument table (AMQP 0-9-1 with RabbitMQ's additions).
///
/// Every integer kind of the wire decodes to `.integer` and is sent as 64 bits; an unsigned one above `Int64.max`
/// decodes to its decimal digits as `.string`. Text that is not UTF-8 decodes to `.bytes`.
package indirect enum HeaderValue: Sendable, Hashable {
    case string(String)
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    /// `unscaled` times ten to the power of minus `scale`.
    case decimal(unscaled: UInt32, scale: UInt8)
    /// Whole seconds; what is below is cut off.
    case timestamp(Date)
    case bytes([UInt8])
    case array([HeaderValue])
    case table(HeaderTable)
    case null

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }
}

package typealias HeaderTable = [String: HeaderValue]

extension HeaderValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}
