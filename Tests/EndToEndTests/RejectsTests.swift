import Foundation
import Runtime
import Testing

extension EndToEnd {
    /// Documents that a target refuses come back as lines, by the command that the restore's status names.
    @Suite struct RejectsTests {
        @Test(.requires(.elasticsearch), .timeLimit(.minutes(3)), arguments: [true, false])
        func whatATargetRefusedIsImportedElsewhere(isPartAllowed: Bool) async throws {
            let engine = try Engine(.elasticsearch)
            try await Site.use { site in
                let (index, mended) = ("\(site.prefix)-mixed", "\(site.prefix)-mended")
                try await engine.use([index, mended]) {
                    try await engine.create(index, mappings: ["properties": ["n": ["type": "keyword"]]])
                    let lines = (0..<20).map { "{\"index\":{\"_id\":\"\($0)\"}}\n{\"n\":\"\($0 < 12 ? "x" : "")\($0)\"}\n" }
                    try await engine.bulk(index, Array(lines.joined().utf8))
                    try await engine.refresh(index)
                    try site.declare(.elasticsearch)
                    try site.declarePlan("nightly", indices: index)
                    try await site.startScheduler()
                    try await site.startWorker("one")
                    try #require(try await site.backup("nightly").session.phase == "Succeeded")

                    // Numbers alone are taken now.
                    try await engine.delete(index)
                    try await engine.create(index, mappings: ["properties": ["n": ["type": "integer"]]])
                    let parameters = ["conflict": "append", "allowPartial": "\(isPartAllowed)"]
                    let restore = try await site.restore(try site.restoreFile("back", parameters: parameters)).session
                    let conditions = try #require(restore.json["conditions"]?.array)
                    func messages(_ type: String) -> [String] {
                        conditions.filter { $0["type"]?.string == type }.compactMap { $0["message"]?.string }
                    }
                    #expect(restore.phase == "Failed")
                    let reason = isPartAllowed ? "PartiallyCompleted" : "RestoreFailed"
                    #expect(messages(reason).first?.contains("kept in segment") == true, "\(restore.json)")
                    #expect(messages("Rejected").count == 10 && messages("Rejected").allSatisfy { $0.contains("_id ") })

                    let kept = try #require(messages("Kept").first, "\(restore.json)")
                    let words = kept.split(separator: " ").map(String.init)
                    let command = Array(words[try #require(words.firstIndex(of: "export"))...])
                    let file = "\(site.folder)/refused.ndjson"
                    let options = ["--resources", site.workerResources]
                    let export = try await site.sheaf(command + ["--output-file", file] + options)
                    #expect(export.exit == .code(0), "\(export)")
                    try await engine.create(mended, mappings: ["properties": ["n": ["type": "keyword"]]])
                    let load = try await site.sheaf(
                        ["import", "--appbinding", site.cluster, "--index", mended, "--conflict", "append", file] + options)
                    #expect(load.exit == .code(0), "\(load)")
                    #expect(try await engine.count(mended) == 12)
                    let unknown = try await site.sheaf(
                        ["export", "20200101t000000z-none", "--index", "*", "--repository", site.repositoryName] + options)
                    #expect(unknown.exit == .code(4), "\(unknown)")
                }
            }
        }
    }
}
