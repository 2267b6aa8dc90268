import Foundation
import Runtime

/// The manifests of an installation, as JSON, which is YAML too.
extension Site {
    var cluster: String { "\(prefix)-cluster" }
    var repositoryName: String { "\(prefix)-repository" }
    /// The Secret with the repository's password.
    var repositorySecret: String { "\(prefix)-storage" }

    /// Declares the cluster and the repository to the Scheduler and to the workers, and the cluster's password to the workers alone.
    ///
    /// - Parameters:
    ///   - url: another address than the server's.
    ///   - password: another password than the server's.
    ///   - repositoryPath: another folder than the site's own.
    ///   - isEncrypted: false where a test reads what is stored.
    func declare(
        _ server: TestServer, url: String? = nil, password: String? = nil, repositoryPath: String? = nil, isEncrypted: Bool = true
    ) throws {
        var configuration: JSONValue = ["url": .string(try url ?? server.url())]
        if let authority = try server.certificateAuthority() {
            configuration["caBundle"] = .string(Data(authority.utf8).base64EncodedString())
        }
        var binding: JSONValue = ["type": "elasticsearch", "clientConfig": configuration]
        if let credentials = server.credentials {
            binding["secret"] = ["name": .string("\(prefix)-login")]
            let login: JSONValue = ["username": .string(credentials.user), "password": .string(password ?? credentials.password)]
            try write(manifest("v1", "Secret", "\(prefix)-login", "stringData", login), "login", to: [workerResources])
        }
        let everywhere = [schedulerResources, workerResources]
        try write(manifest("appcatalog.appscode.com/v1alpha1", "AppBinding", cluster, "spec", binding), "cluster", to: everywhere)
        try declareRepository(at: repositoryPath ?? repository, isEncrypted: isEncrypted, to: everywhere)
    }

    /// Declares the repository in a folder, and its password to the workers alone.
    func declareRepository(at path: String, isEncrypted: Bool, to folders: [String]) throws {
        try declareRepository(
            backend: ["local": ["mountPath": .string(path)]], credentials: [:],
            annotations: isEncrypted ? [:] : ["sheaf.dev/encryption": "none"], to: folders)
    }

    /// - Parameter credentials: what the Secret has besides the password.
    func declareRepository(backend: JSONValue, credentials: JSONValue, annotations: JSONValue, to folders: [String]) throws {
        var backend = backend
        backend["storageSecretName"] = .string(repositorySecret)
        var repository = manifest("stash.appscode.com/v1alpha1", "Repository", repositoryName, "spec", ["backend": backend])
        repository["metadata"]?["annotations"] = annotations
        try write(repository, "repository", to: folders)
        var secret = credentials
        secret["RESTIC_PASSWORD"] = .string("password of \(prefix)")
        try write(manifest("v1", "Secret", repositorySecret, "stringData", secret), "storage", to: [workerResources])
    }

    /// Declares a plan to the Scheduler.
    ///
    /// - Parameters:
    ///   - indices: the `indices` parameter of its task.
    ///   - repository: another Repository than the site's own.
    ///   - cluster: another AppBinding than the site's own.
    ///   - timeOut: Stash's, such as "10s".
    ///   - schedule: five fields; nil: only when asked.
    ///   - parameters: more of its task.
    ///   - retention: its retentionPolicy.
    ///   - retry: its retryConfig.
    func declarePlan(
        _ name: String, indices: String, repository: String? = nil, cluster: String? = nil, timeOut: String? = nil,
        schedule: String? = nil, parameters: [String: String] = [:], retention: JSONValue? = nil, retry: JSONValue? = nil
    ) throws {
        var spec = session(
            task: "elasticsearch-backup-8.2.0", indices: indices, repository: repository, cluster: cluster, parameters: parameters
        )
        if let timeOut { spec["timeOut"] = .string(timeOut) }
        if let retention { spec["retentionPolicy"] = retention }
        if let schedule { spec["schedule"] = .string(schedule) }
        if let retry { spec["retryConfig"] = retry }
        try write(
            manifest("stash.appscode.com/v1beta1", "BackupConfiguration", name, "spec", spec), "plan-\(name)",
            to: [schedulerResources])
    }

    /// Writes a RestoreSession.
    ///
    /// - Parameter parameters: of its task, besides `indices`.
    /// - Returns: the path of its file.
    func restoreFile(
        _ name: String, indices: String? = nil, snapshot: String = "latest", cluster: String? = nil,
        parameters: [String: String] = [:]
    ) throws -> String {
        try writeRestore(name, indices: indices, snapshot: snapshot, cluster: cluster, parameters: parameters, to: folder)
    }

    /// Declares a RestoreSession of the latest snapshot to the Scheduler.
    func declareRestore(_ name: String) throws {
        _ = try writeRestore(name, indices: nil, snapshot: "latest", cluster: nil, to: schedulerResources)
    }

    /// The plan with its cluster and its repository in one file, for whoever needs no Scheduler.
    ///
    /// - Returns: the path of the file.
    func planFile(_ name: String) throws -> String {
        let parts = ["cluster", "repository", "plan-\(name)"].map { "\(schedulerResources)/\($0).json" }
        let text = try parts.map { try String(contentsOfFile: $0, encoding: .utf8) }.joined(separator: "\n---\n")
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/whole-\(name).yaml"))
        return "\(folder)/whole-\(name).yaml"
    }

    private func writeRestore(
        _ name: String, indices: String?, snapshot: String, cluster: String?, parameters: [String: String] = [:],
        to folder: String
    ) throws -> String {
        var spec = session(
            task: "elasticsearch-restore-8.2.0", indices: indices, repository: nil, cluster: cluster, parameters: parameters)
        spec["rules"] = [["snapshots": [.string(snapshot)]]]
        try write(manifest("stash.appscode.com/v1beta1", "RestoreSession", name, "spec", spec), "restore-\(name)", to: [folder])
        return "\(folder)/restore-\(name).json"
    }

    private func session(
        task: String, indices: String?, repository: String?, cluster: String?, parameters: [String: String] = [:]
    ) -> JSONValue {
        let reference: JSONValue = [
            "apiVersion": "appcatalog.appscode.com/v1alpha1", "kind": "AppBinding",
            "name": .string(cluster ?? self.cluster),
        ]
        var spec: JSONValue = ["target": ["ref": reference], "repository": ["name": .string(repository ?? repositoryName)]]
        var task: JSONValue = ["name": .string(task)]
        var all = parameters
        if let indices { all["indices"] = indices }
        if !all.isEmpty {
            task["params"] = .array(
                all.sorted { $0.key < $1.key }.map { ["name": .string($0.key), "value": .string($0.value)] })
        }
        spec["task"] = task
        return spec
    }

    func manifest(_ version: String, _ kind: String, _ name: String, _ part: String, _ value: JSONValue) -> JSONValue {
        var manifest: JSONValue = ["apiVersion": .string(version), "kind": .string(kind), "metadata": ["name": .string(name)]]
        manifest[part] = value
        return manifest
    }

    func write(_ manifest: JSONValue, _ name: String, to folders: [String]) throws {
        for folder in folders {
            try Data(manifest.serializedBytes(pretty: true)).write(to: URL(filePath: "\(folder)/\(name).json"))
        }
    }
}
