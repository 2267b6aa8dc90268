import Runtime
import Testing

@testable import Messages

/// Amounts of storage as Kubernetes writes them.
@Suite struct StorageQuantityTests {
    @Test(arguments: [
        ("1Gi", 1 << 30), ("500M", 500_000_000), ("2e9", 2_000_000_000), ("2E9", 2_000_000_000),
        ("1E", 1_000_000_000_000_000_000),
        ("1.5Gi", 3 << 29), ("128974848", 128_974_848), ("129e6", 129_000_000), ("129M", 129_000_000), ("123Mi", 123 << 20),
        ("128974848000m", 128_974_848), ("1500m", 2), ("1n", 1), ("0", 0), ("+1k", 1000), ("1e-3", 1), ("0.1Ki", 103),
        ("7Ei", 7 << 60), (".5Gi", 1 << 29), ("5.", 5), ("1e18", 1_000_000_000_000_000_000),
    ])
    func isRead(_ text: String, bytes: Int) {
        #expect(StorageQuantity(text)?.bytes == bytes)
    }

    @Test(arguments: [
        "", "Gi", "-1", "1gi", "1GB", "1 Gi", "1K", "10e", "1e1k", "1.2.3", "++1", "1e99", "8Ei", "9223372036854775808", "e9",
        "٣", ".",
        "1_000", "1e1.5", "0x10",
    ])
    func isNone(_ text: String) {
        #expect(StorageQuantity(text) == nil)
    }

    @Test func aTemplateAsksForItsStorage() {
        let template: JSONValue = ["metadata": [:], "spec": ["resources": ["requests": ["storage": "1Gi"]]]]
        #expect(InterimVolume(template)?.storage == 1 << 30)
        let number: JSONValue = ["spec": ["resources": ["requests": ["storage": .number("2e9")]]]]
        #expect(InterimVolume(number)?.storage == 2_000_000_000)
        #expect(InterimVolume(["spec": [:]]) == nil)
        #expect(InterimVolume(nil) == nil)
    }
}
