import Runtime

/// A moment written as in logs.
func moment(_ text: String) throws -> Timestamp {
    try Timestamp(parsing: text)
}

extension Timestamp {
    static func + (time: Timestamp, seconds: Double) -> Timestamp { time + .milliseconds(Int(seconds * 1_000)) }
    static func - (time: Timestamp, seconds: Double) -> Timestamp { time + -seconds }
}
