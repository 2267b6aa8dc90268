/// A namespace of Kubernetes, for its labels: a Repository's usagePolicy may select by them.
package struct Namespace: Resource {
    package static let kind = ResourceKind.namespace
    package var metadata: ObjectMeta

    package init(metadata: ObjectMeta) { self.metadata = metadata }

    /// Also the one that Kubernetes gives to each.
    package static func labels(of name: String, declared namespace: Namespace?) -> [String: String] {
        (namespace?.metadata.labels ?? [:]).merging(["kubernetes.io/metadata.name": name]) { own, _ in own }
    }
}
