import Testing

@testable import Worker

/// How often a message is tried, and when its session is ended in spite of it.
@Suite struct EnduranceTests {
    struct Case: Sendable {
        var attempt = 0
        var deliveries = 0
        var isDeadLetter = false
        var isDecidedBefore = false
        var isDecidedNow = false
        var isTriedAgain: Bool
    }

    @Test(arguments: [
        Case(isTriedAgain: true), Case(attempt: 3, isTriedAgain: true), Case(attempt: 4, isTriedAgain: false),
        Case(deliveries: 9, isTriedAgain: true), Case(deliveries: 10, isTriedAgain: false),
        Case(isDeadLetter: true, isTriedAgain: false),
        // An outcome stands: only its record is missing, and a short outage must not cost it.
        Case(attempt: 4, isDecidedNow: true, isTriedAgain: true),
        Case(attempt: 4, isDeadLetter: true, isDecidedNow: true, isTriedAgain: true),
        Case(attempt: 18, isDecidedBefore: true, isTriedAgain: true),
        Case(attempt: 19, isDecidedBefore: true, isDecidedNow: true, isTriedAgain: false),
    ])
    func aMessageIsTriedAgain(sample: Case) {
        let endurance = Endurance(
            attempt: sample.attempt, deliveries: sample.deliveries, isDeadLetter: sample.isDeadLetter,
            isDecided: sample.isDecidedBefore)
        #expect(endurance.allowsRetry(attempts: 5, isDecided: sample.isDecidedNow) == sample.isTriedAgain, "\(sample)")
    }

    @Test(arguments: [
        (0, false, false, false), (9, false, false, false), (10, false, true, false), (14, false, true, false),
        (15, false, true, true), (0, true, true, false), (4, true, true, false), (5, true, true, true),
    ])
    func aMessageThatKillsWorkersIsGivenUpAndThenEndedWithoutTheEngine(
        deliveries: Int, isDeadLetter: Bool, isGivenUp: Bool, isBlind: Bool
    ) {
        let endurance = Endurance(attempt: 0, deliveries: deliveries, isDeadLetter: isDeadLetter)
        #expect(endurance.isGivenUp == isGivenUp && endurance.finishesBlindly == isBlind)
    }
}
