import Runtime
import Testing

extension EndToEnd {
    /// What a worker keeps in memory, by the kernel's own high-water mark, a process for the dump and another one for the load.
    @Suite struct MemoryTests {
        /// Bytes that a worker may hold, whatever the index's size.
        private static let bound = 128 << 20

        enum Load: String, CaseIterable, CustomTestStringConvertible {
            case manySmallDocuments
            case documentsOfOneMegabyte
            case oneHugeDocument

            var testDescription: String { rawValue }

            /// What may be added to the bound: a document above 1 MB is held twice at most.
            var allowance: Int { self == .oneHugeDocument ? 2 * Self.hugeDocument : 0 }

            static let hugeDocument = 90_000_000
        }

        @Test(.requires(.elasticsearch), .timeLimit(.minutes(15)), arguments: Load.allCases)
        func aWorkersMemoryIsBounded(_ load: Load) async throws {
            let engine = try Engine(.elasticsearch)
            try await Site.use { site in
                let index = "\(site.prefix)-load"
                try await engine.use([index]) {
                    let documents = try await fill(index, engine, load)
                    try site.declare(engine.server)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()

                    let dumper = try await site.startWorker("dumper")
                    let backup = try await site.backup("nightly", within: .seconds(300)).session
                    #expect(backup.phase == "Succeeded" && backup.documents == documents, "\(backup.json)")
                    try report(load, "dump", dumper, backup)
                    try await dumper.kill()
                    try await engine.delete(index)

                    let loader = try await site.startWorker("loader")
                    let restore = try await site.restore(try site.restoreFile("back"), within: .seconds(300)).session
                    #expect(restore.phase == "Succeeded" && restore.documents == documents, "\(restore.json)")
                    try report(load, "load", loader, restore)
                    #expect(try await engine.count(index) == documents)
                }
            }
        }

        private func fill(_ index: String, _ engine: Engine, _ load: Load) async throws -> Int {
            switch load {
            case .manySmallDocuments:
                try await engine.fill(index, documents: 300_000, filling: 120, shards: 3)
                return 300_000
            case .documentsOfOneMegabyte:
                try await engine.fill(index, documents: 200, filling: 1_000_000, shards: 2)
                return 200
            case .oneHugeDocument:
                try await engine.create(
                    index, settings: ["number_of_shards": 1, "number_of_replicas": 0], mappings: NumberedDocuments.mappings)
                let text = String(repeating: "x", count: Load.hugeDocument)
                try await engine.put(NastyDocument("huge", #"{"n":0,"ignored":"\#(text)"}"#), in: index)
                try await engine.refresh(index)
                return 1
            }
        }

        private func report(_ load: Load, _ what: String, _ worker: ChildProcess, _ session: SessionLine) throws {
            let peak = try #require(worker.peakMemory, "the worker is gone")
            let rate = Int(Double(session.documents) / max(session.seconds, 0.001))
            print(
                "\(load.rawValue) \(what): \(peak >> 20) MB at most, \(session.documents) documents in \(session.seconds) s, \(rate)/s"
            )
            #expect(
                peak <= Self.bound + load.allowance,
                "\(load.rawValue): the \(what) took \(peak >> 20) MB, allowed are \((Self.bound + load.allowance) >> 20) MB")
        }
    }
}
