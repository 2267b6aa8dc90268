import Foundation

/// A disk of 2 MB that one program sees in a folder: a mount in a name space of its own, which goes with the program.
enum SmallDisk {
    /// Words to put before a program's own.
    static func wrapper(_ folder: String) -> [String] {
        ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", "mount -t tmpfs -o size=2m tmpfs \"$0\" && exec \"$@\"", folder]
    }

    /// Whether this machine lets us have one.
    static func isPossible() async throws -> Bool {
        let words = wrapper(FileManager.default.temporaryDirectory.path) + ["/bin/true"]
        let trial = try await ChildProcess.start(
            "mount", words[0], Array(words.dropFirst()), environment: ["PATH": "/usr/bin:/bin"])
        return try await trial.exit(within: .seconds(20)) == .code(0)
    }
}
