package import Runtime

/// A Repository's store: exactly one provider, and the Secret that opens it.
package struct Backend: Sendable, Equatable {
    package var provider: Provider
    package var storageSecretName: String?

    package init(_ provider: Provider, storageSecretName: String? = nil) {
        self.provider = provider
        self.storageSecretName = storageSecretName
    }

    package enum Provider: Sendable, Equatable {
        case local(Local)
        case s3(S3)
        case gcs(GCS)
        case azure(Azure)
        case swift(Swift)
        case b2(B2)
        case rest(REST)
    }

    /// The providers in the order in which Stash looks for one.
    package enum ProviderName: String, CodingKey, Sendable, CaseIterable {
        case local, s3, gcs, azure, swift, b2, rest
    }

    package struct Local: Codable, Sendable, Equatable {
        /// The folder that holds the repository, as workers see it.
        package var mountPath: String
        package var subPath: String?
        /// How Kubernetes would mount it; kept, not used.
        package var hostPath: JSONValue?
        package var persistentVolumeClaim: JSONValue?
        package var nfs: JSONValue?
        package var emptyDir: JSONValue?

        package init(mountPath: String, subPath: String? = nil) {
            self.mountPath = mountPath
            self.subPath = subPath
        }
    }

    package struct S3: Codable, Sendable, Hashable {
        /// Nil means AWS itself, at the region's address.
        package var endpoint: String?
        package var bucket: String
        package var prefix: String?
        package var region: String?
        @OmittedWhenEmpty package var insecureTLS: Bool

        package init(bucket: String, endpoint: String? = nil, prefix: String? = nil, region: String? = nil) {
            self.endpoint = endpoint
            self.bucket = bucket
            self.prefix = prefix
            self.region = region
            self.insecureTLS = false
        }
    }

    package struct GCS: Codable, Sendable, Hashable {
        package var bucket: String
        package var prefix: String?
        package var maxConnections: Int?

        package init(bucket: String, prefix: String? = nil) {
            self.bucket = bucket
            self.prefix = prefix
        }
    }

    package struct Azure: Codable, Sendable, Hashable {
        package var container: String
        package var prefix: String?
        package var maxConnections: Int?

        package init(container: String, prefix: String? = nil) {
            self.container = container
            self.prefix = prefix
        }
    }

    package struct Swift: Codable, Sendable, Hashable {
        package var container: String
        package var prefix: String?

        package init(container: String) { self.container = container }
    }

    package struct B2: Codable, Sendable, Hashable {
        package var bucket: String
        package var prefix: String?
        package var maxConnections: Int?

        package init(bucket: String) { self.bucket = bucket }
    }

    package struct REST: Codable, Sendable, Hashable {
        package var url: String

        package init(url: String) { self.url = url }
    }

    package var providerName: ProviderName {
        switch provider {
        case .local: .local
        case .s3: .s3
        case .gcs: .gcs
        case .azure: .azure
        case .swift: .swift
        case .b2: .b2
        case .rest: .rest
        }
    }
}

extension Backend: Codable {
    private enum OtherKey: String, CodingKey {
        case storageSecretName
    }

    /// Takes the first provider in Stash's order, and refuses none or several.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: ProviderName.self)
        let names = ProviderName.allCases.filter(container.contains)
        guard let name = names.first, names.count == 1 else {
            let all = ProviderName.allCases.map(\.rawValue).joined(separator: ", ")
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: container.codingPath,
                    debugDescription: "expected exactly one of \(all), found \(names.map(\.rawValue))"))
        }
        switch name {
        case .local: provider = .local(try container.decode(Local.self, forKey: name))
        case .s3: provider = .s3(try container.decode(S3.self, forKey: name))
        case .gcs: provider = .gcs(try container.decode(GCS.self, forKey: name))
        case .azure: provider = .azure(try container.decode(Azure.self, forKey: name))
        case .swift: provider = .swift(try container.decode(Swift.self, forKey: name))
        case .b2: provider = .b2(try container.decode(B2.self, forKey: name))
        case .rest: provider = .rest(try container.decode(REST.self, forKey: name))
        }
        storageSecretName = try decoder.container(keyedBy: OtherKey.self)
            .decodeIfPresent(String.self, forKey: .storageSecretName)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: ProviderName.self)
        switch provider {
        case .local(let value): try container.encode(value, forKey: .local)
        case .s3(let value): try container.encode(value, forKey: .s3)
        case .gcs(let value): try container.encode(value, forKey: .gcs)
        case .azure(let value): try container.encode(value, forKey: .azure)
        case .swift(let value): try container.encode(value, forKey: .swift)
        case .b2(let value): try container.encode(value, forKey: .b2)
        case .rest(let value): try container.encode(value, forKey: .rest)
        }
        var other = encoder.container(keyedBy: OtherKey.self)
        try other.encodeIfPresent(storageSecretName, forKey: .storageSecretName)
    }
}
