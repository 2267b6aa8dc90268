import Runtime

/// What is done to the broker and to its connections in one phase of a chaos test, and after how much of the sessions' progress.
///
/// The same seed is the same schedule. What it meets differs from run to run, since the programs' threads do.
struct ChaosSchedule: Sendable, CustomStringConvertible {
    enum Fault: Sendable, Equatable {
        /// SIGTERM and a start.
        case brokerRestart
        /// SIGKILL and a start.
        case brokerKill
        /// One connection of that program, after so many more bytes, mostly in the middle of a frame.
        case cut(program: Int, FaultProxy.Cut, afterBytes: Int)
        case cutAll(FaultProxy.Cut)
        /// Nil: of all programs.
        case stall(program: Int?, Duration)
        case refuse(program: Int?, Duration)
        case trickle(program: Int, Duration)

        /// As the figures name it.
        var kind: String {
            switch self {
            case .brokerRestart: "restarts"
            case .brokerKill: "kills"
            case .cut: "single cuts"
            case .cutAll: "cuts of all"
            case .stall: "stalls"
            case .refuse: "refusals"
            case .trickle: "trickles"
            }
        }
    }

    struct Step: Sendable {
        /// Units that the sessions of this phase have asked for, counted from its begin.
        var units: Int
        var fault: Fault
    }

    let steps: [Step]

    /// - Parameters:
    ///   - programs: how many there are to harm.
    ///   - units: those of a whole phase, at least.
    ///   - heartbeat: of every connection; stalls last one to three of it.
    ///   - harmsBroker: whether the broker itself is restarted or killed in this phase.
    init(
        programs: Int, units: Int, heartbeat: Duration, harmsBroker: Bool, using generator: inout some RandomNumberGenerator
    ) {
        func seconds(_ range: ClosedRange<Double>) -> Duration { .seconds(Double.random(in: range, using: &generator)) }
        func program() -> Int { Int.random(in: 0..<programs, using: &generator) }
        func cut() -> FaultProxy.Cut { FaultProxy.Cut.allCases.randomElement(using: &generator) ?? .reset }
        func someOrAll() -> Int? { Int.random(in: 0..<3, using: &generator) == 0 ? nil : program() }

        var faults: [Fault] = []
        if harmsBroker { faults.append(Bool.random(using: &generator) ? .brokerKill : .brokerRestart) }
        for _ in 0..<2 {
            faults.append(.cut(program: program(), cut(), afterBytes: Int.random(in: 1...20_000, using: &generator)))
        }
        for _ in 0..<2 {
            switch Int.random(in: 0..<8, using: &generator) {
            case 0...1: faults.append(.cutAll(cut()))
            // A little more than a whole number of heartbeats: 1 must be borne, 2 may be, 3 end the connection.
            case 2...4:
                let beats = Double(Int.random(in: 1...3, using: &generator))
                faults.append(.stall(program: someOrAll(), heartbeat * beats + seconds(0...0.5)))
            case 5...6: faults.append(.refuse(program: someOrAll(), seconds(0.5...2)))
            default: faults.append(.trickle(program: program(), seconds(0.5...2)))
            }
        }
        faults.shuffle(using: &generator)
        // All of it happens while there is work left.
        let moments = faults.map { _ in Int.random(in: 1...(units * 6 / 10), using: &generator) }.sorted()
        steps = zip(moments, faults).map { Step(units: $0, fault: $1) }
    }

    var description: String { steps.map { "\($0.units): \($0.fault)" }.joined(separator: ", ") }
}
