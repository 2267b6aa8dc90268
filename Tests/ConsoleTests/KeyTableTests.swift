import Runtime
import Testing

@testable import Console

struct KeyTableTests {
    private let rows = [
        KeyTable.Row(id: "aa", label: "main", created: "2026-11-26T19:00:00Z", epochs: [1], holdsNewest: false, isFirst: true),
        KeyTable.Row(
            id: "bb", label: "new", created: "2026-11-27T19:00:00Z", epochs: [1, nil], holdsNewest: true, isFirst: false),
    ]

    @Test func aLineTellsWhatAKeyOpens() {
        #expect(
            KeyTable.lines(rows) == [
                "KEY  LABEL  CREATED               EPOCHS",
                "aa   main   2026-11-26T19:00:00Z  1       old epochs only, named by FORMAT",
                "bb   new    2026-11-27T19:00:00Z  1,?     newest",
            ])
    }

    @Test func anEpochThatThePasswordDoesNotOpenIsNull() {
        #expect(KeyTable.json(rows[1])["epochs"] == [1, .null])
    }
}
