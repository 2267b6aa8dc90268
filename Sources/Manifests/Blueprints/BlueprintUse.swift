import Messages

/// Uses the blueprints of a set for the AppBindings that ask for them.
struct BlueprintUse {
    private let set: ResourceSet
    private let log = ComplaintLog()

    init(of set: ResourceSet) { self.set = set }

    /// What is made, and what is to be said about it. A resource that somebody wrote by the same name stays as it is.
    func expand() -> (resources: [AnyDeclared], complaints: [FieldComplaint]) {
        var resources: [AnyDeclared] = []
        // Namespaces that blueprints name can bring two AppBindings' resources to one name.
        var makers: [ResourceKey: SourcePlace] = [:]
        for binding in set.appBindings {
            guard case .mapping(let annotations)? = binding.source["metadata"]?["annotations"]?.content,
                let asked = annotations.first(where: { $0.key == BlueprintAnnotation.blueprint }), let name = asked.value.text
            else { continue }
            let key = ResourceKey(kind: .backupBlueprint, namespace: "", name: name)
            guard let blueprint = set.backupBlueprint(key)?.value else {
                warn(asked, "there is no \(key)")
                continue
            }
            let target = BlueprintTarget(binding.value, annotations: annotations, place: asked.value.place)
            let documents = BlueprintExpansion(blueprint: blueprint, target: target, log: log).documents()
            let made = documents.compactMap { document -> AnyDeclared? in
                guard case .resource(let made) = ResourceDecoder(log: log).decode(document) else { return nil }
                return made.made(of: key)
            }
            // Both or neither: a plan of one must not write into the Repository of another.
            if let taken = made.first(where: { makers[$0.key] != nil }), let other = makers[taken.key] {
                warn(
                    asked,
                    "\(taken.key) is made for the AppBinding at \(other) already, so nothing is made for this one; name it otherwise"
                )
                continue
            }
            for made in made {
                if let place = place(of: made.key) {
                    warn(asked, "\(made.key) is declared at \(place), so none is made of \(key)")
                } else {
                    makers[made.key] = binding.place
                    resources.append(made)
                }
            }
        }
        return (resources, log.complaints)
    }

    private func place(of key: ResourceKey) -> SourcePlace? {
        key.kind == .repository ? set.repository(key)?.place : set.backupConfiguration(key)?.place
    }

    private func warn(_ annotation: YAMLNode.Entry, _ message: String) {
        let path = "metadata.annotations[\"\(annotation.key)\"]"
        log.add(FieldComplaint(.warning, at: annotation.value.place, path: path, message))
    }
}
