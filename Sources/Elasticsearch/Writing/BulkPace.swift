/// How big bulk bodies are and how many are in flight at once, learned from how one cluster takes them. Pure: time comes in.
///
/// Both grow by trials: a step up is kept when the bytes accepted a second rise by it, and taken back when they do not. A server under
/// pressure halves the number in flight (429, 503), the size (a timeout) or both (its circuit breaker); one that calls a body too big
/// (413) sets the size's ceiling for good.
package struct BulkPace: Sendable {
    package struct Limits: Sendable {
        /// Bytes of documents in one body; the smallest is what refusals may shrink it to.
        package var smallestBody = 64 << 10
        package var firstBody = 2 << 20
        package var largestBody = 10_000_000
        /// Requests in flight: as many as a unit has clients, so that an engine of many cores need not wait for trials.
        package var firstRequests = 4
        package var requestsPerUnit = 4

        package init() {}
    }

    /// What a server objects to.
    package enum Refusal: Sendable, Equatable {
        /// 429 or 503, of a request or of single documents.
        case busy
        /// The circuit breaker.
        case memory
        /// No answer, or none in time.
        case timeout
        /// 413.
        case tooLarge
    }

    private enum Step {
        case body(from: Int)
        case requests(from: Int)
    }

    /// Bytes that a body of more than one document may have.
    package private(set) var bodyBytes: Int
    /// How many may be in flight at once, of all units together.
    package private(set) var requests: Int
    package private(set) var inFlight = 0

    private let limits: Limits
    private var units = 0
    private var ceiling: Int
    private var trial: Step?
    /// Bytes a second without the step on trial.
    private var reference = 0.0
    private var bodyRestsUntil: ContinuousClock.Instant?
    private var requestsRestUntil: ContinuousClock.Instant?
    private var shrunkAt: ContinuousClock.Instant?

    /// The span that is measured; it begins once requests sent before the last change are through.
    private var spanBegin: ContinuousClock.Instant?
    private var spanBytes = 0
    private var spanRequests = 0
    private var toPass = 1
    private var idleSince: ContinuousClock.Instant?

    /// A step must bring so much.
    private static let worthwhile = 1.05
    private static let span = Duration.milliseconds(400)
    /// Before a step is tried again: one that brought nothing, and one after pressure.
    private static let rest = Duration.seconds(20)
    private static let restAfterPressure = Duration.seconds(5)

    package init(limits: Limits = Limits()) {
        self.limits = limits
        bodyBytes = limits.firstBody
        ceiling = limits.largestBody
        requests = min(limits.firstRequests, limits.requestsPerUnit)
    }

    /// A unit begins to load.
    package mutating func join() { units += 1 }

    package mutating func leave() {
        units -= 1
        requests = min(requests, mostRequests)
    }

    package var mayBegin: Bool { inFlight < requests }

    package mutating func begin(at now: ContinuousClock.Instant) {
        // A span in which nothing was in flight says nothing about the server.
        if inFlight == 0, let idle = idleSince, let begin = spanBegin { spanBegin = begin + (now - idle) }
        idleSince = nil
        inFlight += 1
    }

    /// A request that began at `begun` has ended.
    ///
    /// - Parameter refusal: nil when all of its documents were answered for good.
    package mutating func end(bytes: Int, refusal: Refusal?, begun: ContinuousClock.Instant, at now: ContinuousClock.Instant) {
        inFlight -= 1
        if inFlight == 0 { idleSince = now }
        guard let refusal else { return measure(bytes, at: now) }
        if refusal == .tooLarge {
            ceiling = max(limits.smallestBody, min(ceiling, bytes / 2))
            bodyBytes = min(bodyBytes, ceiling)
            return restart()
        }
        // Requests that were on their way before the last decrease tell of the pressure that it answered.
        if let shrunkAt, begun <= shrunkAt { return }
        shrunkAt = now
        if refusal != .timeout {
            requests = max(1, requests / 2)
            requestsRestUntil = now + Self.restAfterPressure
        }
        if refusal != .busy {
            bodyBytes = max(limits.smallestBody, bodyBytes / 2)
            bodyRestsUntil = now + Self.rest
        }
        restart()
    }

    private var mostRequests: Int { limits.requestsPerUnit * max(1, units) }

    private mutating func restart() {
        trial = nil
        beginSpan()
    }

    private mutating func beginSpan() {
        spanBegin = nil
        spanBytes = 0
        spanRequests = 0
        toPass = max(1, inFlight)
    }

    private mutating func measure(_ bytes: Int, at now: ContinuousClock.Instant) {
        guard let begin = spanBegin else {
            toPass -= 1
            if toPass <= 0 { spanBegin = now }
            return
        }
        spanBytes += bytes
        spanRequests += 1
        let elapsed = now - begin
        guard elapsed >= Self.span, spanRequests >= 2 * requests else { return }
        judge(Double(spanBytes) / (elapsed / .seconds(1)), at: now)
        beginSpan()
    }

    private mutating func judge(_ rate: Double, at now: ContinuousClock.Instant) {
        guard let trial else {
            reference = rate
            return tryNext(at: now)
        }
        if rate > reference * Self.worthwhile {
            reference = rate
            // What helped once may help again.
            switch trial {
            case .body: if growBody() { return }
            case .requests: if growRequests() { return }
            }
        } else {
            switch trial {
            case .body(let from):
                bodyBytes = from
                bodyRestsUntil = now + Self.rest
            case .requests(let from):
                requests = min(from, mostRequests)
                requestsRestUntil = now + Self.rest
            }
        }
        tryNext(at: now)
    }

    private mutating func tryNext(at now: ContinuousClock.Instant) {
        trial = nil
        if isOver(requestsRestUntil, now), growRequests() { return }
        if isOver(bodyRestsUntil, now) { _ = growBody() }
    }

    private func isOver(_ rest: ContinuousClock.Instant?, _ now: ContinuousClock.Instant) -> Bool {
        rest.map { now >= $0 } ?? true
    }

    private mutating func growBody() -> Bool {
        guard bodyBytes < ceiling else { return false }
        trial = .body(from: bodyBytes)
        bodyBytes = min(ceiling, bodyBytes * 2)
        return true
    }

    private mutating func growRequests() -> Bool {
        guard requests < mostRequests else { return false }
        trial = .requests(from: requests)
        requests += 1
        return true
    }
}
