import Foundation
import Runtime

/// One way to reach a cluster: an AppBinding with its Secrets, and a plan of the same name.
struct ClusterLogin: Sendable {
    let name: String
    var url: String
    /// PEM of the authority; nil: the system's.
    var authority: String?
    var serverName: String?
    var secret: [String: String] = [:]
    /// Of the AppBinding, in the manifest's words.
    var transforms: JSONValue?
    /// Files of a client's certificate and key.
    var client: (certificate: String, key: String)?
    /// `spec.parameters.sheaf`.
    var parameters: JSONValue?

    init(_ name: String, _ url: String) {
        self.name = name
        self.url = url
    }
}

extension Site {
    /// Declares the cluster to everybody, its Secrets to the workers alone, and a plan for the indices.
    func declare(_ login: ClusterLogin, indices: String, parameters: [String: String] = [:]) throws {
        var configuration: JSONValue = ["url": .string(login.url)]
        if let authority = login.authority {
            configuration["caBundle"] = .string(Data(authority.utf8).base64EncodedString())
        }
        if let name = login.serverName { configuration["serverName"] = .string(name) }
        var binding: JSONValue = ["type": "elasticsearch", "clientConfig": configuration]
        func secret(_ name: String, _ values: [String: String]) throws -> JSONValue {
            let values = JSONValue.object(values.map { JSONValue.Member(name: $0.key, value: .string($0.value)) })
            try write(manifest("v1", "Secret", name, "stringData", values), name, to: [workerResources])
            return ["name": .string(name)]
        }
        if !login.secret.isEmpty { binding["secret"] = try secret("\(login.name)-login", login.secret) }
        if let client = login.client {
            let files = try [("tls.crt", client.certificate), ("tls.key", client.key)].map {
                ($0.0, try String(contentsOfFile: $0.1, encoding: .utf8))
            }
            binding["tlsSecret"] = try secret("\(login.name)-tls", Dictionary(uniqueKeysWithValues: files))
        }
        if let transforms = login.transforms { binding["secretTransforms"] = transforms }
        if let parameters = login.parameters { binding["parameters"] = ["sheaf": parameters] }
        let everywhere = [schedulerResources, workerResources]
        try write(
            manifest("appcatalog.appscode.com/v1alpha1", "AppBinding", login.name, "spec", binding), login.name, to: everywhere)
        try declarePlan(login.name, indices: indices, cluster: login.name, parameters: parameters)
    }
}
