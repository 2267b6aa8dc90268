import FoundationEssentials
import Messages
import Testing

@testable import Manifests

/// The Scheduler looks at its folder every second: unchanged files are not read, and no change goes unseen.
struct ManifestCacheTests {
    private let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: NAME}\nstringData: {password: hunter2}\n"
    private let folder: ScratchFolder
    /// By this clock all files were written long ago.
    private var cache = ManifestCache { .max / 2 }

    init() throws {
        folder = try ScratchFolder()
        for name in ["a", "b"] { try write(name) }
    }

    private func write(_ name: String) throws { try folder.write(secret.replacing("NAME", with: name), to: "\(name).yaml") }

    private mutating func names() throws -> [String] {
        let loaded = try ResourceLoader().load(path: folder.path, reusing: &cache)
        return loaded.resources.secrets.map(\.value.metadata.name)
    }

    @Test mutating func unchangedFilesAreReadOnce() throws {
        for _ in 0..<3 { #expect(try names() == ["a", "b"]) }
        #expect(cache.reads == 2)
    }

    @Test mutating func newChangedReplacedAndRemovedFilesAreSeen() throws {
        #expect(try names() == ["a", "b"])
        try write("c")
        #expect(try names() == ["a", "b", "c"])
        #expect(cache.reads == 3)
        // As many bytes as before, at once after.
        try Data(secret.replacing("NAME", with: "d").utf8).write(to: URL(filePath: folder.path + "/c.yaml"), options: .atomic)
        #expect(try names() == ["a", "b", "d"])
        try FileManager.default.removeItem(atPath: folder.path + "/a.yaml")
        #expect(try names() == ["b", "d"])
        #expect(cache.reads == 4)
    }

    @Test mutating func complaintsStayWhileTheirFileDoes() throws {
        try folder.write(secret.replacing("NAME", with: "a"), to: "z.yaml")
        for _ in 0..<2 {
            let loaded = try ResourceLoader().load(path: folder.path, reusing: &cache)
            #expect(loaded.errors.map(\.message) == ["Secret default/a is already declared at \(folder.path)/a.yaml:1:1"])
        }
        #expect(cache.reads == 3)
        try FileManager.default.removeItem(atPath: folder.path + "/a.yaml")
        let loaded = try ResourceLoader().load(path: folder.path, reusing: &cache)
        #expect(loaded.complaints.isEmpty && loaded.resources.secret("a")?.place.file == folder.path + "/z.yaml")
    }

    /// Two writes in one tick of the file system's clock look the same.
    @Test func whatWasJustWrittenIsReadAgain() throws {
        var cache = ManifestCache()
        for _ in 0..<2 { _ = try ResourceLoader().load(path: folder.path, reusing: &cache) }
        #expect(cache.reads == 4)
    }
}
