import HTTP
import Runtime

/// The part of an error response that says why, from the several shapes that servers and proxies use.
struct ServerReason {
    let type: String
    let reason: String
    /// Types of the error and of all its causes.
    let types: [String]
    /// The answer breaks off: what it says cannot be relied on.
    let isTorn: Bool

    init(body: [UInt8]) {
        let document = try? JSONValue(parsing: body)
        if document == nil, body.first == UInt8(ascii: "{") {
            self.init(
                type: "", reason: "an answer that breaks off: \(String(decoding: body.prefix(200), as: UTF8.self))", isTorn: true)
            return
        }
        if let error = document?["error"] {
            self.init(error: error)
        } else if let message = (document?["message"] ?? document?["Message"])?.string {
            // An Amazon gateway's.
            self.init(type: "", reason: message)
        } else {
            // Not an engine's answer: a proxy's page, of which the beginning is the best there is to show.
            self.init(type: "", reason: String(decoding: body.prefix(200), as: UTF8.self))
        }
    }

    /// The `error` member of a response or of one bulk item.
    init(error: JSONValue) {
        if let text = error.string {
            self.init(type: "", reason: text)
            return
        }
        var causes: [JSONValue] = [error]
        causes += error["root_cause"]?.array ?? []
        causes += (error["failed_shards"]?.array ?? []).compactMap { $0["reason"] }
        var inner = error["caused_by"]
        while let cause = inner {
            causes.append(cause)
            inner = cause["caused_by"]
        }
        var texts: [String] = []
        for text in causes.compactMap({ $0["reason"]?.string }) where !texts.contains(text) { texts.append(text) }
        self.init(
            type: error["type"]?.string ?? "", reason: texts.prefix(3).joined(separator: "; "),
            types: causes.compactMap { $0["type"]?.string })
    }

    private init(type: String, reason: String, types: [String] = [], isTorn: Bool = false) {
        self.isTorn = isTorn
        self.type = type
        self.reason = reason
        self.types = types
    }

    /// Type and text, at most a few hundred characters.
    var text: String {
        let joined = type.isEmpty ? reason : reason.isEmpty ? type : "\(type): \(reason)"
        return joined.count <= 600 ? joined : joined.prefix(600) + "…"
    }

    /// What to do, where the sentence or the login tells more than the code does.
    func advice(_ code: ElasticsearchError.Code, as credential: ClusterConfiguration.Credential) -> String? {
        if types.contains("cluster_block_exception") {
            return "the index is blocked: free disk space, or remove the block from its settings"
        }
        switch code {
        case .unauthorized: return credential.advice
        case .forbidden:
            if let denial = Denial(reason) { return denial.advice }
            guard case .signature = credential, type.isEmpty else { return nil }
            return "\(credential.advice), and that the domain's or collection's access policy names their identity"
        default: return nil
        }
    }

    func code(status: Int) -> ElasticsearchError.Code {
        if isTorn { return .malformedResponse }
        if types.contains("search_context_missing_exception") { return .pointInTimeGone }
        // 400, and over in a while: an index that is being snapshotted cannot be deleted until it is.
        if types.contains("snapshot_in_progress_exception") { return .unavailable }
        if types.contains("circuit_breaking_exception") { return .circuitBroken }
        switch status {
        case 401: return .unauthorized
        case 403: return .forbidden
        case 404: return types.contains("index_not_found_exception") ? .indexNotFound : .notFound
        case 408, 429: return .tooManyRequests
        case 409: return .conflict
        case 413: return .limitExceeded
        case 500...: return .unavailable
        default: return .badRequest
        }
    }
}

extension ClusterConfiguration.Credential {
    /// What to look at when the server does not accept it.
    fileprivate var advice: String {
        switch self {
        case .none: "the cluster asks for a login: name a Secret under spec.secret of the AppBinding"
        case .basic(let user, _): "check username (\(user)) and password in the Secret of the AppBinding"
        case .apiKey: "check apiKey in the Secret of the AppBinding, and that the key has not expired or been invalidated"
        case .bearer: "check token in the Secret of the AppBinding; tokens expire"
        case .signature(let signer):
            "check accessKeyID (\(signer.accessKeyID)), secretAccessKey and sessionToken in the Secret, signing.service "
                + "(\(signer.service)) and signing.region (\(signer.region)) of the AppBinding, and the clock of this machine"
        }
    }
}
