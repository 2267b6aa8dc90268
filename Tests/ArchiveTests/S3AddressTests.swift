import Testing

@testable import Archive

struct S3AddressTests {
    private func address(_ change: (inout S3Configuration) -> Void) throws -> S3Address {
        var configuration = S3Configuration(bucket: "b-1")
        change(&configuration)
        return try S3Address(configuration)
    }

    @Test func withoutAnEndpointItIsThatOfAWS() throws {
        #expect(try address { _ in }.base == "https://b-1.s3.us-east-1.amazonaws.com")
        #expect(try address { $0.region = "eu-west-1" }.base == "https://b-1.s3.eu-west-1.amazonaws.com")
        #expect(try address { $0.region = "cn-north-1" }.base == "https://b-1.s3.cn-north-1.amazonaws.com.cn")
        #expect(try address { ($0.endpoint, $0.region) = ("", "") }.base == "https://b-1.s3.us-east-1.amazonaws.com")
        #expect(try address { $0.addressing = .path }.base == "https://s3.us-east-1.amazonaws.com/b-1")
        #expect(
            try address { $0.bucket = "a.b" }.base == "https://s3.us-east-1.amazonaws.com/a.b", "no certificate covers a.b.s3…")
    }

    @Test(arguments: [
        ("minio:9000", "https://minio:9000/b-1"), ("http://minio:9000/", "http://minio:9000/b-1"),
        ("HTTPS://s3.example", "https://s3.example/b-1"), ("s3.amazonaws.com", "https://s3.amazonaws.com/b-1"),
    ])
    func anEndpointMayHaveAScheme(endpoint: String, base: String) throws {
        #expect(try address { $0.endpoint = endpoint }.base == base)
    }

    @Test func virtualHostsAreAskedFor() throws {
        #expect(
            try address { ($0.endpoint, $0.addressing) = ("http://s3.example:9000", .virtualHost) }.base
                == "http://b-1.s3.example:9000")
    }

    @Test(arguments: [
        ("s3.eu-central-1.amazonaws.com", "eu-central-1"), ("s3-us-west-2.amazonaws.com", "us-west-2"),
        ("s3.dualstack.ap-south-1.amazonaws.com", "ap-south-1"), ("s3.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("s3.amazonaws.com", "us-east-1"), ("minio.eu-west-1.example", "us-east-1"),
    ])
    func theRegionIsInAnEndpointOfAWS(endpoint: String, region: String) throws {
        #expect(try address { $0.endpoint = endpoint }.region == region)
        #expect(try address { ($0.endpoint, $0.region) = (endpoint, "x-y-9") }.region == "x-y-9")
    }

    @Test func keysStandBelowThePrefix() throws {
        let key = try ObjectKey("segments/ab/c~d")
        #expect(try address { _ in }.url(of: key).hasSuffix(".com/segments/ab/c~d"))
        let below = try address { $0.prefix = "/team a/b+c/" }
        #expect(below.url(of: key).hasSuffix(".com/team%20a/b%2Bc/segments/ab/c~d"))
        #expect(below.prefix == "team a/b+c/")
        #expect(below.location == "https://b-1.s3.us-east-1.amazonaws.com/team a/b+c")
        #expect(below.url([("prefix", "é/"), ("uploads", "")]).hasSuffix(".com/?prefix=%C3%A9%2F&uploads="))
    }

    @Test(arguments: ["a//b", "../a", "a/./b", "a\nb", "a\\b", String(repeating: "x", count: 600)])
    func aPrefixThatServersSpellOtherwiseIsRefused(prefix: String) {
        #expect(code { _ = try address { $0.prefix = prefix } } == .invalid)
    }

    @Test(arguments: ["", "ab", "a/b", "bucket?", ".bucket", "bücket"]) func whatIsNoBucketIsRefused(bucket: String) {
        #expect(code { _ = try address { $0.bucket = bucket } } == .invalid)
    }

    @Test(arguments: ["ftp://x", "http://", "user:secret@host", "host/bucket", "host?x", "a b"])
    func whatIsNoEndpointIsRefused(endpoint: String) throws {
        let error = try failure { _ = try address { $0.endpoint = endpoint } }
        #expect(error.code == .invalid)
        #expect(!error.message.contains("secret"))
    }
}
