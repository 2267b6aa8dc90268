import Foundation
import Testing

@testable import Scheduler

/// A folder is looked at when something in it has changed, and now and then.
@Suite final class FolderWatchTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "watch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func write(_ text: String, to name: String = "a.yaml", atomically: Bool = false) throws {
        try Data(text.utf8).write(to: folder.appending(path: name), options: atomically ? .atomic : [])
    }

    @Test func changesAreSeenAtTheNextLook() throws {
        try write("a")
        let watch = FolderWatch(folder.path)
        #expect(watch.isDue() && !watch.isDue())
        let changes: [() throws -> Void] = [
            { try self.write("b") }, { try self.write("c", atomically: true) }, { try self.write("d", to: "b.yaml") },
            {
                try FileManager.default.moveItem(
                    at: self.folder.appending(path: "b.yaml"), to: self.folder.appending(path: "c.yaml"))
            },
            { try FileManager.default.removeItem(at: self.folder.appending(path: "c.yaml")) },
            {
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o600], ofItemAtPath: self.folder.appending(path: "a.yaml").path)
            },
        ]
        for change in changes {
            try change()
            #expect(watch.isDue() && !watch.isDue())
        }
    }

    @Test func oneLookOfTenIsTakenAnyway() {
        let watch = FolderWatch(folder.path)
        let looks = (0..<3 * FolderWatch.most).map { _ in watch.isDue() }
        #expect(looks.indices.filter { looks[$0] } == [0, FolderWatch.most, 2 * FolderWatch.most])
    }

    @Test func aFolderThatIsReplacedIsWatchedAnewAndOneThatIsGoneIsAlwaysLookedAt() throws {
        let watch = FolderWatch(folder.path)
        #expect(watch.isDue())
        try FileManager.default.removeItem(at: folder)
        #expect(watch.isDue() && watch.isDue() && watch.isDue())
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        #expect(watch.isDue() && !watch.isDue())
        try write("a")
        #expect(watch.isDue() && !watch.isDue())
    }
}
