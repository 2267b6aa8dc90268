import Runtime
import Testing

extension EndToEnd {
    /// Says by name which servers the other tests leave out: a case that is left out of a list of arguments is not seen.
    @Suite struct SurroundingsTests {
        @Test(.requires(.defaultEngine)) func theDefaultEngineAnswers() async throws { try await answers(.defaultEngine) }

        @Test(.requires(.elasticsearch)) func elasticsearchAnswers() async throws { try await answers(.elasticsearch) }

        @Test(.requires(.opensearch)) func openSearchAnswers() async throws { try await answers(.opensearch) }

        @Test(.requires(.secureElasticsearch)) func elasticsearchWithAPasswordAnswers() async throws {
            try await answers(.secureElasticsearch)
        }

        private func answers(_ server: TestServer) async throws {
            #expect(try await Engine(server).call("GET", "/_cluster/health")["status"]?.string != nil)
        }
    }
}
