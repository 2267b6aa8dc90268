import Messages
import Runtime
import Testing

@testable import Console

struct LinesTests {
    private let sample: Sample
    private var progress: SessionProgress

    init() throws {
        sample = try Sample()
        progress = SessionProgress(session: sample.id, kind: .backup)
    }

    @Test mutating func everyIndexHasALineAndTheTotalIsLast() {
        _ = progress.apply(sample.status(.running))
        progress.apply(sample.progress("orders", 100), at: .seconds(10))
        progress.apply(sample.progress("orders", 300), at: .seconds(12))
        progress.apply(sample.progress("logs", slice: 1, 500, .stored), at: .seconds(12))
        #expect(
            ProgressLines(progress).block(width: 120, height: 24, at: .seconds(12)) == [
                " orders  dump     30%  300/1.0k docs  100 KiB/s  ETA 7s",
                " logs    stored  100%   500/500 docs",
                "total   53%  1 of 2 indices  800/1.5k docs  78 KiB stored (800 KiB read)  350 KiB/s  ETA 2s",
            ])
    }

    @Test mutating func linesNeverPassTheWidthOfTheTerminal() {
        _ = progress.apply(sample.status(.running, indices: [(String(repeating: "x", count: 200) + "-2026", 10)]))
        let lines = ProgressLines(progress).block(width: 30, height: 24, at: .zero)
        #expect(lines.allSatisfy { $0.count <= 30 })
        #expect(ProgressLines(progress).block(width: 120, height: 24, at: .zero)[0].contains("xxx-2026 "))
    }

    @Test mutating func whatIsAtWorkIsShownWhenNotAllFit() {
        let indices = (0..<50).map { ("index-\($0)", 10) }
        _ = progress.apply(sample.status(.running, indices: indices))
        for number in 0..<30 { progress.apply(sample.progress("index-\(number)", slice: number, 10, .stored), at: .seconds(1)) }
        progress.apply(sample.progress("index-40", slice: 40, 5), at: .seconds(1))
        let lines = ProgressLines(progress).block(width: 100, height: 10, at: .seconds(1))
        #expect(lines.count == 9)
        #expect(lines.contains { $0.hasPrefix(" index-40") })
        #expect(lines[7] == " … and 43 indices more, 30 of them stored")
    }

    @Test mutating func whatIsCompleteButNotFinalIsFinishing() {
        _ = progress.apply(sample.status(.running, indices: [("logs", 500)]))
        progress.apply(sample.progress("logs", 500, .stored), at: .seconds(1))
        #expect(
            ProgressLines(progress).line(now: sample.moment, at: .seconds(1))
                == "\(FigureText.moment(sample.moment))  total  100%  1 of 1 index  500/500 docs  49 KiB stored (500 KiB read)  finishing"
        )
    }

    @Test func withoutAnEventASessionWaitsForAWorker() {
        #expect(ProgressLines(progress).block(width: 80, height: 24, at: .zero) == ["waiting for a worker"])
    }

    @Test(arguments: [
        (0, "0"), (999, "999"), (1000, "1.0k"), (9999, "9.9k"), (10_000, "10k"), (310_000, "310k"), (999_999, "999k"),
        (4_100_000, "4.1M"), (6_650_000_000, "6.6G"),
    ])
    func shortFiguresAreCutOffAndFitTheirColumn(count: Int, text: String) {
        #expect(FigureText.short(count) == text)
        #expect(FigureText.short(count).count <= 4)
    }

    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (336_776, "336,776"), (-1_234_567, "-1,234,567")])
    func exactFiguresHaveTheirThousands(count: Int, text: String) {
        #expect(FigureText.exact(count) == text)
    }

    @Test func tablesAlignTheirColumnsAndEndWithoutSpaces() {
        var table = TextTable([("NAME", .left), ("DOCS", .right), ("RESULT", .left)])
        table.append(["a", "1", ""])
        table.append(["longer", "12345", "ok"])
        #expect(table.lines == ["NAME     DOCS  RESULT", "a           1", "longer  12345  ok"])
    }
}
