import FoundationEssentials
import Runtime
import Testing

@Suite struct TextTests {
    @Test func sensitiveNeverPrintsItself() {
        struct Login {
            let user = "u"
            let password = Sensitive("hunter2")
        }
        var dumped = ""
        dump(Login(), to: &dumped)
        dump(Sensitive("hunter2"), to: &dumped)
        let shown = [
            "\(Sensitive("hunter2"))", String(reflecting: Sensitive("hunter2")), "\(Login())", "\([Sensitive("hunter2")])",
            dumped,
            "\(["k": Sensitive("hunter2")])", "\(Optional(Sensitive("hunter2")) as Any)",
        ]
        for text in shown {
            #expect(text.contains("***"))
            #expect(!text.contains("hunter2"))
        }
        #expect(Sensitive("hunter2").reveal() == "hunter2")
        #expect(Sensitive("a") == Sensitive("a"))
        #expect(Sensitive("a") != Sensitive("b"))
        #expect(Sensitive("a") != Sensitive("ab"))
    }

    @Test(arguments: [
        ("0", 0), ("512", 512), ("512B", 512), ("64KiB", 65_536), ("64 KiB", 65_536), ("64Ki", 65_536), ("1.5GiB", 1_610_612_736),
        ("10MB", 10_000_000), ("10mb", 10_000_000), ("1k", 1000), ("8PiB", 9_007_199_254_740_992), ("0.5KiB", 512),
    ])
    func sizesAreRead(_ text: String, _ bytes: Int) throws {
        #expect(try ByteCount(parsing: text).bytes == bytes)
    }

    @Test(arguments: ["", "KiB", "-1", "1 2", "1.KiB", ".5KiB", "1XB", "1..5", "99999PiB", "64KiB ", "٣KiB"])
    func whatIsNoSizeIsRefused(_ text: String) {
        #expect(throws: RuntimeError.self) { try ByteCount(parsing: text) }
    }

    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (65_536, "64 KiB"), (2_040_109_466, "1.9 GiB"), (1_048_575, "1.0 MiB"),
        (10_188, "9.9 KiB"), (10_238, "10 KiB"), (222_298_112, "212 MiB"), (Int.max, "8.0 EiB"), (-2048, "-2.0 KiB"),
        (Int.min, "-8.0 EiB"),
    ])
    func sizesAreShown(_ bytes: Int, _ text: String) {
        #expect(ByteCount(bytes).description == text)
    }

    @Test(
        arguments: [
            ("0", .zero), ("90s", .seconds(90)), ("2m", .seconds(120)), ("1h30m", .seconds(5400)), ("1.5h", .seconds(5400)),
            ("250ms", .milliseconds(250)), ("7d", .seconds(604_800)), ("1w", .seconds(604_800)),
            ("1m30.5s", .milliseconds(90_500)),
        ] as [(String, Duration)])
    func durationsAreRead(_ text: String, _ duration: Duration) throws {
        #expect(try Duration(parsing: text) == duration)
    }

    @Test(arguments: ["", "90", "s", "1x", "-1s", "1h 30m", "1.s", "99999999w", "1h30"])
    func whatIsNoDurationIsRefused(_ text: String) {
        #expect(throws: RuntimeError.self) { try Duration(parsing: text) }
    }

    @Test(
        arguments: [
            (.zero, "0s"), (.milliseconds(350), "350ms"), (.milliseconds(1250), "1.2s"), (.milliseconds(2040), "2s"),
            (.seconds(12), "12s"),
            (.seconds(271), "4m31s"), (.seconds(120), "2m"), (.seconds(5400), "1h30m"), (.seconds(3 * 86_400 + 4 * 3600), "3d4h"),
            (.seconds(-90), "-1m30s"),
        ] as [(Duration, String)])
    func durationsAreShown(_ duration: Duration, _ text: String) {
        #expect(duration.shortText == text)
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-23T14:02:11.042Z", 1_795_442_531_042),
            ("2026-11-23T16:02:11.042999+02:00", 1_795_442_531_042),
            ("2026-11-23T08:32:11.042-05:30", 1_795_442_531_042), ("1969-12-31T23:59:59.999Z", -1),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ] as [(String, Int64)])
    func timesAreRead(_ text: String, _ milliseconds: Int64) throws {
        let time = try Timestamp(parsing: text)
        #expect(time.millisecondsSinceEpoch == milliseconds)
        #expect(time.description.utf8.count == 24)
        #expect(try Timestamp(parsing: time.description) == time)
    }

    @Test(arguments: [
        "", "2026-11-23", "2026-11-23T14:02:11", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00Zx", "2026-1-01T00:00:00Z", "0000-01-01T00:00:00+01:00",
    ])
    func whatIsNoTimeIsRefused(_ text: String) {
        #expect(throws: RuntimeError.self) { try Timestamp(parsing: text) }
    }

    @Test func timePrintsLikeFoundation() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let milliseconds = Int64.random(in: 0...253_402_300_799_999, using: &generator)
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            let expected = Date(timeIntervalSince1970: Double(milliseconds / 1000)).formatted(style).dropLast(4)
            #expect(Timestamp(millisecondsSinceEpoch: milliseconds).description.dropLast(4) == expected, "\(milliseconds)")
        }
    }

    @Test func timeGoesThroughJSONAsText() throws {
        let time = try Timestamp(parsing: "2026-11-23T14:02:11.042Z")
        let text = try JSONEncoder().encode([time])
        #expect(String(decoding: text, as: UTF8.self) == #"["2026-11-23T14:02:11.042Z"]"#)
        #expect(try JSONDecoder().decode([Timestamp].self, from: text) == [time])
        #expect((time + .seconds(1)) - time == .seconds(1))
        #expect(Timestamp(secondsSinceEpoch: .infinity).description == "9999-12-31T23:59:59.999Z")
    }

    @Test func backoffGrowsToItsCapAndIsSpread() {
        let backoff = Backoff(base: .seconds(1), factor: 2, cap: .seconds(10))
        #expect((0..<6).map { backoff.limit(attempt: $0) } == [1, 2, 4, 8, 10, 10].map(Duration.seconds))
        #expect(backoff.limit(attempt: .max) == .seconds(10))
        var generator = SystemRandomNumberGenerator()
        let delays = (0..<1000).map { _ in backoff.delay(attempt: 9, using: &generator) }
        #expect(delays.allSatisfy { $0 >= .zero && $0 <= .seconds(10) })
        #expect(delays.contains { $0 < .seconds(3) } && delays.contains { $0 > .seconds(7) })
    }
}
