/// The URLs of a bucket and of the objects in it, and the region that requests to it are signed for.
struct S3Address: Equatable, Sendable {
    /// Scheme and host, and with path addressing the bucket; without a slash at its end.
    let base: String
    let region: String
    /// Of every key: empty, or ending in a slash.
    let prefix: String

    /// - Throws: `.invalid` for a bucket, prefix or endpoint that cannot be.
    init(_ configuration: S3Configuration) throws(ArchiveError) {
        let bucket = configuration.bucket
        guard (3...255).contains(bucket.utf8.count), bucket.utf8.allSatisfy(PercentEncoding.isUnreserved), !bucket.hasPrefix(".")
        else {
            throw ArchiveError(.invalid, "\"\(bucket)\" cannot be the name of a bucket: correct the Repository's bucket")
        }
        prefix = try StorePrefix.checked(configuration.prefix)
        let endpoint = configuration.endpoint.flatMap { $0.isEmpty ? nil : $0 }
        let (scheme, host) = try S3Address.parts(of: endpoint)
        region = configuration.region.flatMap { $0.isEmpty ? nil : $0 } ?? S3Address.region(of: host) ?? "us-east-1"
        let origin = host.isEmpty ? "s3.\(region).amazonaws.com\(region.hasPrefix("cn-") ? ".cn" : "")" : host
        let usual: S3Configuration.Addressing = endpoint != nil || bucket.contains(".") ? .path : .virtualHost
        switch configuration.addressing ?? usual {
        case .path: base = "\(scheme)://\(origin)/\(bucket)"
        case .virtualHost: base = "\(scheme)://\(bucket).\(origin)"
        }
    }

    /// For messages.
    var location: String { prefix.isEmpty ? base : "\(base)/\(prefix.dropLast())" }

    /// The object's URL.
    func url(of key: ObjectKey) -> String {
        "\(base)/\(PercentEncoding.encoded(path: prefix))\(key.text)"
    }

    /// The bucket's URL.
    /// - Parameter query: names and values as they are meant.
    func url(_ query: [(String, String)]) -> String {
        "\(base)/?\(PercentEncoding.encoded(query: query))"
    }

    /// - Returns: no host without an endpoint.
    private static func parts(of endpoint: String?) throws(ArchiveError) -> (scheme: String, host: String) {
        guard var rest = endpoint.map({ Substring($0) }) else { return ("https", "") }
        var scheme = "https"
        if let mark = rest.firstRange(of: "://") {
            scheme = rest[..<mark.lowerBound].lowercased()
            rest = rest[mark.upperBound...]
        }
        while rest.last == "/" { rest = rest.dropLast() }
        guard scheme == "https" || scheme == "http", !rest.isEmpty, !rest.contains(where: { "/?#@ ".contains($0) }) else {
            throw ArchiveError(
                .invalid,
                "the Repository's endpoint must be host, host:port, or http(s)://host:port; bucket and prefix have fields of their own"
            )
        }
        return (scheme, String(rest))
    }

    /// That of `s3.eu-west-1.amazonaws.com` and its kin; nil for every other host.
    private static func region(of host: String) -> String? {
        let labels = host.split(separator: ".").map(String.init)
        guard let end = labels.firstIndex(of: "amazonaws"), end > 0 else { return nil }
        let label = labels[end - 1].hasPrefix("s3-") ? String(labels[end - 1].dropFirst(3)) : labels[end - 1]
        return label.split(separator: "-").count >= 3 ? label : nil
    }
}
