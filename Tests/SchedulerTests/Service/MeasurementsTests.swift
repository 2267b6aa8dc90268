import Bus
import Messages
import Runtime
import Testing

@testable import Scheduler

/// What workers measured, for the page of metrics: names and labels come from outside.
@Suite struct MeasurementsTests {
    private func event(
        _ value: Double, at seconds: Double = 0, name: String = "sheaf_unit_seconds", labels: [String: String] = [:]
    ) -> MetricEvent {
        MetricEvent(name: name, value: value, labels: labels, time: Timestamp(secondsSinceEpoch: seconds))
    }

    @Test func theLatestValueOfASeriesStands() throws {
        let measurements = Measurements()
        try measurements.record(event(1, at: 10))
        try measurements.record(event(2, at: 20))
        try measurements.record(event(3, at: 15))
        try measurements.record(event(9, at: 5, labels: ["worker": "w1"]))
        let families = measurements.families()
        #expect(families.map(\.name) == ["sheaf_unit_seconds"])
        #expect(families.flatMap { $0.samples.map(\.value) }.sorted() == [2, 9])
    }

    @Test func noMoreThanFiveThousandSeriesAreKeptAndThoseGoOn() throws {
        let measurements = Measurements()
        for number in 0..<5100 { try measurements.record(event(1, labels: ["worker": "w\(number)"])) }
        try measurements.record(event(7, at: 1, labels: ["worker": "w0"]))
        let samples = measurements.families().flatMap(\.samples)
        #expect(samples.count == 5000)
        #expect(samples.filter { $0.value == 7 }.count == 1)
    }

    @Test(arguments: ["", "up", "sheaf_sessions", "sheaf_unit_seconds{x=\"1\"}", "sheaf_unit_\n", "sheaf_unit_É"])
    func aNameThatIsNoWorkersMetricIsPoison(name: String) {
        #expect(throws: PoisonError.self) { try Measurements().record(event(1, name: name)) }
    }

    @Test func labelsThatCannotBeArePoison() {
        #expect(throws: PoisonError.self) { try Measurements().record(event(1, labels: ["a b": "x"])) }
        let many = Dictionary(uniqueKeysWithValues: (0..<10).map { (String(repeating: "a", count: $0 + 1), "x") })
        #expect(throws: PoisonError.self) { try Measurements().record(event(1, labels: many)) }
    }
}
