import Manifests
import Testing

/// Every complaint names its line, its column and its field, and says what was expected and what was found.
struct ComplaintTests {
    @Test(arguments: ComplaintCases.all)
    func complaintNamesPlacePathAndCause(_ test: ComplaintCases.Case) {
        let loaded = ResourceLoader().load(text: test.yaml, name: "m.yaml")
        #expect(loaded.complaints.map { String($0.description.dropFirst("m.yaml:".count)) } == test.complaints)
        #expect(!loaded.complaints.description.contains("hunter2"))
        let isRefused = !loaded.errors.isEmpty && test.name != "twice"
        #expect(loaded.resources.count == (isRefused || test.name == "unhandled kind" ? 0 : 1))
    }
}
