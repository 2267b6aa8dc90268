import Archive
import FoundationEssentials
import Glibc
import Runtime
import Worker

/// Packs the lines of a file as a dump packs an engine's documents, into a repository in a folder, and prints one line of JSON.
///
///     ArchiveBench FILE REPOSITORY SPOOL [LEVEL]
///
/// Its own cost is to find the ends of lines, and what the pages of the file cost. The repository is encrypted with the password in
/// SHEAF_PASSWORD; without one it is not.
@main
struct BenchmarkedDump {
    static func main() throws {
        let words = CommandLine.arguments
        guard words.count >= 4, let level = words.count > 4 ? Int(words[4]) : 3 else {
            let usage = "usage: ArchiveBench FILE REPOSITORY SPOOL [LEVEL]\n"
            _ = write(STDERR_FILENO, usage, usage.utf8.count)
            exit(2)
        }
        var settings = SegmentSettings()
        settings.level = level
        let protection: Protection =
            if let password = ProcessInfo.processInfo.environment["SHEAF_PASSWORD"] {
                .password(Sensitive(password), KeyringCache())
            } else {
                .none
            }
        let repository = try OpenRepository.create(LocalStore(words[2]), protection: protection, now: Date())
        let clock = ContinuousClock()
        let begun = clock.now
        let sink = DumpSink(store: repository.store, spool: try Spool(in: words[3], limit: 1 << 30), settings: settings)
        var number = 0
        let pages = try LinePages(path: words[1])
        try pages.forEachLine { line in
            number += 1
            try Array("\"\(number)\"".utf8).withUnsafeBytes { id in
                try sink.take(id: id, routing: nil, source: line, sort: line)
            }
        }
        try sink.finish()
        let seconds = begun.duration(to: clock.now) / .seconds(1)
        let figures = [
            "\"documents\":\(sink.documents)", "\"bytes\":\(pages.size)", "\"stored\":\(sink.storedBytes)",
            "\"encryption\":\"\(repository.format.algorithms.encryption)\"", "\"seconds\":\(seconds)",
        ]
        print("{\(figures.joined(separator: ","))}")
    }
}
