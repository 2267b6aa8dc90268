package import Runtime

/// `spec.parameters.sheaf` of an AppBinding: what Stash has no field for.
package struct ClusterParameters: Sendable, Equatable {
    package struct Signing: Sendable, Equatable {
        package enum Service: String, CaseIterable, Sendable {
            /// A domain of Amazon OpenSearch Service.
            case es
            /// A collection of Amazon OpenSearch Serverless.
            case aoss
        }

        package var service: Service
        package var region: String

        package init(service: Service, region: String) {
            self.service = service
            self.region = region
        }
    }

    package enum Distribution: String, CaseIterable, Sendable {
        case elasticsearch, opensearch
    }

    package enum Reader: String, CaseIterable, Sendable {
        case pointInTime, scroll
    }

    /// Further addresses of the cluster, besides that of `clientConfig`.
    package var endpoints: [String] = []
    /// How requests are signed; nil: they are not.
    package var signing: Signing?
    /// What is said of the cluster instead of asked of it.
    package var distribution: Distribution?
    package var version: String?
    package var reader: Reader?

    package init() {}

    /// From the raw field, whose mistakes were complained about when the manifest was loaded.
    package init(_ value: JSONValue?) {
        endpoints = (value?["endpoints"]?.array ?? []).compactMap(\.string)
        if let service = value?[path: ["signing", "service"]]?.string.flatMap(Signing.Service.init(rawValue:)),
            let region = value?[path: ["signing", "region"]]?.string
        {
            signing = Signing(service: service, region: region)
        }
        distribution = value?["distribution"]?.string.flatMap(Distribution.init(rawValue:))
        version = value?["version"]?.string
        reader = value?["reader"]?.string.flatMap(Reader.init(rawValue:))
    }
}

extension AppBinding {
    package var clusterParameters: ClusterParameters { ClusterParameters(spec.parameters?["sheaf"]) }
}
