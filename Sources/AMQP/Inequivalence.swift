/// What RabbitMQ says of a declaration that differs from the object that stands: which argument, and both values.
struct Inequivalence: Equatable {
    let argument: String
    let virtualHost: String
    /// What was declared; nil: the argument was absent.
    let wanted: String?
    /// What stands; nil: the argument is absent.
    let found: String?

    /// Reads `… inequivalent arg 'A' for queue 'N' in vhost 'V': received 'W' but current is 'F'`; nil for any other text.
    ///
    /// A value that only one side has is written `the value 'F' of type 'T'`, and the other side `none`.
    init?(_ text: String) {
        guard let start = text.firstRange(of: "inequivalent arg '"), let end = text.firstRange(of: "': received "),
            start.upperBound < end.lowerBound
        else { return nil }
        let object = text[start.upperBound..<end.lowerBound]
        guard let name = object.firstRange(of: "' for "), let host = object.ranges(of: "' in vhost '").last else { return nil }
        let values = text[end.upperBound...]
        guard let middle = values.firstRange(of: " but current is ") else { return nil }
        argument = String(object[..<name.lowerBound])
        virtualHost = String(object[host.upperBound...])
        wanted = Self.value(values[..<middle.lowerBound])
        found = Self.value(values[middle.upperBound...])
    }

    private static func value(_ text: Substring) -> String? {
        guard let open = text.firstIndex(of: "'") else { return text == "none" ? nil : String(text) }
        let rest = text[text.index(after: open)...]
        let end = rest.firstRange(of: "' of type '")?.lowerBound ?? rest.lastIndex(of: "'") ?? rest.endIndex
        return String(rest[..<end])
    }

    /// The two values, in a sentence about the object.
    var sentence: String {
        switch (found, wanted) {
        case (let found?, let wanted?): "exists with '\(argument)' \(found) instead of \(wanted)"
        case (nil, let wanted?): "exists without '\(argument)', which is to be \(wanted)"
        case (let found?, nil): "exists with '\(argument)' \(found), which is not to be there"
        case (nil, nil): "exists with another '\(argument)'"
        }
    }
}
