import Messages
import Runtime

extension JSONValue {
    /// A value of ours as it is coded in messages and by the API.
    init(encoding value: some Encodable) throws {
        self = try JSONValue(parsing: String(decoding: try MessageCoding.encode(value), as: UTF8.self))
    }
}
