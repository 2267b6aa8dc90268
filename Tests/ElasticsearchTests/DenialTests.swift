import HTTP
import Runtime
import Testing

@testable import Elasticsearch

/// Sentences of Elasticsearch 8.19 and of OpenSearch's security plugin.
@Suite struct DenialTests {
    @Test func elasticsearchNamesWhatGrantsIt() throws {
        let denial = try #require(
            Denial(
                "action [indices:data/read/open_point_in_time] is unauthorized for user [sheaf] with effective roles [r], "
                    + "on indices [logs-1,logs-2], this action is granted by the index privileges [read,all]"))
        #expect(denial.action == "indices:data/read/open_point_in_time" && denial.user == "sheaf")
        #expect(
            denial.advice
                == "give user sheaf one of the index privileges read, all on logs-1,logs-2; docs/roles has roles that suffice")
    }

    @Test func openSearchNamesTheAction() throws {
        let denial = try #require(
            Denial("no permissions for [indices:admin/get] and User [name=sheaf, backend_roles=[], requestedTenant=null]"))
        #expect(denial.advice == "give user sheaf the permission indices:admin/get; docs/roles has roles that suffice")
    }

    @Test func otherSentencesAreNone() {
        #expect(Denial("blocked by: [FORBIDDEN/5/index read-only (api)];") == nil)
    }

    @Test func aBlockIsNoLackOfPrivileges() {
        let body =
            #"{"error":{"type":"cluster_block_exception","reason":"index [a] blocked by: [FORBIDDEN/5/index read-only (api)];"},"status":403}"#
        let advice = ServerReason(body: Array(body.utf8)).advice(.forbidden, as: .none)
        #expect(advice?.contains("remove the block") == true)
    }

    @Test func theLoginThatWasRefusedIsNamed() {
        let reason = ServerReason(body: Array(#"{"error":{"type":"security_exception","reason":"no"},"status":401}"#.utf8))
        #expect(
            reason.advice(.unauthorized, as: .basic(user: "elastic", password: Sensitive("x")))?.contains("(elastic)") == true)
        #expect(reason.advice(.unauthorized, as: .apiKey(Sensitive("x")))?.contains("apiKey") == true)
        let signer = RequestSigner(service: "es", region: "eu-central-1", accessKeyID: "AKID", secretAccessKey: Sensitive("x"))
        let gateway = ServerReason(body: Array(#"{"message":"The request signature we calculated does not match"}"#.utf8))
        #expect(gateway.text == "The request signature we calculated does not match")
        #expect(gateway.advice(.forbidden, as: .signature(signer))?.contains("eu-central-1") == true)
    }
}
