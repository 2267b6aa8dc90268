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
        let task: JSONValue = [
            "kind": "Task", "metadata": ["name": "around"],
            "spec": ["steps": [["name": "freeze", "params": []], ["name": "elasticsearch-backup"]]],
        ]
        #expect(ResourceTable.lines([task]) == ["NAME    STEPS", "around  freeze elasticsearch-backup"])
        let function: JSONValue = ["kind": "Function", "metadata": ["name": "f"], "spec": ["command": ["freeze", "-a"]]]
        #expect(ResourceTable.lines([function]) == ["NAME  COMMAND    IMAGE", "f     freeze -a  -"])
    }

    @Test func conditionsBecomeSentencesOnOneLineEach() {
        let object: JSONValue = [
            "status": ["conditions": [["type": "T", "status": "False", "message": "a\nb"], ["reason": "none"]]]
        ]
        let lines = ResourceTable.findings(object)
        #expect(lines.count == 1 && lines[0].hasPrefix("T False: a") && !lines[0].contains("\n"))
    }
}
