/// Which bucket, and how it is reached.
package struct S3Configuration: Sendable {
    package enum Addressing: String, Sendable {
        /// `https://endpoint/bucket/key`.
        case path
        /// `https://bucket.endpoint/key`.
        case virtualHost = "virtual-host"
    }

    /// Host, host and port, or URL; nil: AWS's own of the region. Without a scheme it is https.
    package var endpoint: String?
    package var bucket: String
    /// Keys stand below it, joined by `/`; slashes at its ends do not count.
    package var prefix: String
    /// nil: that of an AWS endpoint, else `us-east-1`.
    package var region: String?
    /// nil: path with an endpoint and for buckets with a dot (no certificate covers those as a host), else virtual-host.
    package var addressing: Addressing?
    /// Whether large objects are stored in parts. Without, every object is one request, and can have 5 GiB: for a store that keeps the
    /// condition on a put but not on the completion of a multipart upload.
    package var usesParts: Bool
    package var caBundle: [UInt8]?
    package var insecureTLS: Bool
    /// Requests at one time; values below 1 count as 1.
    package var maxConnections: Int
    /// What to check when the store refuses the credentials.
    package var credentials: String

    package init(
        endpoint: String? = nil, bucket: String, prefix: String = "", region: String? = nil, addressing: Addressing? = nil,
        usesParts: Bool = true, caBundle: [UInt8]? = nil, insecureTLS: Bool = false, maxConnections: Int = 8,
        credentials: String = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the Repository's Secret"
    ) {
        self.endpoint = endpoint
        self.bucket = bucket
        self.prefix = prefix
        self.region = region
        self.addressing = addressing
        self.usesParts = usesParts
        self.caBundle = caBundle
        self.insecureTLS = insecureTLS
        self.maxConnections = maxConnections
        self.credentials = credentials
    }
}
