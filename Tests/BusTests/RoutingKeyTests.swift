import Bus
import Messages
import Testing

/// A name is one word of a routing key, whatever it holds.
@Suite struct RoutingKeyTests {
    @Test func keysSayWhatTheyRoute() {
        #expect(RoutingKey.session(.backup, plan: "nightly") == "session.backup.nightly")
        #expect(RoutingKey.triggerManifest("back") == "trigger.manifest.back")
        #expect(RoutingKey.unit(.restore, plan: "back") == "unit.restore.back")
        #expect(RoutingKey.status(.backup, plan: "nightly", phase: .succeeded) == "backup.nightly.succeeded")
        #expect(RoutingKey.progress(.backup, plan: "nightly") == "backup.nightly.progress")
        #expect(RoutingKey.metric(plan: "nightly", name: "sheaf_unit_seconds") == "metric.nightly.sheaf_unit_seconds")
        #expect(RoutingKey.repository("disk.a") == "repository.disk-a")
        #expect(RoutingKey.worker("host.example-7") == "worker.host-example-7")
        #expect(RoutingKey.events(.backup, plan: "nightly") == "backup.nightly.#")
    }

    @Test(arguments: [("a.b", "a-b"), ("a*#", "a--"), ("a b\n", "a-b-"), ("é", "--"), ("A_1-z", "A_1-z")])
    func whatWouldSplitAWordOrMatchOthersBecomesADash(name: String, word: String) {
        #expect(RoutingKey.session(.backup, plan: name) == "session.backup.\(word)")
    }

    @Test(arguments: ["x", "é", "👩‍👩‍👧‍👦"])
    func longNamesStayWithinTheBoundOfAMQP(letter: String) {
        let name = String(repeating: letter, count: 300)
        let keys = [
            RoutingKey.session(.restore, plan: name), RoutingKey.unit(.restore, plan: name),
            RoutingKey.status(.restore, plan: name, phase: .succeeded), RoutingKey.progress(.restore, plan: name),
            RoutingKey.metric(plan: name, name: name), RoutingKey.events(.restore, plan: name),
        ]
        for key in keys { #expect(key.utf8.count <= 255, "\(key.utf8.count) bytes") }
    }
}
