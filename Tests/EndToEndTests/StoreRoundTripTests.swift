import Foundation
import Runtime
import Testing

extension EndToEnd {
    /// Back up into a bucket, verify, collect garbage, restore: with the program alone, over each kind of store.
    @Suite struct StoreRoundTripTests {
        enum Bucket: String, CaseIterable, Sendable {
            case s3 = "SHEAF_TEST_S3"
            case gcs = "SHEAF_TEST_GCS"
            case azure = "SHEAF_TEST_AZURE"

            static let present = allCases.filter { Surroundings.isCI || Surroundings.environment[$0.rawValue] != nil }

            private func value(_ name: String) throws -> JSONValue {
                let variable = rawValue + name
                guard let text = Surroundings.environment[variable] else {
                    throw Surroundings.Missing(message: "\(variable) is not set; start the stores with scripts/services")
                }
                return .string(text)
            }

            /// Stash's `backend`, below a prefix of the test's own.
            func backend(prefix: String) throws -> JSONValue {
                let prefix = JSONValue.string(prefix)
                switch self {
                case .s3:
                    return [
                        "s3": [
                            "endpoint": try value(""), "bucket": try value("_BUCKET"), "region": "us-east-1", "prefix": prefix,
                        ]
                    ]
                case .gcs: return ["gcs": ["bucket": try value("_BUCKET"), "prefix": prefix]]
                case .azure: return ["azure": ["container": try value("_CONTAINER"), "prefix": prefix]]
                }
            }

            /// Stash's keys of the storage Secret.
            func credentials() throws -> JSONValue {
                switch self {
                case .s3: return ["AWS_ACCESS_KEY_ID": try value("_KEY"), "AWS_SECRET_ACCESS_KEY": try value("_SECRET")]
                case .gcs:
                    guard let path = try value("_ACCOUNT").string else { return [:] }
                    let account = try String(contentsOfFile: path, encoding: .utf8)
                    return ["GOOGLE_PROJECT_ID": "sheaf-tests", "GOOGLE_SERVICE_ACCOUNT_JSON_KEY": .string(account)]
                case .azure: return ["AZURE_ACCOUNT_NAME": try value("_ACCOUNT"), "AZURE_ACCOUNT_KEY": try value("_KEY")]
                }
            }

            /// Where the vendor's own address does not lead here.
            func annotations() throws -> JSONValue {
                switch self {
                case .s3: [:]
                case .gcs: ["sheaf.dev/endpoint": try value("")]
                case .azure:
                    ["sheaf.dev/endpoint": .string("\(try value("").string ?? "")/\(try value("_ACCOUNT").string ?? "")")]
                }
            }
        }

        @Test(
            .requires(.defaultEngine),
            .enabled(if: !Bucket.present.isEmpty, "set SHEAF_TEST_S3, _GCS or _AZURE: scripts/services starts the stores"),
            .timeLimit(.minutes(3)), arguments: Bucket.present)
        func aBucketGivesBackWhatWasPutIntoIt(_ bucket: Bucket) async throws {
            let engine = try Engine(.defaultEngine)
            try await Site.use { site in
                let index = "\(site.prefix)-numbered"
                try await engine.use([index]) {
                    try await engine.fill(index, documents: 2_000, filling: 300, shards: 2)
                    try site.declare(.defaultEngine)
                    try site.declareRepository(
                        backend: try bucket.backend(prefix: site.prefix), credentials: try bucket.credentials(),
                        annotations: try bucket.annotations(), to: [site.schedulerResources, site.workerResources])
                    try site.declarePlan("nightly", indices: index, retention: ["name": "two", "keepLast": 2])
                    try await site.startScheduler()
                    try await site.startWorker("one", ["--unit-bytes", "200KiB"])
                    try await site.startWorker("two", ["--unit-bytes", "200KiB"])
                    let before = try await engine.observe(index, isNumbered: true)
                    for _ in 0..<3 {
                        let session = try await site.backup("nightly").session
                        try #require(session.phase == "Succeeded", "\(session.json)")
                    }
                    #expect(try await site.snapshots().count == 2)
                    try await succeed(site, ["repo", "verify", site.repositoryName, "--mode", "full"])
                    try await succeed(site, ["repo", "gc", site.repositoryName, "--grace", "0s"])
                    try await succeed(site, ["repo", "verify", site.repositoryName, "--mode", "full"])

                    try await engine.delete(index)
                    let restore = try await site.restore(try site.restoreFile("back")).session
                    try #require(restore.phase == "Succeeded", "\(restore.json)")
                    #expect(try await engine.observe(index, isNumbered: true).documents == before.documents)
                }
            }
        }

        private func succeed(_ site: Site, _ words: [String]) async throws {
            let result = try await site.sheaf(words + ["--resources", site.workerResources])
            #expect(result.exit == .code(0), "\(result)")
        }
    }
}
