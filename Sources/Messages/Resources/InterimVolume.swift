package import Runtime

/// What `interimVolumeTemplate` asks for: the room that a session's segments may take where they wait for the store.
package struct InterimVolume: Hashable, Sendable {
    /// In bytes.
    package let storage: Int

    /// - Parameter template: as the manifest has it; its other fields are for Kubernetes.
    /// - Returns: nil where nothing, or no quantity, is asked for at `spec.resources.requests.storage`.
    package init?(_ template: JSONValue?) {
        let value = template?["spec"]?["resources"]?["requests"]?["storage"]
        let text: String? = if case .number(let number) = value { number } else { value?.string }
        guard let quantity = text.flatMap({ StorageQuantity($0) }) else { return nil }
        storage = quantity.bytes
    }
}

extension SessionCommand {
    /// What the session's resource asks for, and how to name it in a message.
    package var interimVolume: (volume: InterimVolume, name: String)? {
        let (template, owner) =
            switch kind {
            case .backup: (configuration?.spec.interimVolumeTemplate, invoker)
            case .restore: (restore?.spec.interimVolumeTemplate, invoker)
            }
        return InterimVolume(template).map {
            ($0, "interimVolumeTemplate of \(owner.kind) \(namespace)/\(owner.name)")
        }
    }
}
