import HTTP
package import Runtime

/// Tries a cluster out, by requests that only read: whether a backup and a restore would get what they need.
///
/// Blocks for some thirty requests. What cannot be looked at becomes a finding, not an error.
package struct ClusterExamination {
    /// A certificate that ends sooner is worth a warning, in milliseconds.
    private static let certificateNotice: Int64 = 30 * 86_400_000
    /// Between this machine's clock and the server's, in seconds.
    private static let clockTolerance = 60.0

    let client: ElasticsearchClient
    private let now: @Sendable () -> Timestamp

    package init(client: ElasticsearchClient, now: @escaping @Sendable () -> Timestamp = { .now() }) {
        self.client = client
        self.now = now
    }

    package func findings() -> [ClusterFinding] {
        let root: HTTPResponse
        do throws(HTTPError) {
            root = try client.http.send(client.request("GET", "/", body: .none, contentType: ""))
        } catch {
            return [ClusterFinding(error.code == .tls ? "tls" : "connection", .problem, error.message)]
        }
        var findings = [ClusterFinding("connection", .fine, "\(client.http.current) answers")]
        findings += transport(root)
        // 401 says that the login is wrong; 403 and 405 that this path alone is closed.
        if root.status == 401 || (root.status == 403 && client.configuration.credential.isSignature) {
            let error = client.error(status: root.status, body: root.body, attempting: "log in")
            return findings + [ClusterFinding("login", .problem, error.message)]
        }
        var capabilities: ClusterCapabilities?
        do throws(ElasticsearchError) {
            let found = try client.capabilities()
            if case .none = client.configuration.credential {
                findings.append(ClusterFinding("login", .fine, "none is asked for"))
            } else {
                findings.append(ClusterFinding("login", .fine, "accepted"))
            }
            findings.append(version(found))
            findings += limits(found)
            capabilities = found
        } catch {
            findings.append(ClusterFinding(error.code == .unauthorized ? "login" : "version", .problem, error.message))
            if error.code == .unauthorized || error.code == .transport { return findings }
        }
        findings += clock(capabilities?.clockSkew ?? skew(of: root))
        return findings + privileges() + health() + indices(sendsVectors: capabilities?.sendsVectorsOnRequest == true)
    }

    // MARK: - Transport

    private func transport(_ root: HTTPResponse) -> [ClusterFinding] {
        guard client.http.current.hasPrefix("https:") else {
            guard client.configuration.credential.isSecret else { return [] }
            return [ClusterFinding("tls", .warning, "the login goes over the network in the clear; use https://")]
        }
        if client.configuration.insecureSkipTLSVerify {
            return [
                ClusterFinding("tls", .warning, "the certificate is not verified; give caBundle instead of insecureSkipTLSVerify")
            ]
        }
        guard let end = root.certificate?.notAfter else { return [ClusterFinding("tls", .fine, "the certificate is trusted")] }
        let left = end.millisecondsSinceEpoch - now().millisecondsSinceEpoch
        guard left < Self.certificateNotice else {
            return [ClusterFinding("tls", .fine, "the certificate is trusted, until \(end)")]
        }
        return [ClusterFinding("tls", .warning, "the certificate ends in \(left / 86_400_000) days, at \(end); renew it")]
    }

    /// Seconds that a `Date` header is ahead of this machine: where the nodes may not be asked. Elasticsearch sends none.
    private func skew(of response: HTTPResponse) -> Double? {
        response.headers["Date"].flatMap(HTTPDate.timestamp).map {
            Double($0.millisecondsSinceEpoch - now().millisecondsSinceEpoch) / 1000
        }
    }

    private func clock(_ skew: Double?) -> [ClusterFinding] {
        guard let skew else { return [] }
        guard abs(skew) > Self.clockTolerance else { return [ClusterFinding("clock", .fine, "as this worker's")] }
        return [
            ClusterFinding(
                "clock", .problem,
                "the cluster's clock is \(Int(abs(skew).rounded())) s \(skew > 0 ? "ahead of" : "behind") this worker's; "
                    + "synchronise both (NTP)")
        ]
    }

    private func version(_ capabilities: ClusterCapabilities) -> ClusterFinding {
        let identity = capabilities.identity
        let product = "\(identity.distribution == .elasticsearch ? "Elasticsearch" : "OpenSearch") \(identity.version)"
        let text = product + (capabilities.reader == .scroll ? ", read by scrolls" : ", read by points in time")
        let numbers = identity.version.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        guard numbers.count == 2 else {
            return ClusterFinding(
                "version", .warning, "\(text): the version cannot be read; set spec.parameters.sheaf.version")
        }
        let isTried: Bool =
            switch identity.distribution {
            case .elasticsearch: (numbers[0] == 7 && numbers[1] >= 10) || (8...9).contains(numbers[0])
            case .opensearch: (1...3).contains(numbers[0])
            }
        return isTried
            ? ClusterFinding("version", .fine, text)
            : ClusterFinding(
                "version", .warning, "\(text) is outside of what Sheaf is made for: Elasticsearch 7.10 to 9, OpenSearch 1 to 3")
    }

    // MARK: - Requests

    /// nil when the server does not tell, for whatever reason.
    func read(_ path: String) -> JSONValue? {
        guard let response = try? client.http.send(client.request("GET", path, body: .none, contentType: "")), response.isSuccess
        else { return nil }
        return try? JSONValue(parsing: response.body)
    }

    /// As a trial: what the server says against it.
    func refusal(_ method: String, _ path: String, _ body: JSONValue? = nil, attempting what: String) -> ElasticsearchError? {
        do throws(ElasticsearchError) {
            let bytes = body.map { HTTPRequest.Body.bytes($0.serializedBytes()) } ?? .none
            _ = try client.send(method, path, body: bytes, attempting: what)
            return nil
        } catch {
            return error
        }
    }
}

extension ClusterConfiguration.Credential {
    fileprivate var isSecret: Bool {
        switch self {
        case .basic, .apiKey, .bearer: true
        case .none, .signature: false
        }
    }

    fileprivate var isSignature: Bool {
        if case .signature = self { true } else { false }
    }
}
