import Console
import Runtime
import Testing

/// Columns are Stash's, whatever an object lacks.
@Suite struct ResourceTableTests {
    @Test func columnsAreThoseOfTheKind() {
        let plan: JSONValue = [
            "kind": "BackupConfiguration", "metadata": ["name": "nightly", "namespace": "demo"],
            "spec": ["schedule": "0 2 * * *", "paused": true], "status": ["phase": "Ready"],
        ]
        #expect(
            ResourceTable.lines([plan]) == [
                "NAMESPACE  NAME     TASK  SCHEDULE   PAUSED  PHASE  NEXT-RUN",
                "demo       nightly  -     0 2 * * *  true    Ready  -",
            ])
        #expect(ResourceTable.lines([["kind": "BackupBlueprint", "metadata": ["name": "b"]]]).first == "NAME  TASK  SCHEDULE")
    }

    @Test func conditionsBecomeSentencesOnOneLineEach() {
        let object: JSONValue = [
            "status": ["conditions": [["type": "T", "status": "False", "message": "a\nb"], ["reason": "none"]]]
        ]
        let lines = ResourceTable.findings(object)
        #expect(lines.count == 1 && lines[0].hasPrefix("T False: a") && !lines[0].contains("\n"))
    }
}
