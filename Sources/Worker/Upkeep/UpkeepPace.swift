import Messages

/// How often a process collects the garbage of one repository: not again within the hour.
struct UpkeepPace {
    static let pause = Duration.seconds(3600)

    private var begun: [ResourceKey: ContinuousClock.Instant] = [:]

    /// Whether it is time; then the hour begins anew.
    mutating func begins(_ repository: ResourceKey, at now: ContinuousClock.Instant) -> Bool {
        if let last = begun[repository], now - last < Self.pause { return false }
        begun[repository] = now
        return true
    }
}
